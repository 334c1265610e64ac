//! A run, and the trials of one of its cells.

use std::path::Path;

use indexmap::IndexMap;
use run_record::{RunDirectory, RunRecord, TrialRecord, describe_value, facts};
use scenario::FactExpression;
use serde_json::Value;

use crate::error::Result;
use crate::finding::Measured;
use crate::question::CounterName;

/// A run that answers a lesson.
#[derive(Debug)]
pub struct RecordedRun {
    record: RunRecord,
    trials: Vec<TrialRecord>,
}

impl RecordedRun {
    /// A run from the contents of its directory.
    pub fn new(record: RunRecord, trials: Vec<TrialRecord>) -> Self {
        Self { record, trials }
    }

    /// Reads a run directory.
    ///
    /// # Errors
    /// [`LessonError::Run`](crate::LessonError::Run).
    pub fn read(path: &Path) -> Result<Self> {
        let (record, trials) = RunDirectory::read(path)?;
        Ok(Self::new(record, trials))
    }

    /// The contents of `run.json`.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// The trials of a cell: those that were not disturbed, or all if each of them was.
    ///
    /// # Errors
    /// In words: it names no axis of the run, not each that varies, or has no trial.
    pub(crate) fn cell(&self, cell: &IndexMap<String, Value>) -> Result<Vec<&TrialRecord>, String> {
        let axis = |path: &str| self.record.axes.iter().find(|axis| axis.path == path);
        for (path, value) in cell {
            let axis = axis(path).ok_or_else(|| format!("the run has no axis {path}"))?;
            if !axis.values.iter().any(|other| is_equal(other, value)) {
                let values: Vec<_> = axis.values.iter().map(describe_value).collect();
                let (value, values) = (describe_value(value), values.join(", "));
                return Err(format!("{path} is not {value} in the run: it has {values}"));
            }
        }
        let varying = self.record.axes.iter().filter(|axis| axis.values.len() > 1);
        if let Some(axis) = varying.into_iter().find(|axis| !cell.contains_key(&axis.path)) {
            return Err(format!(
                "its `cell` has no value of {}, which varies in the run",
                axis.path
            ));
        }
        let all: Vec<_> =
            self.trials.iter().filter(|trial| is_in_cell(&trial.point, cell)).collect();
        if all.is_empty() {
            return Err("the run has no trial of its cell".to_owned());
        }
        let quiet: Vec<_> = all.iter().copied().filter(|trial| !trial.is_disturbed()).collect();
        Ok(if quiet.is_empty() { all } else { quiet })
    }

    /// The change of a counter in the trials of a cell; 0 where it did not change.
    ///
    /// # Errors
    /// In words.
    pub(crate) fn counter(
        &self,
        counter: &CounterName,
        cell: &IndexMap<String, Value>,
    ) -> Result<Measured, String> {
        let change = |trial: &TrialRecord| {
            let counters = match counter.host.as_str() {
                "server" => &trial.evidence.server,
                _ => &trial.evidence.client,
            };
            counters.get(&counter.name).copied().unwrap_or(0) as f64
        };
        let changes = self.cell(cell)?.into_iter().map(change).collect();
        Ok(Measured::of(changes).expect("a cell has trials"))
    }

    /// The value of an expression in the trials of a cell.
    ///
    /// # Errors
    /// In words, also if a fact is missing.
    pub fn value(
        &self,
        expression: &FactExpression,
        cell: &IndexMap<String, Value>,
    ) -> Result<Measured, String> {
        let values = self.cell(cell)?.into_iter().map(|trial| expression.evaluate(&facts(trial)));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        Ok(Measured::of(values).expect("a cell has trials"))
    }
}

/// Whether a point of a matrix is in a cell, which may name fewer axes.
pub fn is_in_cell(point: &IndexMap<String, Value>, cell: &IndexMap<String, Value>) -> bool {
    let is_at = |(path, value): (&String, &Value)| {
        point.get(path).is_none_or(|other| is_equal(other, value))
    };
    cell.iter().all(is_at)
}

/// Numbers can be written as integers or with a fraction.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}
