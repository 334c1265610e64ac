//! Suites: several scenarios under one name, and the one of the whole catalogue.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{
    catalogue, changed, out_directory, queuelab, repository, runs, said, scenario_names,
    suite_directory, text,
};
use run_record::{RunDirectory, SuiteDirectory, TrialExecutions, TrialRecord};
use scenario::Document;

/// The scenarios that only the kernel's rules decide: those of the suite `laws`. The
/// others are measured.
fn decided_by_laws() -> Vec<String> {
    let Ok(Document::Suite(file)) = scenario::load("laws") else { panic!("no suite `laws`") };
    let suite = file.load().unwrap().suite;
    suite.names().into_iter().map(str::to_owned).collect()
}

#[test]
fn every_scenario_of_the_catalogue_holds_in_its_quick_form() {
    let out = out_directory();
    let suite = catalogue(out.path());
    // A trial that a busy machine stood still in may be run again, twice; a law that is
    // wrong is so every time.
    let arguments = ["run", &suite, "--retry", "2", "--out", out.path().to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    the_laws_are_those_of_the_baseline(&suite_directory(out.path(), "catalogue"));
    let mut found: BTreeMap<String, Vec<TrialRecord>> = BTreeMap::new();
    for run in runs(out.path()) {
        let (record, trials) = RunDirectory::read(&run).unwrap();
        assert!(record.ended.is_some() && record.scenario.overrides.quick, "{run:?}");
        assert!(record.kernel_rules.syn_queue_full.is_some(), "{run:?}");
        found.insert(record.scenario.name, trials);
    }
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), scenario_names());
    let decided = decided_by_laws();
    for (name, trials) in &found {
        for tries in TrialExecutions::group(trials) {
            let trial = tries.last();
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

/// The committed run of the laws, whatever machine it is from, predicts what is
/// predicted here.
fn the_laws_are_those_of_the_baseline(new: &Path) {
    let baseline = suite_directory(&repository().join("reports/baseline"), "laws");
    let arguments = ["compare", "--laws", baseline.to_str().unwrap(), new.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // The same the other way round: a baseline that predicts something else.
    let changed = out_directory();
    let copied = copy_suite(&baseline, changed.path(), |trial| {
        for law in &mut trial.laws {
            law.predicted += 1.0;
        }
    });
    let arguments = ["compare", "--laws", copied.to_str().unwrap(), new.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(text(&output.stdout).contains("Laws with a different prediction:"));
}

/// A copy of a suite and its runs below another root, with their trials changed.
fn copy_suite(suite: &Path, root: &Path, change: fn(&mut TrialRecord)) -> PathBuf {
    let mut record = SuiteDirectory::read(suite).unwrap();
    for member in &mut record.members {
        let copy = changed(&suite.join(member.run.as_ref().unwrap()), root, change);
        member.run = Some(SuiteDirectory::relative_run_path(&copy));
    }
    SuiteDirectory::create(root, &record).unwrap().path().to_owned()
}
