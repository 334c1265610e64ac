//! What a law predicts and a run measured for a question.

use run_record::TrialRecord;
use serde_json::Value;

use crate::error::{LessonError, Result};
use crate::question::{CounterName, Prediction, Question};
use crate::recorded_run::RecordedRun;

/// The answer to a question in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// By the kernel's rules.
    pub predicted: f64,
    /// In the trials of its cell.
    pub measured: Measured,
    /// The changes of its counters; medians of the trials.
    pub counters: Vec<(CounterName, f64)>,
    /// Whether other work disturbed each trial: then rates, shares and times are no finding.
    pub is_disturbed: bool,
}

/// A value in the trials of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The median; of an even number of trials, the mean of the middle two.
    pub median: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// The number of trials.
    pub trials: usize,
}

impl Measured {
    /// Of these values; `None` if there are none.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (&least, &most) = (values.first()?, values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            1 => values[middle],
            _ => f64::midpoint(values[middle - 1], values[middle]),
        };
        Some(Self { median, least, most, trials: values.len() })
    }
}

impl Question {
    /// Its answer in a run.
    ///
    /// # Errors
    /// [`LessonError::Unanswered`]: the run has no such cell, law or fact.
    pub fn find(&self, run: &RecordedRun) -> Result<Finding> {
        self.find_in(run)
            .map_err(|message| LessonError::Unanswered { question: self.id.clone(), message })
    }

    /// What the kernel's rules predict: by a law, as the run predicted it.
    ///
    /// # Errors
    /// [`LessonError::Unanswered`]: the run has no such cell or law.
    pub fn predicted(&self, run: &RecordedRun) -> Result<f64> {
        let trials = match &self.prediction {
            Prediction::Rule(_) => Ok(Vec::new()),
            Prediction::Law(_) => run.cell(&self.cell),
        };
        trials
            .and_then(|trials| self.predict(&trials))
            .map_err(|message| LessonError::Unanswered { question: self.id.clone(), message })
    }

    fn find_in(&self, run: &RecordedRun) -> Result<Finding, String> {
        let trials = run.cell(&self.cell)?;
        let counter = |name: &CounterName| {
            let change = run.counter(name, &self.cell)?;
            Ok((name.clone(), change.median))
        };
        Ok(Finding {
            predicted: self.predict(&trials)?,
            measured: run.value(&self.measured, &self.cell)?,
            counters: self.counters.iter().map(counter).collect::<Result<_, String>>()?,
            is_disturbed: trials.iter().all(|trial| trial.is_disturbed()),
        })
    }

    fn predict(&self, trials: &[&TrialRecord]) -> Result<f64, String> {
        match &self.prediction {
            Prediction::Rule(rule) => rule.evaluate(&Value::Object(serde_json::Map::new())),
            Prediction::Law(id) => {
                let check = |trial: &&TrialRecord| {
                    trial.laws.iter().find(|law| law.id == *id).map(|law| law.predicted)
                };
                let predicted = trials.iter().filter_map(check).collect();
                let predicted = Measured::of(predicted)
                    .ok_or_else(|| format!("the law {id} was not applied in its cell"))?;
                Ok(predicted.median)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        let measured = Measured::of(vec![4.0, 1.0, 2.0, 3.0]).expect("values");
        assert_eq!((measured.median, measured.least, measured.most), (2.5, 1.0, 4.0));
        assert_eq!(Measured::of(vec![7.0]).expect("a value").median, 7.0);
        assert_eq!(Measured::of(Vec::new()), None);
    }
}
