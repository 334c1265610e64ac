//! What the list shows of a run.

use jiff::Timestamp;
use run_record::{Interleaved, InterleavedRole, Outcome, RunVerdict};
use run_view::Run;
use run_view::number::total;

/// What the list shows of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    pub(crate) question: String,
    pub(crate) started: Timestamp,
    pub(crate) is_quick: bool,
    pub(crate) attempts: u64,
    /// Attempts with the outcome `ok`.
    pub(crate) ok: u64,
    /// Without its cells, which the list does not need.
    pub(crate) verdict: RunVerdict,
    pub(crate) kernel: String,
    pub(crate) backend: String,
    /// The run that it was interleaved with, and which of the two it is.
    pub(crate) interleaved: Option<Interleaved>,
}

impl Summary {
    pub(crate) fn new(run: &Run) -> Self {
        let Run { record, trials, verdict, .. } = run;
        Self {
            question: record.scenario.question.clone(),
            started: record.started,
            is_quick: record.scenario.overrides.quick,
            attempts: total(trials.iter().map(|trial| trial.attempts)),
            ok: total(trials.iter().map(|trial| trial.outcomes.get(Outcome::Ok))),
            verdict: RunVerdict { cells: Vec::new(), ..verdict.clone() },
            kernel: record.machine.kernel.clone(),
            backend: record.backend.name.clone(),
            interleaved: record.interleaved.clone(),
        }
    }

    /// The run whose baseline it is, if it is one.
    pub(crate) fn baseline_of(&self) -> Option<&str> {
        let Interleaved { role, with } = self.interleaved.as_ref()?;
        (*role == InterleavedRole::Baseline).then_some(with.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use run_record::RunDirectory;

    use super::*;

    #[test]
    fn the_sum_of_attempts_saturates() {
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let (record, mut trials) = RunDirectory::read(&sweep).unwrap();
        trials[0].attempts = u64::MAX;
        assert_eq!(Summary::new(&Run::new(record, trials)).attempts, u64::MAX);
    }
}
