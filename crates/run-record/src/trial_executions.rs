//! A planned trial with all its executions: the first run and the retries.

use std::collections::BTreeMap;

use crate::judge::{CheckCounts, ExecutionResults};
use crate::trial::TrialRecord;

/// Why a retry of a trial may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryReason {
    /// A law or an expectation failed in its last execution, and no invariant in any.
    Failed,
    /// Nothing failed in its last execution, but no execution decided what failed before.
    Undecided,
    /// Nothing failed in its last execution, but all of them were disturbed.
    Disturbed,
}

/// All executions of one planned trial, in their order.
#[derive(Debug, Clone)]
pub struct TrialExecutions<'a> {
    executions: Vec<&'a TrialRecord>,
}

impl<'a> TrialExecutions<'a> {
    /// Groups executions by their planned trial, in the order of the trials' numbers.
    pub fn group(trials: impl IntoIterator<Item = &'a TrialRecord>) -> Vec<Self> {
        let mut by_number: BTreeMap<u32, Vec<&TrialRecord>> = BTreeMap::new();
        for trial in trials {
            by_number.entry(trial.id).or_default().push(trial);
        }
        let in_order = |mut executions: Vec<&'a TrialRecord>| {
            executions.sort_by_key(|trial| trial.retry);
            Self { executions }
        };
        by_number.into_values().map(in_order).collect()
    }

    /// All executions, in their order; at least one.
    pub fn all(&self) -> &[&'a TrialRecord] {
        &self.executions
    }

    /// The first execution, which was not selected by any result.
    pub fn first(&self) -> &'a TrialRecord {
        self.executions[0]
    }

    /// The last execution.
    pub fn last(&self) -> &'a TrialRecord {
        self.executions[self.executions.len() - 1]
    }

    /// Whether each check held in the last execution that decided it, and none violated an
    /// invariant; see `ExecutionResults::held`.
    pub fn held(&self) -> bool {
        if self.failures() == 0 {
            return true;
        }
        let mut checks = CheckCounts::default();
        self.executions.iter().for_each(|trial| checks.add(trial));
        let results = self.executions.iter().map(|trial| ExecutionResults::new(trial, &checks));
        ExecutionResults::held(&results.collect::<Vec<_>>(), &checks)
    }

    /// Whether it held only on a retry.
    pub fn is_flaky(&self) -> bool {
        self.held() && self.failures() > 0
    }

    /// The execution whose rates and shares are the trial's: the first that was not disturbed.
    /// None if all were.
    ///
    /// A failed trial is retried because of its result, so its retries are no other sample. A
    /// disturbed one is retried because of the machine.
    pub fn measured(&self) -> Option<&'a TrialRecord> {
        self.executions.iter().find(|trial| !trial.is_disturbed()).copied()
    }

    /// The executions in which a check failed.
    pub fn failures(&self) -> u32 {
        self.executions.iter().filter(|trial| !trial.held()).count() as u32
    }

    /// Why a retry may help; `None` if it cannot.
    pub fn retry_reason(&self) -> Option<RetryReason> {
        if self.violates_invariant() {
            None
        } else if !self.last().held() {
            Some(RetryReason::Failed)
        } else if !self.held() {
            Some(RetryReason::Undecided)
        } else if self.measured().is_none() {
            Some(RetryReason::Disturbed)
        } else {
            None
        }
    }

    fn violates_invariant(&self) -> bool {
        let mut checks = self.executions.iter().flat_map(|trial| &trial.invariants);
        checks.any(|check| check.held == Some(false))
    }
}
