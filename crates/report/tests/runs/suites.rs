//! Suites of runs that are derived from a recorded run.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::path::PathBuf;

use run_record::{
    MemberRecord, MemberVerdict, RunDirectory, RunRecord, SuiteDirectory, SuiteRecord, TrialRecord,
};
use serde_json::json;

use crate::runs;

/// A directory for runs that are derived from a recorded run, and for suites of them.
pub(crate) struct DerivedRuns(pub(crate) tempfile::TempDir);

impl DerivedRuns {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Adds the recorded run with another name, that many repetitions, and changed trials.
    pub(crate) fn run(
        &self,
        name: &str,
        repeat: u32,
        change: fn(&mut TrialRecord),
    ) -> MemberRecord {
        let (mut record, mut trials) = runs::load_run("sweep");
        trials.retain(|trial| trial.repetition == 0);
        trials.sort_by_key(|trial| trial.cell);
        trials.truncate(2);
        record.scenario.name = name.to_owned();
        record.scenario.resolved["name"] = json!(name);
        record.scenario.resolved["repeat"] = json!(repeat);
        record.planned_trials = repeat * 2;
        for axis in &mut record.axes {
            axis.values
                .retain(|value| trials.iter().any(|trial| trial.point[&axis.path] == *value));
        }
        let mut directory = RunDirectory::create(self.0.path(), &record).unwrap();
        let mut held = true;
        for id in 0..repeat * 2 {
            let mut trial = trials[(id % 2) as usize].clone();
            (trial.id, trial.repetition) = (id, id / 2);
            trial.rates.delivered *= 1.0 + 0.001 * f64::from(id);
            change(&mut trial);
            held &= trial.held();
            directory.append(&trial).unwrap();
        }
        MemberRecord {
            scenario: name.to_owned(),
            verdict: if held { MemberVerdict::Held } else { MemberVerdict::Failed },
            run: Some(SuiteDirectory::relative_run_path(directory.path())),
            problem: None,
            seconds: 1.5,
            trials: repeat * 2,
        }
    }

    pub(crate) fn suite(&self, members: Vec<MemberRecord>) -> PathBuf {
        let RunRecord { started, tool, machine, backend, ended, .. } = runs::load_run("sweep").0;
        let record = SuiteRecord {
            schema_version: 2,
            suite: "night".to_owned(),
            question: "Is it unchanged?".to_owned(),
            started,
            ended,
            tool,
            machine,
            backend,
            members,
            verdict: None,
        };
        SuiteDirectory::create(self.0.path(), &record).unwrap().path().to_owned()
    }
}

pub(crate) fn not_run(name: &str) -> MemberRecord {
    MemberRecord {
        scenario: name.to_owned(),
        verdict: MemberVerdict::NotRun,
        run: None,
        problem: Some("failed to make a testbed: <no> | room".to_owned()),
        seconds: 0.0,
        trials: 0,
    }
}

/// A scenario whose server this machine does not have.
pub(crate) fn skipped(name: &str) -> MemberRecord {
    let problem = Some("start `nginx`: it is not installed".to_owned());
    MemberRecord { verdict: MemberVerdict::Skipped, problem, ..not_run(name) }
}

pub(crate) fn same(_: &mut TrialRecord) {}

pub(crate) fn broken(trial: &mut TrialRecord) {
    trial.laws[0].held = Some(false);
}

pub(crate) fn another_law(trial: &mut TrialRecord) {
    trial.laws[0].predicted += 1.0;
}

pub(crate) fn slower(trial: &mut TrialRecord) {
    trial.rates.delivered *= 0.5;
}
