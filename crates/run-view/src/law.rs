//! A law's check in a trial.

use std::sync::Arc;

use queue_model::law::Unit;
use run_record::LawCheck;

use crate::shared::Shared;

/// A law's prediction and its measurement, as [`LawCheck`].
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of `LawCheck` describe them")]
pub struct Law {
    pub id: Arc<str>,
    pub title: Arc<str>,
    unit: Unit,
    pub predicted: f64,
    pub measured: Option<f64>,
    pub deviation: Option<f64>,
    pub latest: Option<f64>,
    pub held: Option<bool>,
}

impl Law {
    pub(crate) fn new(check: &LawCheck, shared: &mut Shared) -> Self {
        Self {
            id: shared.text(&check.id),
            title: shared.text(&check.title),
            unit: check.unit,
            predicted: check.predicted,
            measured: check.measured,
            deviation: check.deviation,
            latest: check.latest,
            held: check.held,
        }
    }

    /// The title with the unit of a time: `connect(2) times out (s)`.
    pub fn heading(&self) -> String {
        match self.unit {
            // Titles of records before schema 3 end with their unit.
            Unit::Seconds if !self.title.contains(", s") => format!("{}, s", self.title),
            _ => self.title.to_string(),
        }
    }
}
