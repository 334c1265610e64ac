//! A run that is under way: each trial is kept as it ends.

use std::collections::{BTreeMap, BTreeSet};

use linux_net::SysctlName;
use run_record::{KernelRules, RunDirectory, RunRecord, TrialRecord};
use scenario::{Plan, PlannedTrial};

use crate::error::Result;
use crate::live::LiveRun;
use crate::run::{Begun, Progress, Run, RunEnd};
use crate::trial::Finished;
use crate::{invariants, machine, retries};

/// A run, and what it has found so far.
pub(crate) struct UnderWay<'a> {
    run: &'a Run<'a>,
    directory: RunDirectory,
    record: RunRecord,
    trials: Vec<TrialRecord>,
    /// The machine's own sysctls that no trial may touch.
    watched: BTreeSet<SysctlName>,
    own_before: BTreeMap<String, String>,
}

impl<'a> UnderWay<'a> {
    pub(crate) fn new(run: &'a Run<'a>, begun: Begun) -> Self {
        let Begun { directory, record, done: trials } = begun;
        let watched = watched_sysctls(run.plan);
        let own_before = machine::own_sysctls(&watched);
        Self { run, directory, record, trials, watched, own_before }
    }

    /// Where it shows what it does.
    pub(crate) fn live(&self) -> LiveRun {
        LiveRun::new(self.directory.path().to_owned())
    }

    /// What is to be run next: trials that are missing; when none is, those that
    /// did not hold, again, as often as the record allows.
    pub(crate) fn due(&self) -> Vec<PlannedTrial> {
        retries::due(&self.run.plan.trials, &self.trials, self.record.retries)
    }

    pub(crate) fn kernel_rules(&self) -> &KernelRules {
        &self.record.kernel_rules
    }

    /// Appends a trial to the directory.
    ///
    /// # Errors
    /// When the trial could not be run, or cannot be written.
    pub(crate) fn keep(
        &mut self,
        finished: Result<Finished>,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        let Finished { mut record, attempts, timeline } =
            finished.map_err(|error| self.run.told(error))?;
        let own = machine::own_sysctls(&self.watched);
        record.invariants.push(invariants::host_untouched(&self.own_before, &own));
        let kept = &self.run.plan.scenario.record;
        if kept.attempts {
            self.directory.write_attempts(record.try_id(), &attempts)?;
        }
        if kept.timelines {
            self.directory.write_timeline(record.try_id(), &timeline)?;
        }
        self.directory.append(&record)?;
        progress.trial_ended(&record);
        self.trials.push(record);
        Ok(())
    }

    /// Says in the directory that this was all.
    ///
    /// # Errors
    /// When that cannot be written.
    pub(crate) fn finish(self) -> Result<RunEnd> {
        let Self { directory, mut record, trials, .. } = self;
        directory.finish(&mut record)?;
        Ok(RunEnd { path: directory.path().to_owned(), record, trials })
    }
}

fn watched_sysctls(plan: &Plan) -> BTreeSet<SysctlName> {
    let set = plan.cells.iter().flat_map(|cell| {
        let hosts = &cell.settings.hosts;
        hosts.server.sysctls.keys().chain(hosts.client.sysctls.keys())
    });
    machine::watched_sysctls(set.map(String::as_str))
}
