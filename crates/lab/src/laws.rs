//! Which of the kernel's laws decide a cell.
//!
//! A law is chosen and computed from the settings before the trial starts;
//! afterwards it is set beside what was measured. A new law is an entry in
//! [`predict`].

use queue_model::accept_queue;
use run_record::{AcceptQueue, LawCheck};
use scenario::CellSettings;

/// A prediction, and how to find its counterpart in a trial.
#[derive(Debug)]
pub(crate) struct Prediction {
    name: &'static str,
    predicted: f64,
    measured: fn(&Measured) -> Option<f64>,
}

/// What laws are held against.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) accept_queue: Option<AcceptQueue>,
}

/// The laws that decide this cell.
pub(crate) fn predict(cell: &CellSettings, somaxconn: Option<u32>) -> Vec<Prediction> {
    let mut predictions = Vec::new();
    if let Some(somaxconn) = somaxconn {
        let backlog = cell.server.backlog;
        predictions.push(Prediction {
            name: "listen limit = min(backlog, somaxconn)",
            predicted: f64::from(accept_queue::listen_limit(backlog, somaxconn)),
            measured: |measured| measured.accept_queue.map(|queue| f64::from(queue.limit)),
        });
        let capacity = accept_queue::capacity(backlog, somaxconn);
        if cell.server.accept_paused {
            predictions.push(Prediction {
                name: "accept queue holds min(backlog, somaxconn) + 1",
                predicted: capacity.min(u64::from(cell.load.clients)) as f64,
                measured: |measured| measured.accept_queue.map(|queue| f64::from(queue.depth)),
            });
        }
    }
    predictions
}

/// What the laws predict of a cell, by name, from its settings alone: nothing is
/// started. `default_somaxconn` is the kernel's own value, for cells that do not
/// state theirs.
pub fn predictions(cell: &CellSettings, default_somaxconn: u32) -> Vec<(&'static str, f64)> {
    let stated = cell.hosts.server.sysctls.get("net.core.somaxconn");
    let somaxconn = match stated {
        Some(value) => value.to_string().parse().ok(),
        None => Some(default_somaxconn),
    };
    predict(cell, somaxconn).iter().map(|law| (law.name, law.predicted)).collect()
}

/// Predicted beside measured. A law whose counterpart could not be measured
/// does not hold, unless the server had died.
pub(crate) fn compare(
    predictions: &[Prediction],
    measured: &Measured,
    server_died: bool,
) -> Vec<LawCheck> {
    predictions
        .iter()
        .map(|law| {
            let figure = (law.measured)(measured);
            let deviation = figure.map(|figure| figure - law.predicted);
            let unmeasured = (!server_died).then_some(false);
            LawCheck {
                name: law.name.to_owned(),
                predicted: law.predicted,
                measured: figure,
                deviation,
                held: deviation.map_or(unmeasured, |deviation| Some(deviation == 0.0)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(paused: bool, clients: u32) -> CellSettings {
        let mut cell = CellSettings::default();
        cell.server.backlog = 10;
        cell.server.accept_paused = paused;
        cell.load.clients = clients;
        cell
    }

    fn held(cell: &CellSettings, queue: Option<(u32, u32)>, died: bool) -> Vec<Option<bool>> {
        let accept_queue = queue.map(|(depth, limit)| AcceptQueue { depth, limit });
        let checks = compare(&predict(cell, Some(4)), &Measured { accept_queue }, died);
        checks.iter().map(|check| check.held).collect()
    }

    #[test]
    fn the_capacity_is_a_law_only_of_a_server_that_does_not_accept() {
        assert_eq!(predict(&cell(false, 50), Some(4)).len(), 1);
        assert_eq!(predict(&cell(true, 50), Some(4)).len(), 2);
        assert!(predict(&cell(true, 50), None).is_empty(), "nothing is predicted from nothing");
    }

    #[test]
    fn a_queue_that_is_not_as_predicted_breaks_its_law() {
        assert_eq!(held(&cell(true, 50), Some((5, 4)), false), [Some(true), Some(true)]);
        assert_eq!(held(&cell(true, 50), Some((4, 4)), false), [Some(true), Some(false)]);
        assert_eq!(held(&cell(true, 50), Some((6, 5)), false), [Some(false), Some(false)]);
        assert_eq!(held(&cell(true, 3), Some((3, 4)), false), [Some(true), Some(true)]);
    }

    #[test]
    fn what_could_not_be_measured_is_a_breach_unless_the_server_died() {
        assert_eq!(held(&cell(false, 50), None, false), [Some(false)]);
        assert_eq!(held(&cell(false, 50), None, true), [None]);
    }
}
