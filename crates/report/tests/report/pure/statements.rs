//! What an answer says of a run that does not support its scenario's words.

use queue_model::accept_queue;
use report::{Run, answer, findings};
use run_record::{
    Disturbance, DisturbanceCause, LawCheck, Outcome, RunRecord, RunVerdict, TrialRecord,
};
use scenario::{Overrides, Source};
use serde_json::json;

use super::catalogue::planned::{at, plan, records_of, run, run_of};

type Records = (RunRecord, Vec<TrialRecord>);

/// A run of `lock-designs` with the original's designs and that many trials of each cell. `rate` is what a repetition of a
/// design delivered.
fn designs(repeat: u32, rate: impl Fn(&str, u32) -> f64) -> Run {
    with(records_of_designs(repeat, rate), |_| ())
}

fn records_of_designs(repeat: u32, rate: impl Fn(&str, u32) -> f64) -> Records {
    let only = ["global-lock", "snapshot"].map(|design| ("design".to_owned(), design.to_owned()));
    let overrides = Overrides { repeat: Some(repeat), only: only.into(), ..Overrides::default() };
    records_of(&plan("lock-designs", &overrides), |trial| {
        let design = at(trial, "design").as_str().unwrap().to_owned();
        trial.rates.delivered = rate(&design, trial.repetition);
    })
}

/// `snapshot` delivers so many times as much, with a little variation.
fn better(times: f64) -> impl Fn(&str, u32) -> f64 {
    move |design, repetition| {
        let rate = if design == "snapshot" { 1_000.0 * times } else { 1_000.0 };
        rate + f64::from(repetition)
    }
}

/// A full run of `accept-queue-capacity` as the law predicts.
fn capacity() -> Run {
    with(records_of_capacity(), |_| ())
}

fn records_of_capacity() -> Records {
    records_of(&plan("accept-queue-capacity", &Overrides::default()), |trial| {
        let smaller = |axis| at(trial, axis).as_f64().unwrap();
        let predicted = smaller("backlog").min(smaller("somaxconn")) + 1.0;
        let law = LawCheck::new(&accept_queue::CAPACITY, predicted, None);
        trial.laws = vec![LawCheck { measured: Some(predicted), held: Some(true), ..law }];
    })
}

/// The run with these trials, and the verdict on them.
fn with((mut record, mut trials): Records, change: impl Fn(&mut Vec<TrialRecord>)) -> Run {
    change(&mut trials);
    record.verdict = None;
    Run::new(record, trials)
}

fn disturb(trial: &mut TrialRecord) {
    let causes = vec![DisturbanceCause::OtherProcesses];
    trial.disturbance = Some(Disturbance { causes, ..Disturbance::default() });
}

#[test]
fn equal_designs_have_no_winner() {
    let text = answer(&designs(5, better(1.0)));
    let of_20 = "It makes no difference that is larger than the variation between trials: with 20 \
                 clients they do not differ (1.00k messages per second); with 100 clients they";
    assert!(text.starts_with(of_20), "{text}");
}

#[test]
fn the_better_design_wins_whichever_it_is() {
    let text = answer(&designs(5, better(2.0)));
    assert!(text.starts_with("No: with 20 clients snapshot delivered 2.0 times"), "{text}");
    let text = answer(&designs(5, better(0.5)));
    assert!(text.starts_with("Yes: with 20 clients global-lock delivered 2.0 times"), "{text}");
}

/// A run of `lock-designs` with all designs. `rate` is what a design delivered with so many
/// clients, beside a little variation.
fn all_designs(rate: impl Fn(&str, u64) -> f64) -> Run {
    run("lock-designs", |trial| {
        let design = at(trial, "design").as_str().unwrap();
        let rate = rate(design, at(trial, "clients").as_u64().unwrap());
        trial.rates.delivered = rate + f64::from(trial.repetition);
    })
}

#[test]
fn designs_that_do_not_differ_are_named_together() {
    let text = answer(&all_designs(|design, _| match design {
        "event-loop" | "writer-queues" => 3_000.0,
        "snapshot" => 2_000.0,
        _ => 1_000.0,
    }));
    assert!(
        text.starts_with(
            "No: with 20 clients writer-queues and event-loop alike delivered 3.0 times as many \
             messages per second as global-lock and sharded alike (3.00k against 1.00k); with 100 \
             clients"
        ),
        "{text}"
    );
}

