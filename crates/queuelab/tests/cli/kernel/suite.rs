//! The suite of all scenarios.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{
    all_output, copy_changed_run, out_directory, queuelab, repository, runs, scenario_names,
    suite_directory, text, write_catalogue,
};
use run_record::{RunDirectory, SuiteDirectory, TrialExecutions, TrialRecord};
use scenario::Document;

/// The scenarios whose results the kernel's rules decide: those of the suite `laws`. The
/// others are measured.
fn scenarios_decided_by_laws() -> Vec<String> {
    let Ok(Document::Suite(file)) = scenario::load("laws") else { panic!("no suite `laws`") };
    let suite = file.load().unwrap().suite;
    suite.names().into_iter().map(str::to_owned).collect()
}

#[test]
fn every_scenario_holds_in_its_quick_form() {
    let out = out_directory();
    let suite = write_catalogue(out.path());
    // A trial that a busy machine stalled may be retried twice; a wrong law fails every time.
    let arguments = ["run", &suite, "--retry", "2", "--out", out.path().to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert_laws_match_the_baseline(&suite_directory(out.path(), "catalogue"));
    let mut found: BTreeMap<String, Vec<TrialRecord>> = BTreeMap::new();
    for run in runs(out.path()) {
        let (record, trials) = RunDirectory::read(&run).unwrap();
        assert!(record.ended.is_some() && record.scenario.overrides.quick, "{run:?}");
        assert!(record.kernel_rules.syn_queue_full.is_some(), "{run:?}");
        found.insert(record.scenario.name, trials);
    }
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), scenario_names());
    let decided = scenarios_decided_by_laws();
    for (name, trials) in &found {
        for executions in TrialExecutions::group(trials) {
            let trial = executions.last();
            let laws = trial.laws.len();
            assert!(laws > 1 || !decided.contains(name), "{name}: {:?}", trial.laws);
            for law in &trial.laws {
                let died = law.held.is_none() && trial.server_died.is_some();
                assert!(law.held == Some(true) || died, "{name}: {law:?}");
                assert!(law.latest.is_some() || died || law.deviation == Some(0.0), "{law:?}");
            }
            let probe = trial.evidence.probe.as_ref().expect("a probe in every trial");
            assert!(probe.samples > 0 && probe.state_samples > 0, "{name}: {probe:?}");
        }
    }
}

/// Asserts that the predictions are those of the committed run, which may be from another
/// machine.
fn assert_laws_match_the_baseline(new: &Path) {
    let baseline = suite_directory(&repository().join("reports/baseline"), "laws");
    let arguments = ["compare", "--laws", baseline.to_str().unwrap(), new.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
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
