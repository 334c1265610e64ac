//! The verdict on a planned trial with its tries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Verdict, Violation};
use crate::{Tries, TryId};

/// The verdict on a planned trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrialVerdict {
    /// The trial's number in the plan.
    pub trial: u32,
    /// Its cell, by its place in the order of the cells; none if it has no place in
    /// the run's matrix.
    pub cell: Option<u32>,
    /// Its place in the matrix, for a person.
    pub place: String,
    /// `held`, `held-on-retry` or `failed`.
    pub verdict: Verdict,
    /// Each of its tries, in their order.
    pub tries: Vec<TryVerdict>,
}

/// The verdict on one try of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TryVerdict {
    /// Which time the trial ran again; 0 the first time.
    pub retry: u32,
    /// The checks that failed in it.
    pub violations: Vec<Violation>,
}

impl TrialVerdict {
    pub(super) fn new(tries: &Tries<'_>, cell: Option<u32>, place: String) -> Self {
        let verdict = match (tries.held(), tries.is_flaky()) {
            (false, _) => Verdict::Failed,
            (true, true) => Verdict::HeldOnRetry,
            (true, false) => Verdict::Held,
        };
        let of_try = |trial: &&crate::TrialRecord| TryVerdict {
            retry: trial.retry,
            violations: trial.violations().collect(),
        };
        let trial = tries.first().id;
        Self { trial, cell, place, verdict, tries: tries.all().iter().map(of_try).collect() }
    }

    /// What tells a try of it from every other of the run.
    pub fn try_id(&self, a_try: &TryVerdict) -> TryId {
        TryId { trial: self.trial, retry: a_try.retry }
    }

    /// Every violation in any of its tries, with the try.
    pub fn violations(&self) -> impl Iterator<Item = (TryId, &Violation)> {
        self.tries.iter().flat_map(|a_try| {
            a_try.violations.iter().map(|violation| (self.try_id(a_try), violation))
        })
    }
}
