//! The summary of recorded runs.

use report::{Run, files, summary};
use run_record::{ListenerSummary, ProbeSummary, Simulated};

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
