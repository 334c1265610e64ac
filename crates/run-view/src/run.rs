//! A run with its axes by name.

use run_record::{Axis, AxisNames, Build, RunRecord, RunVerdict, TrialExecutions, TrialRecord};
use serde_json::Value;

use crate::prose::several;

/// A run: its record, its trials and its verdict.
#[derive(Debug, Clone)]
pub struct Run {
    /// The contents of `run.json`.
    pub record: RunRecord,
    /// The executions of its trials, by number; a retried trial has several.
    pub trials: Vec<TrialRecord>,
    /// The recorded verdict, or one computed from the trials if none is recorded.
    pub verdict: RunVerdict,
    axis_names: AxisNames,
}

impl Run {
    /// A run from the contents of its directory.
    pub fn new(record: RunRecord, mut trials: Vec<TrialRecord>) -> Self {
        trials.sort_by_key(TrialRecord::execution_id);
        let verdict = record.verdict.clone();
        let verdict = verdict.unwrap_or_else(|| RunVerdict::new(&record, &trials));
        let axis_names = record.axis_names();
        Self { record, trials, verdict, axis_names }
    }

    /// Each planned trial that was run, with all its executions.
    pub fn executions(&self) -> Vec<TrialExecutions<'_>> {
        TrialExecutions::group(&self.trials)
    }

    /// The run with only those trials that were not disturbed, whose rates, shares and times
    /// are a finding. It has the verdict on the whole run.
    pub fn undisturbed(&self) -> Self {
        let trials = self.trials.iter().filter(|trial| !trial.is_disturbed());
        Self { trials: trials.cloned().collect(), ..self.clone() }
    }

    /// Whether a cell has several repetitions; retries do not count.
    pub fn is_repeated(&self) -> bool {
        self.trials.iter().any(|trial| trial.repetition > 0)
    }

    /// The trials with these values on these axes.
    pub fn trials_at<'a>(
        &'a self,
        point: &'a [(&'a str, &'a Value)],
    ) -> impl Iterator<Item = &'a TrialRecord> {
        self.trials.iter().filter(move |trial| {
            point.iter().all(|(path, value)| trial.point.get(*path) == Some(*value))
        })
    }

    /// Short, distinct names of its axes.
    pub fn axis_names(&self) -> &AxisNames {
        &self.axis_names
    }

    /// An axis as headings name it.
    pub fn axis_name<'a>(&'a self, path: &'a str) -> &'a str {
        self.axis_names.short(path)
    }

    /// A point as a line of text: `design global-lock, backlog 10`; empty without any axis.
    pub fn describe_point<'a>(
        &self,
        point: impl IntoIterator<Item = (&'a str, &'a Value)>,
    ) -> String {
        self.axis_names.describe(point)
    }

    /// A trial's place on the axes, as a line of text.
    pub fn place(&self, trial: &TrialRecord) -> String {
        self.axis_names.place(&trial.point)
    }

    /// The axes with a single value, as a sentence; `None` if there are none.
    pub fn fixed_axes(&self) -> Option<String> {
        let fixed = self.record.axes.iter().filter(|axis| axis.values.len() == 1);
        let fixed = fixed.map(|axis| (axis.path.as_str(), &axis.values[0]));
        let text = self.describe_point(fixed);
        (!text.is_empty()).then(|| format!("Everywhere: {text}."))
    }

    /// The backend and the machine, as a sentence.
    pub fn hosts(&self) -> String {
        let RunRecord { backend, machine, .. } = &self.record;
        let version = backend.version.as_ref().map_or(String::new(), |v| format!(" {v}"));
        let parts =
            self.build().map_or(String::new(), |build| format!(" Workers in them: {build}."));
        format!(
            "Hosts: {}{version}, {}; Linux {} on {}.{parts}",
            backend.name,
            backend.details,
            machine.kernel,
            several(machine.cpus.into(), "CPU")
        )
    }

    /// The build whose workers ran in the hosts; `None` if it was the program that led the
    /// run.
    pub fn build(&self) -> Option<String> {
        self.record.build.as_ref().map(Build::to_string)
    }

    /// The axes with several values; only these need a column in a table.
    pub fn varying_axes(&self) -> Vec<&Axis> {
        self.record.axes.iter().filter(|axis| axis.values.len() > 1).collect()
    }
}

/// Every combination of the axes' values; the last axis varies fastest. Without axes, one
/// empty combination.
pub fn combinations<'a>(axes: &[&'a Axis]) -> Vec<Vec<(&'a str, &'a Value)>> {
    axes.iter().fold(vec![Vec::new()], |points, axis| {
        points
            .iter()
            .flat_map(|point| {
                axis.values.iter().map(move |value| {
                    let mut longer = point.clone();
                    longer.push((axis.path.as_str(), value));
                    longer
                })
            })
            .collect()
    })
}
