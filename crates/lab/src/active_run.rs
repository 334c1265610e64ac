//! A run in progress: its trials so far, and those that are due.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use linux_net::SysctlName;
use run_record::{Folder, RunDirectory, RunRecord, TrialRecord};
use scenario::{Plan, PlannedTrial};

use crate::error::Result;
use crate::finished_run::FinishedRun;
use crate::schedule::{self, MaxRetries};
use crate::trial::TrialOutput;
use crate::writer::Writer;
use crate::{invariants, machine};

/// A run in progress.
#[derive(Debug)]
pub(crate) struct ActiveRun<'a> {
    plan: &'a Plan,
    record: RunRecord,
    trials: Vec<TrialRecord>,
    writer: Writer,
    /// The machine's own sysctls, which no trial may change.
    watched: BTreeSet<SysctlName>,
    own_before: BTreeMap<String, String>,
}

impl<'a> ActiveRun<'a> {
    /// A run that begins, or continues after the trials `done`.
    pub(crate) fn new(
        plan: &'a Plan,
        directory: RunDirectory,
        record: RunRecord,
        done: Vec<TrialRecord>,
    ) -> Self {
        let watched = watched_sysctls(plan);
        let own_before = machine::own_sysctls(&watched);
        let writer = Writer::new(directory, &plan.scenario.record);
        Self { plan, record, trials: done, writer, watched, own_before }
    }

    /// The run's plan.
    pub(crate) fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The run's directory.
    pub(crate) fn path(&self) -> &Path {
        self.writer.path()
    }

    /// The run's open directory.
    pub(crate) fn folder(&self) -> &Folder {
        self.writer.folder()
    }

    /// The run's record.
    pub(crate) fn record(&self) -> &RunRecord {
        &self.record
    }

    /// The trials to run next.
    pub(crate) fn due(&self) -> Vec<PlannedTrial> {
        let RunRecord { retries, disturbed_retries, .. } = self.record;
        let max = MaxRetries { failed: retries, disturbed: disturbed_retries };
        schedule::due(&self.plan.trials, &schedule::history(&self.trials), max)
    }

    /// The number of planned trials that have been run at least once.
    pub(crate) fn done(&self) -> usize {
        schedule::history(&self.trials).len()
    }

    /// Records a trial that has ended.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn add(&mut self, mut output: TrialOutput) -> Result<&TrialRecord> {
        let own = machine::own_sysctls(&self.watched);
        output.record.invariants.push(invariants::host_untouched(&self.own_before, &own));
        self.writer.append(&output)?;
        self.trials.push(output.record);
        Ok(&self.trials[self.trials.len() - 1])
    }

    /// Records the end of the run.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn finish(self) -> Result<FinishedRun> {
        let Self { writer, mut record, trials, .. } = self;
        writer.finish(&mut record)?;
        Ok(FinishedRun { path: writer.path().to_owned(), record, trials })
    }
}

fn watched_sysctls(plan: &Plan) -> BTreeSet<SysctlName> {
    let set = plan.cells.iter().flat_map(|cell| {
        let hosts = &cell.settings.hosts;
        hosts.server.sysctls.keys().chain(hosts.client.sysctls.keys())
    });
    machine::watched_sysctls(set.map(String::as_str))
}
