//! Interruptions and failures: finished trials are recorded.

use lab::Notice;
use run_record::RunDirectory;

use crate::bench::{Bench, Interrupt, ids, script};

#[test]
fn the_trials_of_an_interrupted_run_are_recorded_and_it_can_be_resumed() {
    let bench = Bench::new();
    let scenario = bench.scenario("long", "repeat: 6\n");
    let request = bench.request(&scenario);
    let session = bench.run_until(script("{}"), request, Interrupt::AtTrial(3));
    assert!(session.is_interrupted());
    let (path, record, trials) = bench.only_run();
    let stopped = session.stopped.unwrap();
    assert!(stopped.is_interrupted);
    assert_eq!((stopped.recorded, stopped.planned), (2, 6));
    assert_eq!(stopped.directories, std::slice::from_ref(&path));
    assert_eq!(ids(&trials), session.finished);
    assert!(record.ended.is_none());

    let resumed = bench.run(script("{}"), bench.resume(&path));
    assert_eq!(resumed.started.len(), 4, "only what is missing");
    let (record, after) = RunDirectory::read(&path).unwrap();
    assert_eq!(after[..2], trials, "recorded trials are not run again");
    let mut all = ids(&after);
    all.sort_unstable();
    assert_eq!(all, (0..6).map(|id| (id, 0)).collect::<Vec<_>>());
    assert!(record.ended.is_some() && record.resumed.len() == 1);
    assert_eq!(bench.runs().len(), 1, "in the same directory");
}

#[test]
fn trials_side_by_side_are_all_ended() {
    let bench = Bench::new();
    let scenario = bench.scenario("together", "side_by_side: true\nrepeat: 4\n");
    let hanging = script(r#"{ "trials": [{ "hangs": true }] }"#);
    let session = bench.run_until(hanging, bench.request(&scenario), Interrupt::AtTrial(4));
    assert!(session.is_interrupted());
    assert_eq!((session.started.len(), session.finished.len()), (4, 0));
    let (path, ..) = bench.only_run();
    let resumed = bench.run(script("{}"), bench.resume(&path));
    assert_eq!(resumed.run().trials.len(), 4);
}

#[test]
fn an_interruption_before_the_first_trial_leaves_no_directory() {
    let bench = Bench::new();
    let scenario = bench.scenario("early", "");
    let session = bench.run_until(script("{}"), bench.request(&scenario), Interrupt::Before);
    assert!(session.is_interrupted());
    assert_eq!(session.notices, [Notice::InterruptedBeforeStart]);
    assert!(bench.runs().is_empty());
}

#[test]
fn a_failure_of_a_worker_or_host_stops_the_run_and_names_the_cause() {
    for (events, cause) in [
        (r#""load_fails": "bind to 198.18.1.1: no such address""#, "no such address"),
        (r#""host_fails": "the container was killed""#, "the container was killed"),
    ] {
        let bench = Bench::new();
        let scenario = bench.scenario("broken", "repeat: 4\nshuffle: false\n");
        let broken = script(&format!(r#"{{ "trials": [{{ "trial": 2, {events} }}] }}"#));
        let session = bench.run(broken, bench.request(&scenario));
        assert!(session.error().contains(cause), "{}", session.error());
        let stopped = session.stopped.unwrap();
        assert!(!stopped.is_interrupted);
        assert_eq!((stopped.recorded, session.started.len()), (2, 3), "no trial after it");
        let resumed = bench.run(script("{}"), bench.resume(&stopped.directories[0]));
        assert_eq!(resumed.started, [(2, 0), (3, 0)]);
    }
}

#[test]
fn a_dead_server_is_recorded_and_violates_an_invariant_unless_it_may_die() {
    for (may_die, held) in [(false, false), (true, true)] {
        let bench = Bench::new();
        let more = format!("server: {{ sigpipe: default }}\nserver_may_die: {may_die}\n");
        let scenario = bench.scenario("dying", &more);
        let dying = script(r#"{ "trials": [{ "server_dies": "SIGPIPE" }] }"#);
        let run = bench.run(dying, bench.request(&scenario)).run();
        let trial = &run.trials[0];
        assert_eq!(trial.server_died.as_deref(), Some("SIGPIPE"));
        assert_eq!(trial.accepted, Some(5), "it announced each connection");
        assert_eq!((trial.rates.ingested, trial.server.as_ref()), (None, None));
        let violated: Vec<_> =
            trial.invariants.iter().filter(|check| check.held == Some(false)).collect();
        assert_eq!(violated.is_empty(), held, "{violated:?}");
        assert!(held || violated[0].name == "server alive at the end");
    }
}
