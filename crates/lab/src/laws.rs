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

/// Predicted beside measured; a law whose counterpart could not be measured
/// does not hold.
pub(crate) fn compare(predictions: &[Prediction], measured: &Measured) -> Vec<LawCheck> {
    predictions
        .iter()
        .map(|law| {
            let figure = (law.measured)(measured);
            let deviation = figure.map(|figure| figure - law.predicted);
            LawCheck {
                name: law.name.to_owned(),
                predicted: law.predicted,
                measured: figure,
                deviation,
                held: deviation == Some(0.0),
            }
        })
        .collect()
}
