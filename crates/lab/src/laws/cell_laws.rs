//! The rules applied to a cell, before the trial and after it.

use run_record::{LawCheck, LawNotApplied};
use scenario::CellSettings;

use super::condition::Inapplicable;
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::rule::Prediction;
use super::rules::RULES;
use super::unmodelled::require_known;
use crate::kernel_facts::KernelFacts;

/// The predictions of all rules for a cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct CellLaws {
    pub(super) predictions: Vec<Prediction>,
    /// Laws that concern the cell, but whose conditions do not hold.
    pub(crate) not_applied: Vec<LawNotApplied>,
}

impl CellLaws {
    /// Applies every rule to the cell.
    pub(crate) fn predict(inputs: &Inputs<'_>) -> Self {
        let mut laws = Self::default();
        for rule in RULES {
            let known = require_known(inputs);
            match (rule.predict)(inputs).and_then(|predicted| known.map(|()| predicted)) {
                Ok(predictions) => laws.predictions.extend(predictions),
                Err(Inapplicable::Unconcerned) => {}
                Err(Inapplicable::NotApplied(reason)) => {
                    laws.not_applied.extend(rule.laws.iter().map(|law| LawNotApplied {
                        id: law.id.to_owned(),
                        title: law.title.to_owned(),
                        reason: reason.clone(),
                    }));
                }
            }
        }
        laws
    }

    /// Compares the predictions with the measurements. A law whose value could not be
    /// measured fails; if the server died, it is undecided instead. So is one whose
    /// assumption about the trial's course did not come true.
    pub(crate) fn check(&self, measured: &Measurements<'_>, server_died: bool) -> Vec<LawCheck> {
        let check = |prediction: &Prediction| {
            let measurement = (prediction.measure)(measured);
            let unmeasured = (!server_died).then_some(false);
            let decided = !(prediction.went_otherwise)(measured);
            LawCheck {
                measured: measurement.map(|measurement| measurement.value),
                deviation: measurement.map(|measurement| measurement.value - prediction.predicted),
                held: measurement
                    .map_or(unmeasured, |measurement| Some(prediction.allows(measurement)))
                    .filter(|_| decided),
                ..LawCheck::new(&prediction.law, prediction.predicted, prediction.latest)
            }
        };
        self.predictions.iter().map(check).collect()
    }
}

/// What the laws predict for a cell, computed only from its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct CellPredictions {
    /// The predictions, without measurements.
    pub predicted: Vec<LawCheck>,
    /// Laws that concern the cell, but whose conditions do not hold.
    pub not_applied: Vec<LawNotApplied>,
}

/// Predicts a cell from its settings without starting anything, as a trial of it on this
/// kernel does.
pub fn predictions(cell: &CellSettings, kernel: &KernelFacts) -> CellPredictions {
    let CellLaws { predictions, not_applied } = CellLaws::predict(&Inputs::new(cell, kernel));
    let check = |law: &Prediction| LawCheck::new(&law.law, law.predicted, law.latest);
    CellPredictions { predicted: predictions.iter().map(check).collect(), not_applied }
}
