//! The rules applied to a cell, before the trial and after it.

use queue_model::law::Law;
use run_record::{LawCheck, LawNotApplied};
use scenario::CellSettings;

use super::clients::{CLIENTS, ports_of_an_address};
use super::condition::Inapplicable;
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::rule::{Prediction, Rule, Servers, id_on, title_on, unknown_backlog};
use super::rules::RULES;
use super::unmodelled::require_known;
use crate::destinations::seen_by_listener;
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
        let ports = inputs.cell.load.ports();
        let server = &inputs.cell.server;
        let mut laws = Self::default();
        match ports.as_slice() {
            [] => RULES.iter().for_each(|rule| laws.add(rule, inputs, server.backlog_path(), None)),
            [only] => {
                let backlog = server.backlog_path_on(*only);
                let seen = seen_by_listener(inputs.cell, *only);
                let inputs = Inputs::new(&seen, inputs.kernel);
                RULES.iter().for_each(|rule| laws.add(rule, &inputs, &backlog, None));
            }
            _ => RULES.iter().for_each(|rule| laws.add_of_several(rule, inputs, &ports)),
        }
        laws
    }

    /// Applies a rule to a cell with one listener, or to what one of several listeners sees of
    /// it. `backlog` is the path of the listener's backlog in the scenario.
    fn add(&mut self, rule: &Rule, inputs: &Inputs<'_>, backlog: &str, port: Option<u16>) {
        let predicted = rule.apply(inputs).and_then(|predicted| {
            require_known(inputs)?;
            rule.of.require(&inputs.cell.server, backlog)?;
            Ok(predicted)
        });
        match (predicted, port) {
            (Ok(predictions), None) => self.predictions.extend(predictions),
            (Ok(predictions), Some(port)) => {
                self.predictions.extend(predictions.into_iter().map(|it| it.on_port(port)));
            }
            (Err(Inapplicable::Unconcerned), _) => {}
            (Err(Inapplicable::NotApplied(reason)), _) => self.add_not_applied(rule, port, &reason),
        }
    }

    /// Applies a rule to a cell whose attempts go to several ports: one about a listener to each
    /// of them.
    fn add_of_several(&mut self, rule: &Rule, inputs: &Inputs<'_>, ports: &[u16]) {
        if rule.of == Servers::Chat {
            if !matches!(rule.apply(inputs), Err(Inapplicable::Unconcerned)) {
                self.add_not_applied(rule, None, ONE_LISTENER);
            }
            return;
        }
        for &port in ports {
            let seen = seen_by_listener(inputs.cell, port);
            let of_listener = Inputs::new(&seen, inputs.kernel);
            if matches!(rule.apply(&of_listener), Err(Inapplicable::Unconcerned)) {
                continue;
            }
            let backlog = inputs.cell.server.backlog_path_on(port);
            // The limit of a listener does not depend on clients.
            let reads_clients = || rule.reads.contains(&CLIENTS);
            if seen.server.backlog().is_none() {
                self.add_not_applied(rule, Some(port), &unknown_backlog(&backlog));
            } else if let Some(reason) = reads_clients().then(|| may_lack_ports(inputs)).flatten() {
                self.add_not_applied(rule, Some(port), reason);
            } else {
                self.add(rule, &of_listener, &backlog, Some(port));
            }
        }
    }

    fn add_not_applied(&mut self, rule: &Rule, port: Option<u16>, reason: &str) {
        self.not_applied.extend(rule.laws.iter().map(|law| not_applied(law, port, reason)));
    }

    /// Compares the predictions with the measurements. A law whose value could not be
    /// measured fails; if the server died, it is undecided instead. One whose assumption
    /// about the trial's course did not come true is not applied.
    pub(crate) fn check(&self, measured: &Measurements<'_>, server_died: bool) -> CheckedLaws {
        let mut checked = CheckedLaws { checks: Vec::new(), not_applied: self.not_applied.clone() };
        for prediction in &self.predictions {
            let of_listener = prediction.port.map(|port| measured.at(port));
            let measured = of_listener.as_ref().unwrap_or(measured);
            if let Some(reason) = (prediction.went_otherwise)(measured) {
                checked.not_applied.push(not_applied(&prediction.law, prediction.port, reason));
                continue;
            }
            let measurement = (prediction.measure)(measured);
            let unmeasured = (!server_died).then_some(false);
            checked.checks.push(LawCheck {
                measured: measurement.map(|measurement| measurement.value),
                deviation: measurement.map(|measurement| measurement.value - prediction.predicted),
                held: measurement
                    .map_or(unmeasured, |measurement| Some(prediction.allows(measurement))),
                ..prediction.check()
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

fn not_applied(law: &Law, port: Option<u16>, reason: &str) -> LawNotApplied {
    LawNotApplied { id: id_on(law, port), title: title_on(law, port), reason: reason.to_owned() }
}

/// Why a law about the clients of all listeners is not applied.
const ONE_LISTENER: &str = "the load has several destinations (load.destinations), and this law is \
                            about the clients of one listener";

/// Why the number of clients that reach each port is not known.
fn may_lack_ports(inputs: &Inputs<'_>) -> Option<&'static str> {
    let few = "some clients may get no local port, and which destinations they have is not modelled \
               (ip_local_port_range of the client, load.destinations)";
    let is_enough = ports_of_an_address(inputs)
        .is_ok_and(|(fewest, _)| u64::from(inputs.cell.load.clients) <= fewest);
    (!is_enough).then_some(few)
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
    CellPredictions { predicted: predictions.iter().map(Prediction::check).collect(), not_applied }
}
