//! The context of a trial, available to every stage.

use std::sync::atomic::{AtomicBool, Ordering};

use linux_net::TimerWheel;
use run_record::{DisturbanceThresholds, ExecutionId, KernelRules};
use scenario::{Cell, PlannedTrial};

use crate::backend::{Backend, Purpose, TestbedSpec};
use crate::clock::Clock;
use crate::error::{LabError, Result};
use crate::live::LiveRun;
use crate::start_barrier::StartBarrier;

/// A trial about to run.
pub(crate) struct TrialContext<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) cell: &'a Cell,
    pub(crate) planned: &'a PlannedTrial,
    /// The testbed of the trial after this one.
    pub(crate) next: Option<NextTestbed<'a>>,
    pub(crate) expectations: &'a scenario::Expectations,
    /// The kernel's rules, determined at the start of the run.
    pub(crate) rules: &'a KernelRules,
    /// The kernel's timer wheel; `None` if it is unknown: then the trial is not simulated.
    pub(crate) wheel: Option<&'a TimerWheel>,
    /// The thresholds of the run from which on a trial is disturbed.
    pub(crate) thresholds: &'a DisturbanceThresholds,
    pub(crate) server_may_die: bool,
    /// Whether the probe records a timeline.
    pub(crate) timeline: bool,
    /// Whether the scenario wants a ledger of accepts.
    pub(crate) ledger: bool,
    /// Shared with the trials that run at the same time.
    pub(crate) barrier: Option<&'a StartBarrier>,
    pub(crate) live: &'a LiveRun,
    pub(crate) interrupted: &'a AtomicBool,
}

/// The testbed that the next trial will need.
pub(crate) struct NextTestbed<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) spec: TestbedSpec,
    pub(crate) purpose: Purpose,
}

impl TrialContext<'_> {
    /// The clock of its hosts.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.backend.clock()
    }

    /// Whether the probe keeps a ledger of accepts: another server than the lab's reports none.
    pub(crate) fn keeps_ledger(&self) -> bool {
        self.ledger || self.cell.settings.server.chat().is_none()
    }

    /// The trial and the retry.
    pub(crate) fn execution_id(&self) -> ExecutionId {
        ExecutionId { trial: self.planned.id, retry: self.planned.retry }
    }

    /// Fails if the trial must end: the user interrupted, or a trial of the same batch failed.
    pub(crate) fn check_interruption(&self) -> Result<()> {
        let is_cancelled = self.barrier.is_some_and(StartBarrier::is_cancelled);
        match is_cancelled || self.interrupted.load(Ordering::Relaxed) {
            true => Err(LabError::Interrupted),
            false => Ok(()),
        }
    }
}
