//! All scenarios, in containers.

use std::collections::BTreeSet;

use crate::support::retried::group_executions;
use crate::support::{
    assert_passed, is_late, law_scenario_names, measured_scenario_names, out_directory,
    program_scenarios, queuelab, runs, suite_directory, write_measured_suite,
};
use run_record::{LawCheck, MemberVerdict, RunDirectory, SuiteDirectory};

#[test]
#[ignore = "needs a Docker engine"]
fn every_law_holds_in_containers() {
    every_scenario_holds_in_containers("laws", "laws", &law_scenario_names(), &[]);
}

#[test]
#[ignore = "needs a Docker engine"]
fn every_measured_scenario_holds_in_containers() {
    let folder = out_directory();
    let suite = write_measured_suite(folder.path());
    // The containers of the lab have no other program.
    let skipped: Vec<_> = program_scenarios().into_iter().map(|(name, _)| name).collect();
    let mut names = measured_scenario_names();
    names.retain(|name| !skipped.contains(name));
    every_scenario_holds_in_containers(&suite, "measured", &names, &skipped);
}

/// Runs the suite of this name; `skipped` are its scenarios that containers cannot run.
fn every_scenario_holds_in_containers(
    suite: &str,
    name: &str,
    names: &[String],
    skipped: &[String],
) {
    let out = out_directory();
    let mut command = queuelab(&["run", suite, "--backend", "docker", "--retry", "2"]);
    let output = command.arg("--out").arg(out.path()).output().unwrap();
    assert_passed(&output);
    let mut found = BTreeSet::new();
    for run in runs(out.path()) {
        let (record, trials) = RunDirectory::read(&run).unwrap();
        assert_eq!(record.backend.name, "docker");
        group_executions(&record.scenario.name, &trials);
        let laws: Vec<_> = trials.iter().flat_map(|trial| &trial.laws).collect();
        assert!(laws.len() >= trials.len(), "{run:?}: {laws:?}");
        // A server that may die and died can have no queue to measure, unless the probe saw it
        // before; in a disturbed trial, a late time is not decided.
        let is_unmeasured = |trial, law: &LawCheck| law.held.is_none() && !is_late(trial, law);
        for trial in trials.iter().filter(|trial| trial.server_died.is_none()) {
            let unmeasured = trial.laws.iter().find(|law| is_unmeasured(trial, law));
            assert!(unmeasured.is_none(), "{run:?}, trial {}: {unmeasured:?}", trial.id);
        }
        found.insert(record.scenario.name);
    }
    assert_eq!(found, names.iter().cloned().collect());
    let record = SuiteDirectory::read(&suite_directory(out.path(), name)).unwrap();
    let members = record.members.iter().filter(|member| member.verdict == MemberVerdict::Skipped);
    let found: Vec<_> = members.map(|member| member.scenario.clone()).collect();
    assert_eq!(found, skipped);
}
