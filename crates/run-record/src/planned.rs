//! Whether the trials of a run are those that its `run.json` plans.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use crate::axis::Axis;
use crate::run::RunRecord;
use crate::trial::TrialRecord;

/// Checks trials in the order in which they were recorded.
#[derive(Debug)]
pub(crate) struct PlannedTrials<'a> {
    run: Cow<'a, RunRecord>,
    cells: u64,
    /// The executions of each trial so far.
    executions: HashMap<u32, u32>,
}

impl<'a> PlannedTrials<'a> {
    pub(crate) fn new(run: Cow<'a, RunRecord>) -> Self {
        // A run with more cells was refused.
        let cells = run.axes.iter().map(|axis| axis.values.len() as u64).product();
        Self { run, cells, executions: HashMap::new() }
    }

    /// Checks the next trial.
    ///
    /// # Errors
    /// Why it cannot be the next trial of the run.
    pub(crate) fn check(&mut self, trial: &TrialRecord) -> Result<(), String> {
        let id = trial.execution_id();
        let planned = self.run.planned_trials;
        if trial.id >= planned {
            return Err(format!("trial {id} is not planned: run.json plans {planned} trials"));
        }
        // The first repetition of every cell comes before the second.
        let number = u64::from(trial.id);
        let (cell, repetition) = (number % self.cells.max(1), number / self.cells.max(1));
        let found = (u64::from(trial.cell), u64::from(trial.repetition));
        if found != (cell, repetition) {
            return Err(format!(
                "trial {id} is planned as repetition {repetition} of cell {cell}, not as \
                 repetition {} of cell {}",
                trial.repetition, trial.cell
            ));
        }
        self.check_point(trial, cell)?;
        let executions = self.executions.entry(trial.id).or_default();
        let max = self.run.retries.saturating_add(self.run.disturbed_retries);
        if trial.retry < *executions {
            return Err(format!("duplicate trial {id}"));
        } else if trial.retry > *executions {
            return Err(format!("trial {id} is here, but not each of its earlier executions"));
        } else if trial.retry > max {
            let retries = if max == 1 { "retry" } else { "retries" };
            return Err(format!("trial {id} is not planned: run.json allows {max} {retries}"));
        }
        *executions += 1;
        Ok(())
    }

    fn check_point(&self, trial: &TrialRecord, cell: u64) -> Result<(), String> {
        let mut rest = cell;
        // The last axis varies fastest.
        for axis in self.run.axes.iter().rev() {
            let values = axis.values.len() as u64;
            let planned = &axis.values[(rest % values) as usize];
            rest /= values;
            self.check_value(trial, axis, planned)?;
        }
        let is_axis = |path: &String| self.run.axes.iter().any(|axis| axis.path == *path);
        match trial.point.keys().find(|path| !is_axis(path)) {
            None => Ok(()),
            Some(path) => Err(format!(
                "trial {} has the setting {path} in its point, which is no axis of run.json",
                trial.execution_id()
            )),
        }
    }

    fn check_value(&self, trial: &TrialRecord, axis: &Axis, planned: &Value) -> Result<(), String> {
        let found = trial.point.get(&axis.path);
        if found == Some(planned) {
            return Ok(());
        }
        let found = found.map_or("nothing".to_owned(), Value::to_string);
        Err(format!(
            "trial {} has {} {found}, but its cell {} has {planned}",
            trial.execution_id(),
            axis.path,
            trial.cell
        ))
    }
}
