//! A planned trial with all its executions.

use crate::trial::Trial;

/// All executions of one planned trial: the first run and the retries, in their order.
#[derive(Debug, Clone)]
pub struct Executions<'a>(Vec<&'a Trial>);

impl<'a> Executions<'a> {
    /// Groups executions, which must be in the order of their trials' numbers.
    pub fn group(trials: &[&'a Trial]) -> Vec<Self> {
        let groups = trials.chunk_by(|one, other| one.id == other.id);
        groups.map(|executions| Self(executions.to_vec())).collect()
    }

    /// All executions, in their order; at least one.
    pub fn all(&self) -> &[&'a Trial] {
        &self.0
    }

    /// The first execution, which was not selected by any result.
    pub fn first(&self) -> &'a Trial {
        self.0[0]
    }

    /// The last execution.
    pub fn last(&self) -> &'a Trial {
        self.0[self.0.len() - 1]
    }

    /// The execution whose rates and shares are the trial's: the first that was not disturbed.
    /// `None` if all were.
    ///
    /// A failed trial is retried because of its result, so its retries are no other sample. A
    /// disturbed one is retried because of the machine.
    pub fn measured(&self) -> Option<&'a Trial> {
        self.0.iter().find(|trial| !trial.is_disturbed()).copied()
    }
}
