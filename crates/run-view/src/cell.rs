//! A cell of the matrix with its trials.

use run_record::{AxisNames, CellVerdict, TrialExecutions, TrialRecord, Verdict};
use serde_json::Value;

use crate::Run;
use crate::number::{Spread, value};
use crate::run::combinations;

/// A cell: a value for each varying axis, and the trials that have them.
#[derive(Debug, Clone)]
pub struct Cell<'a> {
    /// Its place in the order of the cells, from 0; the last axis is the fastest.
    pub number: usize,
    /// Its value on each varying axis.
    pub point: Vec<(&'a str, &'a Value)>,
    /// Its trials, each try for itself.
    pub trials: Vec<&'a TrialRecord>,
    /// What held in it; none if the run's verdict does not have it.
    pub verdict: Option<&'a CellVerdict>,
    names: &'a AxisNames,
}

impl<'a> Cell<'a> {
    /// Every cell of a run, those without a trial too.
    pub fn all(run: &'a Run) -> Vec<Self> {
        let points = combinations(&run.varying_axes()).into_iter().enumerate();
        let cell = |(number, point): (usize, Vec<_>)| {
            let at = |trial: &&TrialRecord| {
                point.iter().all(|(path, value)| trial.point.get(*path) == Some(*value))
            };
            let trials = run.trials.iter().filter(at).collect();
            let verdict = run.verdict.cells.get(number);
            Self { number, point, trials, verdict, names: run.axis_names() }
        };
        points.map(cell).collect()
    }

    /// Its values, with their axes' names.
    pub fn place(&self) -> String {
        self.names.describe_place(self.point.iter().copied())
    }

    /// Its values alone, for where a heading names the axes.
    pub fn values(&self) -> impl Iterator<Item = String> {
        self.point.iter().map(|(_, at)| value(at))
    }

    /// A figure of its trials.
    pub fn spread(&self, of: impl Fn(&TrialRecord) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.trials.iter().filter_map(|trial| of(trial)))
    }

    /// Each of its planned trials that was run, with all its tries.
    pub fn tries(&self) -> Vec<TrialExecutions<'a>> {
        TrialExecutions::group(self.trials.iter().copied())
    }

    /// The violations in its trials, in any try, a line each.
    pub fn violations(&self) -> Vec<String> {
        self.trials.iter().flat_map(|trial| violations(trial)).collect()
    }

    /// Whether one of its planned trials failed, and no retry made it good.
    pub fn failed(&self) -> bool {
        self.has(Verdict::Failed)
    }

    /// Whether its verdict is this one.
    pub fn has(&self, verdict: Verdict) -> bool {
        self.verdict.is_some_and(|cell| cell.verdict == verdict)
    }
}

/// The violations in one try of a trial, a line each.
pub fn violations(trial: &TrialRecord) -> Vec<String> {
    let id = trial.execution_id();
    trial.violations().map(|violation| format!("trial {id}: {violation}")).collect()
}
