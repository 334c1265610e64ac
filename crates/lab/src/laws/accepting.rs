//! What listeners hold, and when a deferred connection comes.

use queue_model::{accept_queue, reuseport, syn_ack_retry};
use run_record::AttemptRow;

use super::{Known, Measured, Prediction};

/// How likely it may be that the kernel's hash leaves a listener short.
const SHORT_OF_CLIENTS: f64 = 1e-6;

pub(super) fn predict(known: &Known<'_>) -> Vec<Prediction> {
    let mut predictions = limits(known);
    predictions.extend(deferral(known));
    predictions
}

fn limits(known: &Known<'_>) -> Vec<Prediction> {
    let server = &known.cell.server;
    let Some(somaxconn) = known.somaxconn else { return Vec::new() };
    let backlog = server.release_backlog.filter(|_| server.hold_acks).unwrap_or(server.backlog);
    let mut predictions = vec![Prediction::count(
        "listen limit = min(backlog, somaxconn)",
        accept_queue::listen_limit(backlog, somaxconn).into(),
        |measured| measured.accept_queue.map(|queue| f64::from(queue.limit).into()),
    )];
    let clients = u64::from(known.cell.load.clients);
    let are_alive = known.cell.load.half_open == 0 && !server.hold_acks && server.defer_accept == 0;
    if !(server.accept_paused && are_alive) {
        return predictions;
    }
    let capacity = reuseport::capacity(server.listeners, backlog, somaxconn);
    if server.listeners == 1 {
        predictions.extend(known.held().map(|held| {
            Prediction::count("accept queue holds min(backlog, somaxconn) + 1", held, |measured| {
                measured.depth()
            })
        }));
    } else if likely_short(clients, server.listeners, capacity) < SHORT_OF_CLIENTS {
        predictions.push(Prediction::count(
            "listeners hold listeners x (min(backlog, somaxconn) + 1)",
            capacity,
            |measured| measured.depth(),
        ));
    }
    predictions
}

/// How likely some listener gets fewer clients than it has places for, at most: by
/// Poisson's law, which is near enough where a hash spreads them.
fn likely_short(clients: u64, listeners: u32, capacity: u64) -> f64 {
    let listeners = f64::from(listeners);
    let expected = clients as f64 / listeners;
    let places = (capacity as f64 / listeners) as u64;
    let mut exactly = (-expected).exp();
    let mut fewer = 0.0;
    for number in 0..places {
        fewer += exactly;
        exactly *= expected / (number + 1) as f64;
    }
    listeners * fewer
}

/// Of clients that say nothing for longer than the server wants to wait.
fn deferral(known: &Known<'_>) -> Vec<Prediction> {
    let deferral = syn_ack_retry::deferral(known.cell.server.defer_accept);
    let Some(after) = deferral else { return Vec::new() };
    let ladder: Vec<_> =
        syn_ack_retry::retransmits(u8::MAX).into_iter().take_while(|at| *at <= after).collect();
    let latest = known.latest(&ladder);
    if known.cell.load.linger <= latest || known.cell.server.accept_paused {
        return Vec::new();
    }
    vec![
        Prediction::time("deferred connection comes, s: the first", after, latest, |measured| {
            waits(measured).reduce(f64::min).map(Into::into)
        }),
        Prediction::time("deferred connection comes, s: the last", after, latest, |measured| {
            waits(measured).reduce(f64::max).map(Into::into)
        }),
    ]
}

/// From connect(2) to accept(2), seconds.
fn waits(measured: &Measured<'_>) -> impl Iterator<Item = f64> {
    let wait = |row: &AttemptRow| Some(row.accepted_ns?.saturating_sub(row.start_ns) as f64 / 1e9);
    measured.rows.iter().filter_map(wait)
}
