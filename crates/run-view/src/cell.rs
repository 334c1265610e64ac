//! A cell of the matrix with its trials.

use run_record::{CellVerdict, LatencyHistogram, Verdict, describe_value};
use serde_json::Value;

use crate::executions::Executions;
use crate::number::Spread;
use crate::run::Run;
use crate::run::combinations;
use crate::trial::Trial;

/// A cell: a value for each varying axis, and the trials with these values.
#[derive(Debug, Clone)]
pub struct Cell<'a> {
    /// Its position in the order of the cells, from 0; the last axis varies fastest.
    pub number: usize,
    /// Its value on each varying axis.
    pub point: Vec<(&'a str, &'a Value)>,
    /// The executions of its trials; a retried trial has several.
    pub trials: Vec<&'a Trial>,
    /// The verdict on it; `None` if the run's verdict has no such cell.
    pub verdict: Option<&'a CellVerdict>,
    run: &'a Run,
}

impl<'a> Cell<'a> {
    /// Every cell of a run, including those without trials.
    pub fn all(run: &'a Run) -> Vec<Self> {
        let points = combinations(&run.varying_axes());
        let mut trials = vec![Vec::new(); points.len()];
        for trial in &run.trials {
            let number = run.number_of_cell(trial);
            if let Some(trials) = number.and_then(|number| trials.get_mut(number)) {
                trials.push(trial);
            }
        }
        let cells = points.into_iter().zip(trials).enumerate();
        let cell = |(number, (point, trials))| {
            let verdict = run.verdict.cells.get(number);
            Self { number, point, trials, verdict, run }
        };
        cells.map(cell).collect()
    }

    /// The connect latencies of its trials; `None` if one with connects has no histogram, or
    /// nothing connected.
    pub fn connects(&self) -> Option<&'a LatencyHistogram> {
        self.run.connects(self.number)
    }

    /// The response times of its trials; `None` if one with answers has no histogram, or there
    /// are none.
    pub fn responses(&self) -> Option<&'a LatencyHistogram> {
        self.run.responses(self.number)
    }

    /// The number of cells of a run.
    pub fn count(run: &Run) -> usize {
        let sizes = run.varying_axes().into_iter().map(|axis| axis.values.len());
        sizes.fold(1, usize::saturating_mul)
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
    pub fn spread(&self, value: impl Fn(&Trial) -> Option<f64>) -> Option<Spread> {
        let all = self.is_disturbed();
        let trials = self.trials.iter().filter(|trial| all || !trial.is_disturbed());
        Spread::from_values(trials.filter_map(|trial| value(trial)))
    }

    /// The spread of a value over its undisturbed trials; `None` if there are none, or none has
    /// the value.
    pub fn finding(&self, value: impl Fn(&Trial) -> Option<f64>) -> Option<Spread> {
        if self.is_disturbed() { None } else { self.spread(value) }
    }

    /// Whether it has trials, and all of them were disturbed: then its rates, shares and times
    /// are no finding.
    pub fn is_disturbed(&self) -> bool {
        !self.trials.is_empty() && self.trials.iter().all(|trial| trial.is_disturbed())
    }

    /// Each of its planned trials that was run, with all its executions in order.
    pub fn executions(&self) -> Vec<Executions<'a>> {
        Executions::group(&self.trials)
    }

    /// The number of violations in all executions of its trials, by the run's verdict.
    pub fn count_violations(&self) -> usize {
        let violations = |trial: &&Trial| self.run.verdict.violations_of(trial.execution_id());
        self.trials.iter().map(|trial| violations(trial).len()).sum()
    }

    /// The violations in these of its executions, a line each, by the run's verdict.
    pub fn violations(&self, trials: &[&Trial]) -> Vec<String> {
        let lines = |trial: &&Trial| {
            let id = trial.execution_id();
            let violations = self.run.verdict.violations_of(id).iter();
            violations.map(move |violation| format!("trial {id}: {violation}"))
        };
        trials.iter().flat_map(lines).collect()
    }

    /// Whether one of its planned trials failed, also when retried.
    pub fn is_failed(&self) -> bool {
        self.verdict.is_some_and(|cell| cell.verdict == Verdict::Failed)
    }
}
