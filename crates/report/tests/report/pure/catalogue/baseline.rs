//! The answers to the runs that are the baseline of the laws.

use std::path::Path;

use report::Run;
use run_record::RunDirectory;
use scenario::Overrides;

use super::answers;
use super::planned::plan;

/// The recorded run of a scenario's quick form, with the words of the scenario today.
fn baseline(scenario: &str) -> Run {
    let runs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/baseline").join(scenario);
    let run = std::fs::read_dir(&runs).unwrap().next().unwrap().unwrap();
    let (mut record, trials) = RunDirectory::read(&run.path()).unwrap();
    let plan = plan(scenario, &Overrides { quick: true, ..Overrides::default() });
    record.scenario.resolved["headline"] = plan.resolved["headline"].clone();
    Run::new(record, trials)
}

/// The scenarios with such a run.
pub(super) const SCENARIOS: [&str; 12] = [
    "accept-queue-capacity",
    "defer-accept",
    "fin-timeout",
    "overflow-policy",
    "port-exhaustion",
    "reuseport-listeners",
    "source-addresses",
    "syn-cookies",
    "syn-queue-capacity",
    "syn-retry-ladder",
    "time-wait-buckets",
    "time-wait-restart",
];

#[test]
fn the_answers_to_recorded_runs() {
    insta::assert_snapshot!(answers(&SCENARIOS.map(baseline)));
}
