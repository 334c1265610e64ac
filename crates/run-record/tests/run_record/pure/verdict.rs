//! The verdicts on a run and on a suite, from stored and modified records.

use std::path::Path;

use run_record::{
    CheckKind, CheckVerdict, Disturbance, DisturbanceCause, ExecutionId, MemberRecord, MemberState,
    MemberVerdict, RunDirectory, RunRecord, RunVerdict, SuiteVerdict, TrialRecord, Verdict,
};

/// A run of an earlier schema version, in which everything held.
fn held_run() -> (RunRecord, Vec<TrialRecord>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
    RunDirectory::read(&path).unwrap()
}

fn retry(trial: &TrialRecord, retry: u32, held: bool) -> TrialRecord {
    let mut trial = TrialRecord { retry, ..trial.clone() };
    trial.laws[0].held = Some(held);
    trial
}

#[test]
fn the_verdict_on_a_run_of_an_earlier_version_is_computed() {
    let (record, trials) = held_run();
    assert_eq!(record.verdict, None);
    let verdict = RunVerdict::new(&record, &trials);
    assert_eq!(verdict.verdict, Verdict::Held);
    assert_eq!((verdict.missing(), verdict.failed_checks()), (0, 0));
    assert!(verdict.cells.iter().all(|cell| cell.verdict == Verdict::Held));
    let laws = trials.iter().flat_map(|trial| &trial.laws).filter(|law| law.held.is_some());
    let checks = verdict.checks.iter().filter(|check| check.kind == CheckKind::Law);
    assert_eq!(checks.map(|check| check.decided()).sum::<u64>(), laws.count() as u64);
    let headline = verdict.headline();
    assert_eq!(headline, format!("16 of 16 trials. All {} checks passed.", verdict.checked()));
}

#[test]
fn a_violation_names_its_check_its_trial_and_its_cell() {
    let (record, mut trials) = held_run();
    trials[3].laws[0].held = Some(false);
    let verdict = RunVerdict::new(&record, &trials);
    assert_eq!(verdict.verdict, Verdict::Failed);
    let [trial] = &verdict.failed().collect::<Vec<_>>()[..] else { panic!("{verdict:?}") };
    assert_eq!((trial.trial, trial.verdict), (trials[3].id, Verdict::Failed));
    let [(id, violation)] = &trial.violations().collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!((violation.kind, &violation.name), (CheckKind::Law, &trials[3].laws[0].title));
    assert_eq!(verdict.violations_of(*id), [(*violation).clone()]);
    let failed = verdict.cells.iter().filter(|cell| cell.verdict == Verdict::Failed);
    let failed: Vec<_> = failed.map(|cell| Some(cell.cell)).collect();
    assert_eq!(failed, [trial.cell]);
    let lines = verdict.violation_lines();
    assert!(lines[0].starts_with(&format!("trial {id} ({}): law `", trial.place)), "{lines:?}");
    assert_eq!(verdict.first_violation(), lines[0]);
}

/// A record from elsewhere can have any counts.
#[test]
fn the_counts_of_a_verdict_are_added_up_to_the_largest_number() {
    let (record, trials) = held_run();
    let mut verdict = RunVerdict::new(&record, &trials);
    verdict.run_checks = u64::MAX;
    // The limit of listen(2) is no prediction; two other laws are.
    let law = verdict.checks.iter().find(|check| check.kind == CheckKind::Law).unwrap().clone();
    verdict.checks.extend(
        ["one", "another"].map(|name| CheckVerdict { name: format!("{name} law"), ..law.clone() }),
    );
    for check in &mut verdict.checks {
        (check.held, check.failed, check.not_applied) = (u64::MAX, u64::MAX - 1, u64::MAX);
    }
    let stored = serde_json::to_string(&verdict).unwrap();
    let read: RunVerdict = serde_json::from_str(&stored).unwrap();
    assert_eq!((read.checked(), read.predictions()), (u64::MAX, u64::MAX));
    assert!(read.headline().contains("All 18446744073709551615 checks"), "{}", read.headline());
    let members = [member(MemberVerdict::Held, None), member(MemberVerdict::Held, None)];
    let mut suite = SuiteVerdict::new(&members, &[Some(Ok(&read)), Some(Ok(&read))]);
    for member in &mut suite.members {
        member.held_on_retry = u64::MAX;
    }
    assert!(suite.headline().contains("18446744073709551615 trials"), "{}", suite.headline());
}

