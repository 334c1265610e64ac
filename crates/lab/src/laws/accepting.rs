//! Accept queue capacity, and when a deferred connection is accepted.

use queue_model::{accept_queue, reuseport, syn_ack_retry};
use run_record::AttemptRow;

use super::condition::{concerns, not_applied, require};
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::rule::{Applied, Prediction, Rule};

/// Maximum accepted probability that the kernel's hash assigns some listener fewer
/// clients than its queue has room for.
const MAX_SHORTFALL_PROBABILITY: f64 = 1e-6;

/// The accept queue limit of every listener.
pub(super) const LISTEN_LIMIT: Rule =
    Rule { laws: &[accept_queue::LISTEN_LIMIT], predict: predict_listen_limit };

/// Capacity of one listener's accept queue while the server does not accept.
pub(super) const ACCEPT_QUEUE: Rule =
    Rule { laws: &[accept_queue::CAPACITY], predict: predict_accept_queue };

/// Total capacity of several listeners' accept queues while the server does not accept.
pub(super) const REUSEPORT: Rule =
    Rule { laws: &[reuseport::CAPACITY], predict: predict_reuseport };

/// When a connection without data is accepted despite `TCP_DEFER_ACCEPT`.
pub(super) const DEFERRAL: Rule = Rule {
    laws: &[syn_ack_retry::FIRST_DEFERRED, syn_ack_retry::LAST_DEFERRED],
    predict: predict_deferral,
};

/// The backlog of the last listen(2).
fn backlog(inputs: &Inputs<'_>) -> i32 {
    let server = &inputs.cell.server;
    server.release_backlog.filter(|_| server.hold_acks).unwrap_or(server.backlog)
}

fn predict_listen_limit(inputs: &Inputs<'_>) -> Applied {
    let limit = inputs.listen_limit(backlog(inputs))?;
    Ok(vec![Prediction::count(accept_queue::LISTEN_LIMIT, limit.into(), |measured| {
        measured.accept_queue.map(|queue| f64::from(queue.limit).into())
    })])
}

/// Whether clients complete the handshake but are not accepted. Half-open clients and
/// held ACKs have separate laws.
fn accept_queue_fills(inputs: &Inputs<'_>) -> bool {
    let server = &inputs.cell.server;
    server.accept_paused && inputs.cell.load.half_open == 0 && !server.hold_acks
}

const DEFERS: &str =
    "server.defer_accept keeps connections without data out of the accept queue for a while";

fn predict_accept_queue(inputs: &Inputs<'_>) -> Applied {
    concerns(accept_queue_fills(inputs) && inputs.cell.server.listeners == 1)?;
    require(inputs.cell.server.defer_accept == 0, DEFERS)?;
    let established = inputs.established_clients()?;
    Ok(vec![Prediction::count(accept_queue::CAPACITY, established, |measured| {
        measured.accept_queue_depth()
    })])
}

fn predict_reuseport(inputs: &Inputs<'_>) -> Applied {
    let server = &inputs.cell.server;
    concerns(accept_queue_fills(inputs) && server.listeners > 1)?;
    require(server.defer_accept == 0, DEFERS)?;
    let (clients, listeners) = (inputs.cell.load.clients, server.listeners);
    let capacity = reuseport::capacity(listeners, backlog(inputs), inputs.somaxconn()?);
    if shortfall_probability(clients.into(), listeners, capacity) >= MAX_SHORTFALL_PROBABILITY {
        return Err(not_applied(format!(
            "the kernel spreads clients by a hash: with load.clients = {clients}, one of \
             {listeners} listeners may get fewer than the {} that it has room for",
            capacity / u64::from(listeners)
        )));
    }
    Ok(vec![Prediction::count(reuseport::CAPACITY, capacity, |measured| {
        measured.accept_queue_depth()
    })])
}

/// Upper bound of the probability that some listener gets fewer clients than it has
/// room for, by the Poisson distribution, which approximates a hash well.
fn shortfall_probability(clients: u64, listeners: u32, capacity: u64) -> f64 {
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

fn predict_deferral(inputs: &Inputs<'_>) -> Applied {
    let deferral = syn_ack_retry::deferral(inputs.cell.server.defer_accept);
    concerns(deferral.is_some())?;
    let after = deferral.unwrap_or_default();
    let timers: Vec<_> =
        syn_ack_retry::retransmits(u8::MAX).into_iter().take_while(|at| *at <= after).collect();
    let latest = inputs.latest(&timers);
    require(
        !inputs.cell.server.accept_paused,
        "the server accepts only after all attempts have ended (server.accept_paused)",
    )?;
    let linger = inputs.cell.load.linger;
    require(
        linger > latest,
        format!("clients may leave before they are accepted (load.linger {linger:?})"),
    )?;
    Ok(vec![
        Prediction::time(syn_ack_retry::FIRST_DEFERRED, after, latest, |measured| {
            accept_waits(measured).reduce(f64::min).map(Into::into)
        }),
        Prediction::time(syn_ack_retry::LAST_DEFERRED, after, latest, |measured| {
            accept_waits(measured).reduce(f64::max).map(Into::into)
        }),
    ])
}

/// Times from connect(2) to accept(2), in seconds.
fn accept_waits(measured: &Measurements<'_>) -> impl Iterator<Item = f64> {
    let wait = |row: &AttemptRow| Some(row.accepted_ns?.saturating_sub(row.start_ns) as f64 / 1e9);
    measured.rows.iter().filter_map(wait)
}
