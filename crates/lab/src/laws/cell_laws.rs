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

/// The laws of a cell.
#[derive(Debug, Clone, Default)]
pub(crate) struct CellLaws {
    pub(super) predictions: Vec<Prediction>,
    /// The laws that concern the cell but cannot decide it.
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

    /// Compares the predictions with the measurements. A law whose counterpart
    /// could not be measured does not hold, unless the server had died.
    pub(crate) fn check(&self, measured: &Measurements<'_>, server_died: bool) -> Vec<LawCheck> {
        let check = |prediction: &Prediction| {
            let figure = (prediction.measure)(measured);
            let unmeasured = (!server_died).then_some(false);
            LawCheck {
                measured: figure.map(|figure| figure.value),
                deviation: figure.map(|figure| figure.value - prediction.predicted),
                held: figure.map_or(unmeasured, |figure| Some(prediction.allows(figure))),
                ..LawCheck::new(&prediction.law, prediction.predicted, prediction.latest)
            }
        };
        self.predictions.iter().map(check).collect()
    }
}

/// What the laws predict of a cell, from its settings alone.
#[derive(Debug, Clone, PartialEq)]
pub struct CellPredictions {
    /// The predictions, not measured yet.
    pub predicted: Vec<LawCheck>,
    /// The laws that concern the cell but cannot decide it.
    pub not_applied: Vec<LawNotApplied>,
}

/// Predicts a cell from its settings without starting anything.
/// `default_somaxconn` is the kernel's own value, for cells that do not state
/// theirs; the rules are those of kernels since January 2025.
pub fn predictions(cell: &CellSettings, default_somaxconn: u32) -> CellPredictions {
    let server = &cell.hosts.server.sysctls;
    let somaxconn = match server.get(Sysctl::Somaxconn.name()) {
        Some(value) => value.to_string().parse().ok(),
        None => Some(default_somaxconn),
    };
    let stated_delay = cell.hosts.client.sysctls.get(Sysctl::TcpTwReuseDelay.name());
    let tw_reuse_delay = match stated_delay {
        Some(delay) => delay.to_string().parse().ok().map(Duration::from_millis),
        None => Some(time_wait::DEFAULT_REUSE_DELAY),
    };
    let syn_queue_full = SynQueueFull::Above;
    let inputs = Inputs { cell, somaxconn, syn_queue_full, tw_reuse_delay, hz: None };
    let CellLaws { predictions, not_applied } = CellLaws::predict(&inputs);
    let check = |law: &Prediction| LawCheck::new(&law.law, law.predicted, law.latest);
    CellPredictions { predicted: predictions.iter().map(check).collect(), not_applied }
}