#[test]
fn a_trial_that_held_on_a_retry_is_held_and_keeps_its_violations() {
    let (record, mut trials) = held_run();
    let retried = retry(&trials[3], 1, true);
    trials[3].laws[0].held = Some(false);
    trials.push(retried);
    let verdict = RunVerdict::new(&record, &trials);
    assert_eq!((verdict.verdict, verdict.failed_checks()), (Verdict::HeldOnRetry, 0));
    assert_eq!(verdict.held_on_retry().count(), 1);
    assert_eq!(verdict.held_on_retry_lines().len(), 1);
    let first = ExecutionId::from(trials[3].id);
    assert_eq!(verdict.violations_of(first).len(), 1);
    assert_eq!(verdict.violations_of(ExecutionId { retry: 1, ..first }), []);
    assert_eq!(verdict.trials, verdict.planned, "a retry is not another trial");
}

#[test]
fn a_violated_invariant_fails_the_trial_despite_a_retry() {
    let (record, mut trials) = held_run();
    let retried = retry(&trials[3], 1, true);
    trials[3].invariants[0].held = Some(false);
    trials.push(retried);
    assert_eq!(RunVerdict::new(&record, &trials).verdict, Verdict::Failed);
}

#[test]
fn a_run_that_has_not_ended_or_lacks_trials_is_incomplete() {
    let (record, trials) = held_run();
    let verdict = RunVerdict::new(&record, &trials[1..]);
    assert_eq!((verdict.verdict, verdict.missing()), (Verdict::Incomplete, 1));
    assert!(verdict.headline().starts_with("Not finished: "), "{}", verdict.headline());
    let cells = verdict.cells.iter().filter(|cell| cell.verdict == Verdict::Incomplete);
    assert_eq!(cells.count(), 1);
    let not_ended = RunRecord { ended: None, ..record };
    let verdict = RunVerdict::new(&not_ended, &trials);
    assert_eq!(verdict.verdict, Verdict::Incomplete);
    assert!(verdict.unfinished().unwrap().contains("has not ended"));
    let headline = verdict.headline();
    assert!(
        headline.starts_with("Not finished: all 16 trials were run, but the run has not ended. "),
        "{headline}"
    );
}

fn disturbed(trial: &TrialRecord) -> TrialRecord {
    let disturbance = Disturbance {
        window_seconds: 1.0,
        cpus: 2,
        other_cpu_seconds: 1.26,
        causes: vec![DisturbanceCause::OtherProcesses],
        ..Disturbance::default()
    };
    TrialRecord { disturbance: Some(disturbance), ..trial.clone() }
}

#[test]
fn a_run_is_inconclusive_if_more_than_half_of_its_trials_were_disturbed() {
    let (record, mut trials) = held_run();
    assert_eq!(trials.len(), 16);
    for (count, expected) in [
        (0, Verdict::Held),
        (8, Verdict::Held),
        (9, Verdict::Inconclusive),
        (16, Verdict::Inconclusive),
    ] {
        let (first, _) = trials.split_at_mut(count);
        first.iter_mut().for_each(|trial| *trial = disturbed(trial));
        let verdict = RunVerdict::new(&record, &trials);
        assert_eq!((verdict.verdict, verdict.disturbed_trials()), (expected, count));
        let in_cells: u32 = verdict.cells.iter().map(|cell| cell.disturbed).sum();
        assert_eq!(in_cells as usize, count);
    }
    let verdict = RunVerdict::new(&record, &trials);
    assert!(!verdict.verdict.is_passed() && !verdict.verdict.is_failed());
    assert_eq!(verdict.member_verdict(), MemberVerdict::Inconclusive);
    assert_eq!(
        verdict.headline(),
        format!(
            "Inconclusive: 16 of 16 trials were disturbed (other processes): their rates and \
             shares are no finding. No check failed; {} were decided.",
            verdict.checked()
        )
    );
    let line = &verdict.disturbed_lines()[0];
    assert!(line.ends_with("): other processes took 63 % of the CPU time"), "{line}");
}