#[test]
fn a_lead_of_several_winners_is_what_they_have_in_common() {
    let best_is = |few: &'static str, many: &'static str| {
        answer(&all_designs(move |design, clients| {
            let is_best = design == if clients < 200 { few } else { many };
            if is_best { 2_000.0 } else { 1_000.0 }
        }))
    };
    let text = best_is("snapshot", "event-loop");
    assert!(text.starts_with("No: with 20 clients snapshot delivered"), "{text}");
    let text = best_is("global-lock", "event-loop");
    assert!(text.starts_with("That depends on the number of clients: with 20"), "{text}");
    let tied = answer(&all_designs(|design, _| {
        if ["global-lock", "snapshot"].contains(&design) { 2_000.0 } else { 1_000.0 }
    }));
    let both = "That depends on the number of clients: with 20 clients global-lock and snapshot \
                alike delivered";
    assert!(tied.starts_with(both), "{tied}");
}

#[test]
fn a_statement_can_be_about_several_values_of_an_axis() {
    let text = "name: mine\nquestion: How many?\nheadline:\n  metric: succeeded\n  over: \
                server.backlog\n  at: { server.backlog: [first, 3] }\n  say: \"{values} with \
                {over}\"\nmatrix: { server.backlog: [1, 2, 3, 4] }\n";
    let run = run_of(&of_text(text), |trial| {
        let backlog = at(trial, "backlog").as_u64().unwrap();
        trial.outcomes = (0..backlog).map(|_| Outcome::Ok).collect();
    });
    assert_eq!(answer(&run), "1 and 3 with 1 and 3.");
}

#[test]
fn too_few_trials_name_no_winner() {
    let one = answer(&designs(1, better(3.0)));
    assert_eq!(
        one,
        "Messages delivered per second: 1.00k and 3.00k with design global-lock and snapshot, \
         clients 20; 1.00k and 3.00k with design global-lock and snapshot, clients 100; 1.00k and \
         3.00k with design global-lock and snapshot, clients 200 (one trial per cell: variation \
         unknown)."
    );
    let four = answer(&designs(4, better(3.0)));
    assert!(four.contains("(4 trials per cell: too few to tell"), "{four}");
    assert!(!four.contains("times"), "{four}");
}

#[test]
fn an_axis_with_one_value_leaves_nothing_to_compare() {
    let set = vec![("server.design".to_owned(), "snapshot".to_owned())];
    let plan = plan("lock-designs", &Overrides { set, ..Overrides::default() });
    let run = run_of(&plan, |trial| trial.rates.delivered = 1_000.0);
    assert_eq!(
        answer(&run),
        "Messages delivered per second: 1.00k with design snapshot, clients 20; 1.00k with design \
         snapshot, clients 100; 1.00k with design snapshot, clients 200; design has only one value, \
         so there is nothing to compare."
    );
}

#[test]
fn a_failed_law_comes_first_and_is_not_stated() {
    let run = with(records_of_capacity(), |trials| {
        let law = &mut trials[3].laws[0];
        (law.measured, law.held) = (Some(130.0), Some(false));
    });
    assert_eq!(
        answer(&run),
        "FAILED: 1 of 120 checks. “accept queue holds min(backlog, somaxconn) + 1” failed in 1 of 8 \
         trials: measured 130 instead of 129 (net.core.somaxconn 4096, backlog 128)."
    );
}

#[test]
fn an_unfinished_run_says_how_far_it_is_and_what_is_missing() {
    let run = with(records_of_capacity(), |trials| trials.truncate(6));
    assert_eq!(
        answer(&run),
        "Not finished: 6 of 8 trials are recorded, without 6 and 7. All 90 checks passed, among them \
         6 predictions by the kernel's laws. One more than the smaller of backlog and somaxconn, as \
         predicted in all 6 cells: a backlog of 0, 1, 5 and 128 holds 1, 2, 6 and 129 with somaxconn \
         4096; a backlog of 0 and 1 holds 1 and 2 with somaxconn 64 (nothing measured with backlog 5 \
         and 128)."
    );
}

#[test]
fn disturbed_trials_decide_laws_but_no_rates() {
    let all = |trials: &mut Vec<TrialRecord>| trials.iter_mut().for_each(disturb);
    assert_eq!(answer(&with(records_of_capacity(), all)), answer(&capacity()));
    let text = answer(&with(records_of_designs(5, better(2.0)), all));
    assert_eq!(text, "No rate, share or time was found: every trial was disturbed.");
    let of_20 = |trials: &mut Vec<TrialRecord>| {
        trials.iter_mut().filter(|trial| at(trial, "clients") == 20).for_each(disturb);
    };
    let text = answer(&with(records_of_designs(5, better(2.0)), of_20));
    assert!(text.starts_with("No: with 100 clients snapshot"), "{text}");
    let disturbed = "10 of 30 trials were disturbed (other processes): their rates and shares are \
                     no finding.";
    assert!(text.ends_with(disturbed), "{text}");
}

