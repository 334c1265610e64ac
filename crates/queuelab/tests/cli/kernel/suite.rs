//! The suite of all scenarios.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::retried::group_executions;
use crate::support::{
    all_output, assert_passed, copy_changed_run, is_installed, is_late, law_scenario_names,
    measured_scenario_names, out_directory, program_scenarios, queuelab, repository, runs,
    suite_directory, text, write_measured_suite,
};
use run_record::{RunDirectory, SuiteDirectory, TrialRecord};

#[test]
fn every_law_scenario_holds_and_predicts_what_the_baseline_does() {
    let out = out_directory();
    let mut all_decided = true;
    for (name, trial) in run_suite("laws", out.path(), &law_scenario_names()) {
        assert!(trial.laws.len() > 1, "{name}: {:?}", trial.laws);
        all_decided &= !trial.laws.iter().any(|law| is_late(&trial, law));
    }
    assert_laws_match_the_baseline(&suite_directory(out.path(), "laws"), all_decided);
}

#[test]
fn every_measured_scenario_holds_in_its_quick_form() {
    let out = out_directory();
    let suite = write_measured_suite(out.path());
    // The suite skips programs that are not installed.
    let missing: Vec<_> = program_scenarios()
        .into_iter()
        .filter(|(_, program)| !is_installed(program))
        .map(|(name, _)| name)
        .collect();
    let mut names = measured_scenario_names();
    names.retain(|name| !missing.contains(name));
    run_suite(&suite, out.path(), &names);
}

/// Runs a suite of these scenarios in their quick form, asserts that its laws held and its
/// probes ran, and returns each trial's last execution with the scenario's name.
fn run_suite(suite: &str, out: &Path, names: &[String]) -> Vec<(String, TrialRecord)> {
    // A trial that a busy machine stalled may be retried twice, which is reported; a wrong law
    // fails every time.
    let arguments = ["run", suite, "--retry", "2", "--out", out.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_passed(&output);
    let mut found = Vec::new();
    for run in runs(out) {
        let (record, trials) = RunDirectory::read(&run).unwrap();
        assert!(record.ended.is_some() && record.scenario.overrides.quick, "{run:?}");
        assert!(record.kernel_rules.syn_queue_full.is_some(), "{run:?}");
        for executions in group_executions(&record.scenario.name, &trials) {
            found.push((record.scenario.name.clone(), executions.last().clone()));
        }
    }
    let found_names: BTreeSet<_> = found.iter().map(|(name, _)| name).collect();
    assert_eq!(found_names, names.iter().collect());
    for (name, trial) in &found {
        for law in &trial.laws {
            let died = law.held.is_none() && trial.server_died.is_some();
            assert!(law.held == Some(true) || died || is_late(trial, law), "{name}: {law:?}");
            assert!(law.latest.is_some() || died || law.deviation == Some(0.0), "{law:?}");
        }
        let probe = trial.evidence.probe.as_ref().expect("a probe in every trial");
        assert!(probe.samples > 0 && probe.state_samples > 0, "{name}: {probe:?}");
    }
    found
}

/// Asserts that the predictions are those of the committed run, which may be from another
/// machine. `all_decided`: no law was undecided in a disturbed trial.
fn assert_laws_match_the_baseline(new: &Path, all_decided: bool) {
    let baseline = suite_directory(&repository().join("reports/baseline"), "laws");
    let arguments = ["compare", "--laws", baseline.to_str().unwrap(), new.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    let code = output.status.code();
    assert!(code == Some(0) || (code == Some(6) && !all_decided), "{}", all_output(&output));
    // A baseline with different predictions is a regression.
    let other = out_directory();
    let copied = copy_suite(&baseline, other.path(), |trial| {
        for law in &mut trial.laws {
            law.predicted += 1.0;
        }
    });
    let arguments = ["compare", "--laws", copied.to_str().unwrap(), new.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", all_output(&output));
    assert!(text(&output.stdout).contains("Laws with a different prediction:"));
}

/// Copies a suite and its runs below another root, and changes their trials.
fn copy_suite(suite: &Path, root: &Path, change: fn(&mut TrialRecord)) -> PathBuf {
    let mut record = SuiteDirectory::read(suite).unwrap();
    for member in &mut record.members {
        let copy = copy_changed_run(&suite.join(member.run.as_ref().unwrap()), root, change);
        member.run = Some(SuiteDirectory::relative_run_path(&copy));
    }
    SuiteDirectory::create(root, &record).unwrap().path().to_owned()
}
