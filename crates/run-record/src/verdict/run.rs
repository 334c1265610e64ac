//! The verdict on a run.

use queue_model::accept_queue::LISTEN_LIMIT;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CellVerdict, CheckVerdict, DisturbedTrial, TrialVerdict, Verdict};
use crate::execution_id::ExecutionId;
use crate::suite_member::MemberVerdict;
use crate::violation::{CheckKind, Violation};

/// The verdict on a run: everything that a report, an exit code or a list of runs needs to
/// know about its checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunVerdict {
    /// The verdict in one word.
    pub verdict: Verdict,
    /// Trials planned.
    pub planned: u32,
    /// Planned trials that were run, not counting retries.
    pub trials: u32,
    /// The first planned trials that were not run, by number; at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_trials: Vec<u32>,
    /// Whether the run ended.
    pub ended: bool,
    /// Every check of the trials by kind and name, and how often it held.
    pub checks: Vec<CheckVerdict>,
    /// Decided checks of the run.
    pub run_checks: u64,
    /// The failed checks of the run.
    pub run_violations: Vec<Violation>,
    /// Every cell, in the order of the matrix.
    pub cells: Vec<CellVerdict>,
    /// The trials whose first run did not hold, by number.
    pub unheld: Vec<TrialVerdict>,
    /// The trials with a disturbed execution, by number; none in records of version 3 and
    /// before, which did not measure it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disturbed: Vec<DisturbedTrial>,
}

impl RunVerdict {
    /// What a suite records for the scenario of this run.
    pub fn member_verdict(&self) -> MemberVerdict {
        match self.verdict {
            verdict if verdict.is_passed() => MemberVerdict::Held,
            verdict if verdict.is_failed() => MemberVerdict::Failed,
            Verdict::Inconclusive => MemberVerdict::Inconclusive,
            _ => MemberVerdict::NotRun,
        }
    }

    /// The number of decided checks, in all executions and of the run.
    pub fn checked(&self) -> u64 {
        let decided = self.checks.iter().map(CheckVerdict::decided);
        decided.fold(self.run_checks, u64::saturating_add)
    }

    /// The number of decided predictions by the kernel's laws that could have failed. A listener
    /// has the limit that its listen(2) set, whatever the kernel does with it: that it is read
    /// back is an ordinary check.
    pub fn predictions(&self) -> u64 {
        let laws = self.checks.iter().filter(|check| check.kind == CheckKind::Law);
        let laws = laws.filter(|check| check.name != LISTEN_LIMIT.title);
        laws.map(CheckVerdict::decided).fold(0, u64::saturating_add)
    }

    /// The number of failed checks in failed trials, including their retries, and of the
    /// run.
    pub fn failed_checks(&self) -> usize {
        self.run_violations.len() + self.failed().flat_map(TrialVerdict::violations).count()
    }

    /// Trials that failed.
    pub fn failed(&self) -> impl Iterator<Item = &TrialVerdict> {
        self.unheld.iter().filter(|trial| trial.verdict == Verdict::Failed)
    }

    /// Trials that held only on a retry.
    pub fn held_on_retry(&self) -> impl Iterator<Item = &TrialVerdict> {
        self.unheld.iter().filter(|trial| trial.verdict == Verdict::HeldOnRetry)
    }

    /// The number of planned trials that have not been run.
    pub fn missing(&self) -> u32 {
        self.planned.saturating_sub(self.trials)
    }

    /// The number of trials that were disturbed in each of their executions: their rates and
    /// shares are no finding.
    pub fn disturbed_trials(&self) -> usize {
        self.disturbed.iter().filter(|trial| !trial.is_measured).count()
    }

    /// The verdict on a trial by its number; `None` if all its executions held.
    pub fn unheld_trial(&self, trial: u32) -> Option<&TrialVerdict> {
        let found = self.unheld.binary_search_by_key(&trial, |unheld| unheld.trial);
        found.ok().map(|at| &self.unheld[at])
    }

    /// What disturbed a trial, by its number; `None` if nothing did.
    pub fn disturbed_trial(&self, trial: u32) -> Option<&DisturbedTrial> {
        let found = self.disturbed.binary_search_by_key(&trial, |disturbed| disturbed.trial);
        found.ok().map(|at| &self.disturbed[at])
    }

    /// What disturbed one execution of a trial, as text; `None` if nothing did.
    pub fn disturbance_of(&self, id: ExecutionId) -> Option<&str> {
        let trial = self.disturbed_trial(id.trial)?;
        let execution = trial.executions.iter().find(|one| one.retry == id.retry)?;
        Some(&execution.description)
    }

    /// The failed checks of one execution of a trial.
    pub fn violations_of(&self, id: ExecutionId) -> &[Violation] {
        let trial = self.unheld_trial(id.trial);
        let found =
            trial.and_then(|trial| trial.executions.iter().find(|one| one.retry == id.retry));
        found.map_or(&[], |found| &found.violations)
    }
}
