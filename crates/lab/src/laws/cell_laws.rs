//! The rules applied to a cell, before the trial and after it.

use queue_model::law::Law;
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
    pub(super) not_applied: Vec<LawNotApplied>,
}

impl CellLaws {
    /// Applies every rule to the cell.
    pub(crate) fn predict(inputs: &Inputs<'_>) -> Self {
        let mut laws = Self::default();
        let known = require_known(inputs);
        for rule in RULES {
            let server = || rule.of.require(&inputs.cell.server);
            let predicted = rule
                .apply(inputs)
                .and_then(|predicted| known.clone().and_then(|()| server()).map(|()| predicted));
            match predicted {
                Ok(predictions) => laws.predictions.extend(predictions),
                Err(Inapplicable::Unconcerned) => {}
                Err(Inapplicable::NotApplied(reason)) => {
                    laws.not_applied.extend(rule.laws.iter().map(|law| not_applied(law, &reason)));
                }
            }
        }
        laws
    }

    /// Compares the predictions with the measurements. A law whose value could not be
    /// measured fails; if the server died, it is undecided instead. One whose assumption
    /// about the trial's course did not come true is not applied.
    pub(crate) fn check(&self, measured: &Measurements<'_>, server_died: bool) -> CheckedLaws {
        let mut checked = CheckedLaws { checks: Vec::new(), not_applied: self.not_applied.clone() };
        for prediction in &self.predictions {
            if let Some(reason) = (prediction.went_otherwise)(measured) {
                checked.not_applied.push(not_applied(&prediction.law, reason));
                continue;
            }
            let measurement = (prediction.measure)(measured);
            let unmeasured = (!server_died).then_some(false);
            checked.checks.push(LawCheck {
                measured: measurement.map(|measurement| measurement.value),
                deviation: measurement.map(|measurement| measurement.value - prediction.predicted),
                held: measurement
                    .map_or(unmeasured, |measurement| Some(prediction.allows(measurement))),
                ..LawCheck::new(&prediction.law, prediction.predicted, prediction.latest)
            });
        }
        checked
    }
}

/// The laws of a cell after a trial of it.
#[derive(Debug)]
pub(crate) struct CheckedLaws {
    /// The predictions with their measurements.
    pub(crate) checks: Vec<LawCheck>,
    /// Laws that concern the cell, but whose conditions do not hold, or did not in the trial.
    pub(crate) not_applied: Vec<LawNotApplied>,
}

fn not_applied(law: &Law, reason: &str) -> LawNotApplied {
    LawNotApplied { id: law.id.to_owned(), title: law.title.to_owned(), reason: reason.to_owned() }
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
