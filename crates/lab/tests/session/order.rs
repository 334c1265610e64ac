//! The order of trials.

use linux_net::Counter;
use run_record::Verdict;

use crate::bench::{Bench, script, verdict};

const TWO_CELLS: &str = "matrix: { server.backlog: [10, 64] }\nrepeat: 3\n";

#[test]
fn every_planned_trial_runs_once_in_the_order_of_the_seed() {
    let bench = Bench::new();
    let scenario = bench.scenario("order", TWO_CELLS);
    let session = bench.run(script("{}"), bench.request(&scenario));
    assert_eq!(session.started, session.finished);
    let mut sorted = session.started.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..6).map(|id| (id, 0)).collect::<Vec<_>>());
    let again = bench.run(script("{}"), bench.request(&scenario));
    assert_eq!(again.started, session.started, "the same seed, the same order");
    let run = session.run();
    assert_eq!(verdict(&run), Verdict::Held);
    assert!(run.record.ended.is_some());
    assert_eq!((run.record.backend.name.as_str(), run.record.planned_trials), ("fake", 6));
    assert!(run.trials.iter().all(|trial| trial.outcomes.total() == 5));
}

#[test]
fn trials_side_by_side_all_start_before_the_first_ends() {
    let bench = Bench::new();
    let scenario = bench.scenario("together", &format!("side_by_side: true\n{TWO_CELLS}"));
    let session = bench.run(script("{}"), bench.request(&scenario));
    assert_eq!((session.started.len(), session.started_before_first_end), (6, 6));
    assert_eq!(verdict(&session.run()), Verdict::Held);
}

#[test]
fn a_trial_takes_the_time_of_its_own_clock() {
    let bench = Bench::new();
    let scenario = bench.scenario("slow", "repeat: 2\n");
    let began = std::time::Instant::now();
    let session =
        bench.run(script(r#"{ "trials": [{ "load_ms": 3600000 }] }"#), bench.request(&scenario));
    let trials = session.run().trials;
    assert!(trials.iter().all(|trial| trial.duration_seconds >= 3600.0));
    assert!(began.elapsed().as_secs() < 60, "two trials of an hour take no real time");
}

#[test]
fn outcomes_and_counters_are_those_of_the_script() {
    let bench = Bench::new();
    let scenario = bench.scenario("counted", "expect:\n  - that: outcomes.phantom == 2\n");
    let events = r#"{ "trials": [{
        "outcomes": { "phantom": 2, "timed_out": 1 },
        "counters": { "TcpExt.ListenOverflows": 7 }
    }] }"#;
    let run = bench.run(script(events), bench.request(&scenario)).run();
    let trial = &run.trials[0];
    assert!(trial.held(), "{trial:?}");
    assert_eq!(trial.outcomes.get(run_record::Outcome::Ok), 2);
    assert_eq!(trial.evidence.server[Counter::ListenOverflows.name()], 7);
    assert_eq!(trial.accepted, Some(2));
}
