//! Retries, which never hide a failure.

use lab::RunRequest;
use run_record::{DisturbanceCause, DisturbanceThresholds, RunDirectory, TrialExecutions, Verdict};

use crate::bench::{Bench, ids, script, verdict};

const FIVE_OK: &str =
    "repeat: 4\nshuffle: false\nrecord: { attempts: true }\nexpect:\n  - that: outcomes.ok == 5\n";

#[test]
fn a_trial_that_held_on_a_retry_holds_and_every_attempt_is_recorded() {
    let bench = Bench::new();
    let scenario = bench.scenario("flaky", FIVE_OK);
    let flaky = r#"{ "trials": [
        { "trial": 1, "retry": 0, "outcomes": { "timed_out": 1 } },
        { "trial": 3, "retry": 0, "outcomes": { "refused": 2 } },
        { "trial": 3, "retry": 1, "outcomes": { "refused": 2 } }
    ] }"#;
    let session = bench.run(script(flaky), bench.retrying(&scenario, 3));
    let first_round = [(0, 0), (1, 0), (2, 0), (3, 0)];
    assert_eq!(session.started[..4], first_round, "retries come after all others");
    assert_eq!(session.started[4..], [(1, 1), (3, 1), (3, 2)]);
    let run = session.run();
    assert_eq!(run.record.retries, 3);
    assert_eq!(verdict(&run), Verdict::HeldOnRetry);
    let tries = TrialExecutions::group(&run.trials);
    assert_eq!(tries.iter().filter(|tries| tries.is_flaky()).count(), 2);
    let rows = std::fs::read_dir(run.path.join("attempts")).unwrap().count();
    assert_eq!(rows, run.trials.len(), "each attempt has its own rows");
}

#[test]
fn a_trial_that_never_holds_fails_after_all_retries_even_if_it_is_resumed() {
    let bench = Bench::new();
    let scenario = bench.scenario("wrong", "repeat: 2\nexpect:\n  - that: outcomes.ok == 4\n");
    let run = bench.run(script("{}"), bench.retrying(&scenario, 2)).run();
    let all = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
    let sorted = |path| {
        let mut ids = ids(&RunDirectory::read(path).unwrap().1);
        ids.sort_unstable();
        ids
    };
    assert_eq!(sorted(&run.path), all);
    assert_eq!(verdict(&run), Verdict::Failed);

    // As after a crash, after the first retry.
    let trials = run.path.join("trials.jsonl");
    let lines = std::fs::read_to_string(&trials).unwrap();
    let remaining: String = lines.split_inclusive('\n').take(3).collect();
    std::fs::write(&trials, remaining).unwrap();
    let resumed = bench.run(script("{}"), bench.resume(&run.path)).run();
    assert_eq!(sorted(&resumed.path), all);
    assert_eq!(verdict(&resumed), Verdict::Failed);
}

/// On one of two CPUs, other processes are busy for the second that its load takes.
const DISTURBED: &str = r#""load_ms": 1000, "other_cpus": 1.0"#;

#[test]
fn a_disturbed_trial_is_retried_and_every_execution_is_recorded() {
    let bench = Bench::new();
    let scenario = bench.scenario("busy", FIVE_OK);
    let busy = format!(
        r#"{{ "trials": [
            {{ "trial": 1, "retry": 0, {DISTURBED}, "outcomes": {{ "timed_out": 1 }} }},
            {{ "trial": 3, {DISTURBED} }}
        ] }}"#
    );
    let request = RunRequest { disturbed_retries: 2, ..bench.request(&scenario) };
    let session = bench.run(script(&busy), request);
    assert_eq!(session.started[4..], [(1, 1), (3, 1), (3, 2)], "after all others");
    let run = session.run();
    assert_eq!(run.record.disturbed_retries, 2);
    assert_eq!(run.record.disturbance_thresholds, Some(DisturbanceThresholds::CURRENT));
    let found = run.record.verdict.as_ref().unwrap();
    assert_eq!((found.verdict, found.disturbed_trials()), (Verdict::Held, 1));
    let first = &run.trials[1];
    let disturbance = first.disturbance.as_ref().unwrap();
    assert_eq!(disturbance.causes, [DisturbanceCause::OtherProcesses]);
    assert!((disturbance.other_cpu_share() - 0.5).abs() < 1e-9, "{disturbance:?}");
    let expectation = &first.expectations[0];
    assert_eq!(expectation.held, None, "it would have failed");
    assert!(
        expectation.detail.starts_with("not decided: other processes took 50 % of the CPU time"),
        "{}",
        expectation.detail
    );
    assert_eq!(run.trials[0].expectations[0].held, Some(true));
    let causes = &run.trials[0].disturbance.as_ref().unwrap().causes;
    assert!(causes.is_empty(), "{causes:?}");
}

#[test]
fn an_invariant_that_fails_in_a_disturbed_trial_fails_the_run() {
    let bench = Bench::new();
    let scenario = bench.scenario("busy", FIVE_OK);
    let busy = format!(
        r#"{{ "trials": [{{ {DISTURBED}, "counters": {{ "TcpExt.ListenDrops": -1 }} }}] }}"#
    );
    let request = RunRequest { disturbed_retries: 2, ..bench.request(&scenario) };
    let run = bench.run(script(&busy), request).run();
    assert_eq!(run.trials.len(), 4, "an invariant failed, and a retry cannot help");
    assert!(run.trials.iter().all(|trial| trial.is_disturbed()));
    assert_eq!(verdict(&run), Verdict::Failed);
}

#[test]
fn without_retries_a_failed_trial_is_not_run_again() {
    let bench = Bench::new();
    let scenario = bench.scenario("wrong", "repeat: 2\nexpect:\n  - that: outcomes.ok == 4\n");
    let run = bench.run(script("{}"), bench.request(&scenario)).run();
    assert_eq!((run.trials.len(), run.record.retries), (2, 0));
    assert_eq!(verdict(&run), Verdict::Failed);
}

#[test]
fn a_violated_invariant_is_not_retried() {
    let bench = Bench::new();
    let scenario = bench.scenario("fallen", FIVE_OK);
    let fallen =
        script(r#"{ "trials": [{ "trial": 1, "counters": { "TcpExt.ListenDrops": -1 } }] }"#);
    let run = bench.run(fallen, bench.retrying(&scenario, 3)).run();
    assert_eq!(run.trials.len(), 4);
    assert_eq!(verdict(&run), Verdict::Failed);
    let violated = |check: &&run_record::Check| check.held == Some(false);
    let violation = run.trials[1].invariants.iter().find(violated).unwrap();
    assert_eq!(violation.name, "no kernel counter went backwards");
    assert!(violation.detail.contains("server TcpExt.ListenDrops"), "{}", violation.detail);
}
