//! What listeners hold, and when a deferred connection is accepted.

use queue_model::{accept_queue, reuseport, syn_ack_retry};
use run_record::AttemptRow;

use super::condition::{concerns, not_applied, require};
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::rule::{Applied, Prediction, Rule};

/// The greatest accepted probability that the kernel's hash leaves a listener with
/// fewer clients than it has room for.
const SHORT_OF_CLIENTS: f64 = 1e-6;

/// The limit of every listener.
pub(super) const LISTEN_LIMIT: Rule =
    Rule { laws: &[accept_queue::LISTEN_LIMIT], predict: predict_listen_limit };

/// What the queue of a single listener holds that does not accept.
pub(super) const ACCEPT_QUEUE: Rule =
    Rule { laws: &[accept_queue::CAPACITY], predict: predict_accept_queue };

/// What the queues of several listeners hold that do not accept.
pub(super) const REUSEPORT: Rule =
    Rule { laws: &[reuseport::CAPACITY], predict: predict_reuseport };

/// When a connection is accepted on which the client sends nothing.
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

/// Whether nothing is accepted of clients that connect as usual. Half-open clients
/// and held ACKs have laws of their own.
fn fills_up(inputs: &Inputs<'_>) -> bool {
    let server = &inputs.cell.server;
    server.accept_paused && inputs.cell.load.half_open == 0 && !server.hold_acks
}

const DEFERS: &str =
    "server.defer_accept keeps connections without data out of the accept queue for a while";

fn predict_accept_queue(inputs: &Inputs<'_>) -> Applied {
    concerns(fills_up(inputs) && inputs.cell.server.listeners == 1)?;
    require(inputs.cell.server.defer_accept == 0, DEFERS)?;
    let held = inputs.held()?;
    Ok(vec![Prediction::count(accept_queue::CAPACITY, held, |measured| {
        measured.accept_queue_depth()
    })])
}

fn predict_reuseport(inputs: &Inputs<'_>) -> Applied {
    let server = &inputs.cell.server;
    concerns(fills_up(inputs) && server.listeners > 1)?;
    require(server.defer_accept == 0, DEFERS)?;
    let (clients, listeners) = (inputs.cell.load.clients, server.listeners);
    let capacity = reuseport::capacity(listeners, backlog(inputs), inputs.somaxconn()?);
    if likely_short(clients.into(), listeners, capacity) >= SHORT_OF_CLIENTS {
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

/// An upper bound of the probability that some listener gets fewer clients than it
/// has room for: by Poisson's law, a good approximation for a hash.
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

fn predict_deferral(inputs: &Inputs<'_>) -> Applied {
    let deferral = syn_ack_retry::deferral(inputs.cell.server.defer_accept);
    concerns(deferral.is_some())?;
    let after = deferral.unwrap_or_default();
    let ladder: Vec<_> =
        syn_ack_retry::retransmits(u8::MAX).into_iter().take_while(|at| *at <= after).collect();
    let latest = inputs.latest(&ladder);
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

/// From connect(2) to accept(2), seconds.
fn accept_waits(measured: &Measurements<'_>) -> impl Iterator<Item = f64> {
    let wait = |row: &AttemptRow| Some(row.accepted_ns?.saturating_sub(row.start_ns) as f64 / 1e9);
    measured.rows.iter().filter_map(wait)
}