/// The law of several listeners is not about a single one: disturbed or not, nothing is missing.
#[test]
fn a_cell_that_a_law_is_not_about_is_not_missing() {
    let run = run("reuseport-listeners", |trial| {
        disturb(trial);
        let number = |axis| at(trial, axis).as_f64().unwrap();
        let predicted = number("listeners") * (number("backlog") + 1.0);
        if number("listeners") > 1.0 {
            let law = LawCheck::new(&queue_model::reuseport::CAPACITY, predicted, None);
            trial.laws = vec![LawCheck { measured: Some(predicted), held: Some(true), ..law }];
        }
    });
    assert_eq!(
        answer(&run),
        "Each of several listeners holds backlog + 1, as predicted in all 6 cells: with a backlog of \
         0, 2 and 4 listeners held 2 and 4 connections; with a backlog of 2, 2 and 4 listeners held 6 \
         and 12 connections; with a backlog of 9, 2 and 4 listeners held 20 and 40 connections."
    );
}

#[test]
fn a_single_cell_has_a_value() {
    let text = "name: mine\nquestion: How long?\nheadline: { metric: accept-wait }\n";
    let plan = of_text(text);
    let run = run_of(&plan, |trial| {
        trial.accept_wait.count = 1;
        trial.accept_wait.p50_ns = 2_750_000_000;
    });
    assert_eq!(
        answer(&run),
        "Median time from connect(2) to accept(2): 2.75 s (one trial per cell: variation unknown)."
    );
}

#[test]
fn a_scenario_of_a_user_needs_no_headline() {
    let text = "name: mine\nquestion: Which design?\nrepeat: 5\n\
                matrix:\n  server.design: [global-lock, snapshot]\n";
    let run = run_of(&of_text(text), |trial| {
        let is_snapshot = at(trial, "design") == "snapshot";
        trial.rates.messages_written = 1_000;
        trial.rates.delivered = if is_snapshot { 150.0 } else { 100.0 };
        (trial.rates.offered, trial.rates.ingested) = (10.0, Some(10.0));
    });
    assert_eq!(
        answer(&run),
        "Delivered: messages that arrived at clients, /s: 100 with design global-lock; 150 with \
         snapshot; 1.50 times as much with snapshot as with global-lock."
    );
}

#[test]
fn texts_of_a_user_are_used_and_wrong_records_are_read() {
    let text = "name: mine\nquestion: Why?\nheadline:\n  metric: succeeded\n  over: server.backlog\n  \
                say: \"{values} of {load.clients} with {over}\"\nmatrix: { server.backlog: [1, 2] }\n";
    let mut run = run_of(&of_text(text), |_| {});
    assert_eq!(answer(&run), "50 and 50 of 50 with 1 and 2.");
    for headline in [json!(null), json!({}), json!([]), json!("success"), json!([{ "say": 1 }])] {
        run.record.scenario.resolved["headline"] = headline;
        assert_eq!(
            answer(&run),
            "100 of 100 attempts succeeded (100 %), the same in each of 2 cells."
        );
    }
    let braces = json!({ "metric": "succeeded", "say": "{over {values}" });
    run.record.scenario.resolved["headline"] = braces;
    assert_eq!(answer(&run), "Successful attempts: 50.");
}

#[test]
fn runs_that_were_interleaved_are_answered_each() {
    let [base, new] = findings(&designs(5, better(2.0)), &designs(5, better(1.0)));
    assert!(base.starts_with("No: with 20 clients snapshot delivered 2.0 times"), "{base}");
    assert!(new.starts_with("It makes no difference that is larger"), "{new}");
}

#[test]
fn a_law_about_a_setting_is_no_prediction() {
    let run = with(records_of_capacity(), |trials| {
        for trial in trials {
            let limit = LawCheck::new(&accept_queue::LISTEN_LIMIT, 1.0, None);
            trial.laws.push(LawCheck { measured: Some(1.0), held: Some(true), ..limit });
        }
    });
    let verdict: &RunVerdict = &run.verdict;
    assert_eq!(verdict.predictions(), 8);
    let headline = verdict.headline();
    assert!(headline.ends_with(", among them 8 predictions by the kernel's laws."), "{headline}");
}

/// The plan of a scenario with this text.
fn of_text(text: &str) -> scenario::Plan {
    let (name, path, text) = ("mine".to_owned(), "mine.yaml".to_owned(), text.to_owned());
    let file = scenario::ScenarioFile::from_source(Source { name, path, text });
    file.plan(&Overrides::default(), &scenario::AnyKernel).unwrap_or_else(|it| panic!("{it:?}"))
}
