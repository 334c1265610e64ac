//! The summary of recorded runs.

use report::{Detail, Run, files, summary, terminal};
use run_record::{ListenerSummary, LoadUse, ProbeSummary, Simulated};
use run_view::Screen;

use crate::runs::load_run;

#[test]
fn a_sweep_over_three_axes_with_repetitions() {
    let (record, trials) = load_run("sweep");
    insta::assert_snapshot!(summary(&Run::new(record, trials)));
}

#[test]
fn a_run_whose_server_died() {
    let (record, trials) = load_run("server-death");
    let text = summary(&Run::new(record, trials));
    assert!(text.contains("the server died of SIGPIPE: 2 times, in 2 of 2 trials"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn the_order_in_which_trials_ended_does_not_matter() {
    let (record, mut trials) = load_run("sweep");
    let one = summary(&Run::new(record.clone(), trials.clone()));
    trials.reverse();
    assert_eq!(summary(&Run::new(record, trials)), one);
}

#[test]
fn an_unfinished_run_lists_missing_trials_and_has_empty_cells() {
    let (record, mut trials) = load_run("sweep");
    trials.retain(|trial| trial.cell != 0);
    let text = summary(&Run::new(record, trials));
    assert!(text.contains("Not finished: 14 of 16 trials"), "{text}");
    assert!(text.contains('·'), "a cell without trials is not a zero: {text}");
}

#[test]
fn violations_are_listed_with_their_trial() {
    let (record, mut trials) = load_run("sweep");
    trials[3].invariants[0].held = Some(false);
    trials[3].invariants[0].detail = "19 outcomes of 20 attempts".to_owned();
    trials[5].laws[0].held = Some(false);
    let (broken, unlawful) = (trials[3].id, trials[5].id);
    let text = summary(&Run::new(record, trials));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("FAILED: 2 of 192 checks"), "{text}");
    assert!(text.contains(&format!("trial {broken} (")), "{text}");
    assert!(text.contains("invariant `outcomes add up`: 19 outcomes of 20 attempts"), "{text}");
    assert!(text.contains(&format!("trial {unlawful} (")), "{text}");
}

#[test]
fn a_run_without_trials_is_no_success() {
    let (record, _) = load_run("sweep");
    let text = summary(&Run::new(record, Vec::new()));
    assert!(text.contains("Not finished: 0 of 16 trials"), "{text}");
    assert!(!text.contains("Held"), "{text}");
}

#[test]
fn a_simulation_that_deviates_from_the_measurement_fails_the_run() {
    let (record, mut trials) = load_run("sweep");
    for (position, trial) in trials.iter_mut().enumerate() {
        let accepted = trial.accepted.expect("its server lived");
        let missed = if position % 4 == 0 { trial.attempts } else { 0 };
        trial.simulated = Some(Simulated { accepted: accepted + missed, ..Simulated::default() });
        trial.point.shift_remove("server.design");
    }
    let text = summary(&Run::new(record, trials));
    let line =
        "Simulated from the times of accept(2): within 5 points of success in 12 of 16 trials";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("FAILED: 1 of "), "{text}");
    let law = "law `simulated within 5 points of success in nine of ten trials`: 12 of 16 trials";
    assert!(text.contains(law), "{text}");
}

#[test]
fn a_generator_that_was_busier_than_the_server_is_reported_with_rates() {
    let names_the_generator = |messages: u64| {
        let (record, mut trials) = load_run("sweep");
        for trial in &mut trials {
            trial.rates.messages_written = messages;
            trial.load.user_seconds += 1_000.0;
        }
        summary(&Run::new(record, trials)).contains("the load generator used more CPU time")
    };
    assert!(names_the_generator(50));
    assert!(!names_the_generator(49), "a message or two per client are not a rate");
}

/// The files of a run in which `change` has set how busy the load was, each as words.
fn with_load_use(change: impl Fn(usize, &mut LoadUse)) -> Vec<String> {
    let (record, mut trials) = load_run("sweep");
    for (position, trial) in trials.iter_mut().enumerate() {
        // Far more than the server, as with several threads.
        trial.load.user_seconds += 1_000.0;
        let mut of = LoadUse { threads: 1, window_seconds: 2.0, ..LoadUse::default() };
        change(position, &mut of);
        trial.load_use = Some(of.judged(1_000));
    }
    let run = Run::new(record, trials);
    let no_rows = tempfile::tempdir().unwrap();
    let files = files(&run, no_rows.path()).files;
    let file = |name: &str| {
        let (_, bytes) = files.iter().find(|(found, _)| found == name).unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    };
    let short = terminal(&run, None, Screen::FILE, Detail::Short).body.as_str().to_owned();
    let texts = [summary(&run), short, file("summary.md"), file("report.html")];
    let words = |text: String| {
        let text = text.replace(['\\', '`'], "").replace('\u{a0}', " ");
        let text = text.replace("<code>", "").replace("</code>", "").replace("&#39;", "'");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    texts.map(words).into()
}

#[test]
fn a_busy_thread_of_the_generator_is_reported_in_each_format() {
    for text in with_load_use(|position, of| {
        of.busiest_share = if position < 3 { 0.93 + position as f64 / 100.0 } else { 0.89 };
        of.more_threads = (position < 3).then_some(2);
    }) {
        let line = "In 3 of 16 trials the busiest thread of the load generator used a CPU for 90 % \
                    of the time or more (the most: 95 %, ";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("it may be what limits their rates, not the server"), "{text}");
        assert!(text.contains("load.threads: 2 lets it read"), "{text}");
        assert!(!text.contains("used more CPU time"), "{text}");
    }
}

#[test]
fn more_threads_are_advised_only_if_they_help_in_each_trial() {
    let advises = |more: fn(usize) -> Option<u32>| {
        let texts = with_load_use(|position, of| {
            (of.busiest_share, of.more_threads) = (0.95, more(position));
        });
        assert!(texts.iter().all(|text| text.contains("In 16 of 16 trials")), "{texts:?}");
        texts[0].contains("lets it read")
    };
    assert!(advises(|position| Some(2 + position as u32 % 2)));
    assert!(!advises(|position| (position > 0).then_some(2)));
    assert!(!advises(|_| None), "there are no more CPUs");
}

#[test]
fn a_generator_with_idle_threads_is_no_limit_however_much_they_use() {
    let texts = with_load_use(|_, of| (of.threads, of.busiest_share) = (5, 0.6));
    for text in texts {
        assert!(!text.contains("load generator used"), "{text}");
    }
}

#[test]
fn the_listeners_own_drops_and_changed_limits_are_in_each_format() {
    let with_listeners = |drops: Option<u64>, earlier: &[u32]| {
        let (record, mut trials) = load_run("sweep");
        for trial in &mut trials {
            let listener = |drops| ListenerSummary {
                limit: 9,
                earlier_limits: earlier.to_vec(),
                drops,
                ..ListenerSummary::default()
            };
            let listeners = vec![listener(Some(1_000)), listener(drops)];
            trial.evidence.probe = Some(ProbeSummary { listeners, ..ProbeSummary::default() });
        }
        Run::new(record, trials)
    };
    let run = with_listeners(Some(234), &[5, 7]);
    let all = run.trials.len();
    let no_rows = tempfile::tempdir().unwrap();
    let files = files(&run, no_rows.path()).files;
    let file = |name: &str| {
        let (_, bytes) = files.iter().find(|(found, _)| found == name).unwrap();
        String::from_utf8(bytes.clone()).unwrap().replace('\\', "")
    };
    for text in [summary(&run), file("summary.md"), file("report.html")] {
        assert!(text.contains("dropped themselves (sk_drops)"), "{text}");
        assert!(
            text.contains(&format!("in {all} of {all} trials, at most 1 234 in one")),
            "{text}"
        );
        assert!(text.contains(&format!("5, then 7, then 9: in {all} of {all} trials")), "{text}");
    }
    let unknown = summary(&with_listeners(None, &[]));
    assert!(
        !unknown.contains("sk_drops") && !unknown.contains("Limits of a listener"),
        "{unknown}"
    );
}