#[test]
fn an_inconclusive_run_counts_the_trials_that_held_on_a_retry() {
    let (record, trials) = held_run();
    let mut trials: Vec<_> = trials.iter().map(disturbed).collect();
    for (number, counted) in
        [", and 1 trial held only when run again.", ", and 2 trials held only when run again."]
            .into_iter()
            .enumerate()
    {
        trials.push(retry(&trials[number], 1, true));
        trials[number].laws[0].held = Some(false);
        let verdict = RunVerdict::new(&record, &trials);
        assert_eq!(verdict.verdict, Verdict::Inconclusive);
        assert!(verdict.headline().ends_with(counted), "{}", verdict.headline());
    }
}

/// A late time of a disturbed trial is not decided, so a disturbed retry proves nothing.
#[test]
fn a_retry_that_does_not_decide_a_failed_check_does_not_excuse_it() {
    let (record, trials) = held_run();
    let failed = retry(&trials[3], 0, false);
    let mut undecided = disturbed(&retry(&trials[3], 1, true));
    undecided.laws.iter_mut().for_each(|law| law.held = None);
    let verdict_with = |retries: &[TrialRecord]| {
        let mut trials = trials.clone();
        trials[3] = failed.clone();
        trials.extend_from_slice(retries);
        RunVerdict::new(&record, &trials)
    };
    let verdict = verdict_with(std::slice::from_ref(&undecided));
    assert_eq!(verdict.verdict, Verdict::Failed);
    assert!(verdict.headline().starts_with("FAILED: 1 of "), "{}", verdict.headline());
    assert_eq!(verdict.violation_lines().len(), 1);
    let decided = verdict_with(&[undecided, retry(&trials[3], 2, true)]);
    assert_eq!(decided.verdict, Verdict::HeldOnRetry);
}

#[test]
fn the_headline_says_how_many_trials_were_disturbed() {
    let (record, mut trials) = held_run();
    trials[3] = disturbed(&trials[3]);
    let verdict = RunVerdict::new(&record, &trials);
    let headline = verdict.headline();
    assert!(headline.starts_with("16 of 16 trials. All "), "{headline}");
    let disturbed =
        " 1 of 16 trials was disturbed (other processes): its rates and shares are no finding.";
    assert!(headline.ends_with(disturbed), "{headline}");
    trials.iter_mut().for_each(|trial| *trial = self::disturbed(trial));
    trials[3].laws[0].held = Some(false);
    let verdict = RunVerdict::new(&record, &trials);
    assert_eq!(verdict.verdict, Verdict::Failed, "an exact law of a disturbed trial");
    let headline = verdict.headline();
    assert!(headline.starts_with("FAILED: 1 of "), "{headline}");
    assert!(headline.contains("16 of 16 trials were disturbed"), "{headline}");
    let unfinished = RunVerdict::new(&record, &trials[4..]);
    assert_eq!(unfinished.verdict, Verdict::Incomplete);
}

#[test]
fn a_retry_that_was_not_disturbed_measures_a_trial_and_hides_nothing() {
    let (record, mut trials) = held_run();
    let again = retry(&trials[3], 1, true);
    trials[3] = disturbed(&trials[3]);
    trials.push(again);
    let verdict = RunVerdict::new(&record, &trials);
    assert_eq!((verdict.verdict, verdict.disturbed_trials()), (Verdict::Held, 0));
    assert_eq!(verdict.held_on_retry().count(), 0, "nothing failed");
    let [trial] = &verdict.disturbed[..] else { panic!("{:?}", verdict.disturbed) };
    assert!(trial.is_measured && trial.executions.len() == 1);
    let first = ExecutionId::from(trials[3].id);
    assert_eq!(
        verdict.disturbance_of(first),
        Some("other processes took 63 % of the CPU time"),
        "the first execution remains"
    );
    assert_eq!(verdict.disturbance_of(ExecutionId { retry: 1, ..first }), None);
    assert_eq!(verdict.disturbed_lines().len(), 1);
}

