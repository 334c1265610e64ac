//! The summary of a standalone load.

use report::{Run, summary};
use run_record::{Evidence, LoadUse, Outcome, RunRecord, TrialRecord};

use crate::runs::load_run;

/// A recorded trial as the only one of a standalone load.
fn load(change: impl FnOnce(&mut TrialRecord)) -> (RunRecord, TrialRecord) {
    let (record, mut trials) = load_run("sweep");
    let mut trial = trials.remove(0);
    trial.laws.clear();
    trial.expectations.clear();
    trial.evidence = Evidence { client: trial.evidence.client, ..Evidence::default() };
    change(&mut trial);
    (RunRecord { axes: Vec::new(), planned_trials: 1, ..record }, trial)
}

fn standalone((record, trial): &(RunRecord, TrialRecord)) -> String {
    report::standalone(record, trial)
}

fn outcomes(trial: &mut TrialRecord, each: &[(Outcome, usize)]) {
    let all = each.iter().flat_map(|&(outcome, n)| std::iter::repeat_n(outcome, n));
    trial.outcomes = all.collect();
    trial.attempts = trial.outcomes.total();
}

#[test]
fn waits_are_counted_and_timeouts_are_explained() {
    let text = standalone(&load(|trial| {
        outcomes(trial, &[(Outcome::Ok, 1_000), (Outcome::TimedOut, 1)]);
        trial.syn_retransmits = [(0, 990), (1, 9), (2, 2)].into();
        trial.undelivered = 1_234;
    }));
    assert!(text.contains("│ ok        │    1 000 │ 99.9 │"), "{text}");
    assert!(text.contains("│ timed_out │        1 │  0.1 │"), "{text}");
    assert!(text.contains("11 attempts waited for a SYN retransmission."), "{text}");
    assert!(text.contains("TcpExt.ListenOverflows"), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("1 234 deliveries were outstanding"), "{text}");
    assert!(!text.contains("connected,"), "an older record does not say who was accepted: {text}");
}

#[test]
fn timeouts_without_any_answer_are_not_explained_by_a_queue() {
    let text = standalone(&load(|trial| {
        outcomes(trial, &[(Outcome::TimedOut, 1)]);
        trial.syn_retransmits = [(1, 1)].into();
        trial.connect_latency.count = 0;
    }));
    assert!(text.contains("1 attempt waited for a SYN retransmission."), "{text}");
    assert!(text.contains("check the address"), "{text}");
    assert!(!text.contains("ListenOverflows"), "{text}");
    let connect = text.lines().find(|line| line.contains("ESTABLISHED")).unwrap();
    assert!(connect.contains('·'), "a missing measurement is not 0: {connect}");
}

#[test]
fn without_timeouts_there_is_no_explanation() {
    let text = standalone(&load(|trial| {
        outcomes(trial, &[(Outcome::Ok, 3)]);
        trial.syn_retransmits = [(0, 3)].into();
    }));
    assert!(text.contains("No attempt waited"), "{text}");
    assert!(!text.contains("Why timed_out"), "{text}");
}

#[test]
fn a_load_that_may_be_the_limit_states_it() {
    let with = |threads, busiest_share, more_threads| {
        let of = LoadUse { threads, busiest_share, window_seconds: 2.0, ..LoadUse::default() };
        let of = LoadUse { more_threads, ..of.judged(1_000) };
        let text = standalone(&load(|trial| trial.load_use = Some(of)));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let one = with(1, 0.97, Some(2));
    let line = "The load's thread used a CPU for 97 % of the time from its first write to the last \
                arrival: it may be what limits these rates, not the server. `--threads 2` lets it";
    assert!(one.contains(line), "{one}");
    let several = with(3, 0.97, None);
    assert!(several.contains("The load's busiest thread used a CPU for 97 %"), "{several}");
    assert!(!several.contains("--threads"), "{several}");
    let idle = with(1, 0.5, Some(2));
    assert!(!idle.contains("used a CPU"), "{idle}");
}

#[test]
fn the_summary_has_no_counters_of_a_host_that_was_not_read() {
    let text = {
        let (record, trial) = load(|_| ());
        summary(&Run::new(record, vec![trial]))
    };
    assert!(!text.contains("│ server │"), "{text}");
    assert!(text.contains("│ client │ TcpExt.TCPSynRetrans"), "{text}");
}
