//! A cell of the matrix with its trials.

use run_record::{CellVerdict, TrialExecutions, TrialRecord, Verdict, describe_value};
use serde_json::Value;

use crate::number::Spread;
use crate::run::Run;
use crate::run::combinations;

/// A cell: a value for each varying axis, and the trials with these values.
#[derive(Debug, Clone)]
pub struct Cell<'a> {
    /// Its position in the order of the cells, from 0; the last axis varies fastest.
    pub number: usize,
    /// Its value on each varying axis.
    pub point: Vec<(&'a str, &'a Value)>,
    /// The executions of its trials; a retried trial has several.
    pub trials: Vec<&'a TrialRecord>,
    /// The verdict on it; `None` if the run's verdict has no such cell.
    pub verdict: Option<&'a CellVerdict>,
    run: &'a Run,
}

impl<'a> Cell<'a> {
    /// Every cell of a run, including those without trials.
    pub fn all(run: &'a Run) -> Vec<Self> {
        let points = combinations(&run.varying_axes()).into_iter().enumerate();
        let cell = |(number, point): (usize, Vec<_>)| {
            let at = |trial: &&TrialRecord| {
                point.iter().all(|(path, value)| trial.point.get(*path) == Some(*value))
            };
            let trials = run.trials.iter().filter(at).collect();
            let verdict = run.verdict.cells.get(number);
            Self { number, point, trials, verdict, run }
        };
        points.map(cell).collect()
    }

    /// Its values with the names of their axes.
    pub fn place(&self) -> String {
        self.run.axis_names().describe_place(self.point.iter().copied())
    }

    /// Only its values, for tables whose headings name the axes.
    pub fn values(&self) -> impl Iterator<Item = String> {
        self.point.iter().map(|(_, at)| describe_value(at))
    }

    /// The spread of a value over its trials; `None` if no trial has the value. Disturbed trials
    /// count only if all were, as in [`Cell::is_disturbed`].
    pub fn spread(&self, value: impl Fn(&TrialRecord) -> Option<f64>) -> Option<Spread> {
        let all = self.is_disturbed();
        let trials = self.trials.iter().filter(|trial| all || !trial.is_disturbed());
        Spread::from_values(trials.filter_map(|trial| value(trial)))
    }

    /// The spread of a value over its undisturbed trials; `None` if there are none, or none has
    /// the value.
    pub fn finding(&self, value: impl Fn(&TrialRecord) -> Option<f64>) -> Option<Spread> {
        if self.is_disturbed() { None } else { self.spread(value) }
    }

    /// Whether it has trials, and all of them were disturbed: then its rates, shares and times
    /// are no finding.
    pub fn is_disturbed(&self) -> bool {
        !self.trials.is_empty() && self.trials.iter().all(|trial| trial.is_disturbed())
    }

    /// Each of its planned trials that was run, with all its executions.
    pub fn executions(&self) -> Vec<TrialExecutions<'a>> {
        TrialExecutions::group(self.trials.iter().copied())
    }

    /// The violations in all executions of its trials, a line each, by the run's verdict.
    pub fn violations(&self) -> Vec<String> {
        let lines = |trial: &&TrialRecord| {
            let id = trial.execution_id();
            let violations = self.run.verdict.violations_of(id).iter();
            violations.map(move |violation| format!("trial {id}: {violation}"))
        };
        self.trials.iter().flat_map(lines).collect()
    }

    /// Whether one of its planned trials failed, also when retried.
    pub fn is_failed(&self) -> bool {
        self.verdict.is_some_and(|cell| cell.verdict == Verdict::Failed)
    }
}
