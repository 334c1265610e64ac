//! The rules applied to a cell, before the trial and after it.

use std::time::Duration;

use linux_net::Sysctl;
use queue_model::syn_queue::SynQueueFull;
use queue_model::time_wait;
use run_record::{LawCheck, LawNotApplied};
use scenario::CellSettings;

use super::condition::Inapplicable;
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::rule::Prediction;
use super::rules::RULES;

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
            match (rule.predict)(inputs) {
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
    /// measured fails; if the server died, it is undecided instead.
    pub(crate) fn check(&self, measured: &Measurements<'_>, server_died: bool) -> Vec<LawCheck> {
        let check = |prediction: &Prediction| {
            let measurement = (prediction.measure)(measured);
            let unmeasured = (!server_died).then_some(false);
            LawCheck {
                measured: measurement.map(|measurement| measurement.value),
                deviation: measurement.map(|measurement| measurement.value - prediction.predicted),
                held: measurement
                    .map_or(unmeasured, |measurement| Some(prediction.allows(measurement))),
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

/// Predicts a cell from its settings without starting anything.
/// `default_somaxconn` is the kernel's value, for cells that do not set the sysctl; the
/// SYN queue rule is that of kernels since January 2025.
pub fn predictions(cell: &CellSettings, default_somaxconn: u32) -> CellPredictions {
    let server = &cell.hosts.server.sysctls;
    let somaxconn = match server.get(Sysctl::Somaxconn.name()) {
        Some(value) => value.to_string().parse().ok(),
        None => Some(default_somaxconn),
    };
    let configured_delay = cell.hosts.client.sysctls.get(Sysctl::TcpTwReuseDelay.name());
    let tw_reuse_delay = match configured_delay {
        Some(delay) => delay.to_string().parse().ok().map(Duration::from_millis),
        None => Some(time_wait::DEFAULT_REUSE_DELAY),
    };
    let syn_queue_full = SynQueueFull::Above;
    let inputs = Inputs { cell, somaxconn, syn_queue_full, tw_reuse_delay, hz: None };
    let CellLaws { predictions, not_applied } = CellLaws::predict(&inputs);
    let check = |law: &Prediction| LawCheck::new(&law.law, law.predicted, law.latest);
    CellPredictions { predicted: predictions.iter().map(check).collect(), not_applied }
}