#[test]
fn a_run_without_checks_is_not_checked() {
    let (record, mut trials) = held_run();
    for trial in &mut trials {
        (trial.laws, trial.invariants, trial.expectations) = Default::default();
        trial.simulated = None;
    }
    let verdict = RunVerdict::new(&record, &trials);
    assert_eq!(verdict.verdict, Verdict::NotChecked);
    assert_eq!(verdict.headline(), "16 of 16 trials. Nothing was checked.");
}

#[test]
fn the_verdict_is_stored_at_the_end_of_a_run_and_dropped_when_it_is_resumed() {
    let out = tempfile::tempdir().unwrap();
    let (mut record, trials) = held_run();
    record.ended = None;
    let mut directory = RunDirectory::create(out.path(), &record).unwrap();
    for trial in &trials {
        directory.append(trial).unwrap();
    }
    assert_eq!(RunDirectory::read(directory.path()).unwrap().0.verdict, None);
    directory.finish(&mut record).unwrap();
    let path = directory.path().to_owned();
    let (read, _) = RunDirectory::read(&path).unwrap();
    assert_eq!(read.verdict, Some(RunVerdict::new(&record, &trials)));
    drop(directory);
    assert_eq!(RunDirectory::resume(&path).unwrap().1.verdict, None);
}

fn member(verdict: MemberVerdict, problem: Option<&str>) -> MemberRecord {
    MemberRecord {
        scenario: "sweep".to_owned(),
        verdict,
        run: None,
        problem: problem.map(str::to_owned),
        seconds: 1.0,
        trials: 1,
    }
}

#[test]
fn a_suite_fails_if_a_member_failed_was_not_run_or_is_missing() {
    let (record, mut trials) = held_run();
    let held = RunVerdict::new(&record, &trials);
    trials[0].laws[0].held = Some(false);
    let failed = RunVerdict::new(&record, &trials);
    let recorded = member(MemberVerdict::Held, None);
    let state = |member: &MemberRecord, run| {
        let verdict = SuiteVerdict::new(std::slice::from_ref(member), &[run]);
        let [member] = &verdict.members[..] else { panic!("{verdict:?}") };
        assert_eq!(member.failed(), verdict.verdict.is_failed());
        (member.state, member.failure().to_owned())
    };
    assert_eq!(state(&recorded, Some(Ok(&held))).0, MemberState::Held);
    let (failed_state, failure) = state(&recorded, Some(Ok(&failed)));
    assert_eq!(failed_state, MemberState::Failed, "the contents of its run decide");
    assert!(failure.starts_with("trial ") && failure.contains(": law `"), "{failure}");
    let (record, trials) = held_run();
    let trials: Vec<_> = trials.iter().map(disturbed).collect();
    let inconclusive = RunVerdict::new(&record, &trials);
    for recorded in [MemberVerdict::Held, MemberVerdict::Inconclusive] {
        let members = [member(recorded, None), member(MemberVerdict::Held, None)];
        let suite = SuiteVerdict::new(&members, &[Some(Ok(&inconclusive)), Some(Ok(&held))]);
        assert_eq!(suite.verdict, Verdict::Inconclusive);
        assert_eq!(suite.members[0].state, MemberState::Inconclusive);
        assert!(suite.headline().starts_with("Inconclusive: 1 of 2 scenarios"), "{suite:?}");
        let suite = SuiteVerdict::new(&members, &[Some(Ok(&inconclusive)), Some(Ok(&failed))]);
        assert_eq!(suite.verdict, Verdict::Failed);
        assert!(suite.headline().contains(" Inconclusive: 1 of 2 scenarios"), "{suite:?}");
    }
    let missing = state(&recorded, Some(Err("failed to read it")));
    assert_eq!(missing, (MemberState::RunMissing, "failed to read it".to_owned()));
    let not_run = state(&member(MemberVerdict::NotRun, Some("interrupted\nlater")), None);
    assert_eq!(not_run, (MemberState::NotRun, "interrupted".to_owned()));
    assert!(SuiteVerdict::new(&[], &[]).verdict.is_failed(), "an empty suite fails");
    let skipped = member(MemberVerdict::Skipped, Some("no server"));
    let suite = SuiteVerdict::new(&[skipped], &[None]);
    assert!(suite.verdict.is_failed() && suite.headline().starts_with("FAILED: no scenario"));
}
