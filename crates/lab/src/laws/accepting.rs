//! Accept queue capacity, and when a deferred connection is accepted.

use std::time::Duration;

use linux_net::Sysctl;
use load_generator::ChatPhase;
use queue_model::syn_queue::Cookies;
use queue_model::{accept_queue, reuseport, syn_ack_retry};
use run_record::AttemptRow;

use super::clients::{
    CLIENTS, DIALOGUE, FILLING, SYN_BACKLOG, require_syn_queue_room, require_time_to_connect,
    with_a_port,
};
use super::condition::{Inapplicable, concerns, not_applied, require};
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::reads::Reads;
use super::rule::{Applied, Prediction, Rule, Servers};

/// Maximum accepted probability that the kernel's hash assigns some listener fewer
/// clients than its queue has room for.
const MAX_SHORTFALL_PROBABILITY: f64 = 1e-6;

/// What [`backlog`] and the limit of a listener read.
const LIMIT: Reads = Reads {
    settings: &["server.backlog", "server.hold_acks", "server.release_backlog"],
    server: &[Sysctl::Somaxconn],
    client: &[],
};

/// The accept queue limit of every listener.
pub(super) const LISTEN_LIMIT: Rule = Rule {
    of: Servers::All,
    laws: &[accept_queue::LISTEN_LIMIT],
    reads: &[LIMIT],
    predict: predict_listen_limit,
};

/// Capacity of one listener's accept queue while the server does not accept.
pub(super) const ACCEPT_QUEUE: Rule = Rule {
    of: Servers::AllPaused,
    laws: &[accept_queue::CAPACITY],
    reads: &[CLIENTS, FILLING, SYN_BACKLOG],
    predict: predict_accept_queue,
};

/// Total capacity of several listeners' accept queues while the server does not accept.
pub(super) const REUSEPORT: Rule = Rule {
    of: Servers::Chat,
    laws: &[reuseport::CAPACITY],
    reads: &[CLIENTS, FILLING, SYN_BACKLOG],
    predict: predict_reuseport,
};

/// When a connection without data is accepted despite `TCP_DEFER_ACCEPT`.
pub(super) const DEFERRAL: Rule = Rule {
    of: Servers::Chat,
    laws: &[syn_ack_retry::FIRST_DEFERRED, syn_ack_retry::LAST_DEFERRED],
    reads: &[DIALOGUE, CLIENTS, FILLING, SYN_BACKLOG, Reads::settings(&["server.accept_delay"])],
    predict: predict_deferral,
};

/// The backlog of the last listen(2).
fn backlog(inputs: &Inputs<'_>) -> i32 {
    let server = &*inputs.server;
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
    let server = &*inputs.server;
    server.accept_paused && inputs.cell.load.half_open == 0 && !server.hold_acks
}

/// The clients that connect, if all of them are answered until the accept queue is full.
fn connecting(inputs: &Inputs<'_>) -> Result<u64, Inapplicable> {
    require(
        inputs.server.defer_accept == 0,
        "server.defer_accept keeps connections without data out of the accept queue for a while",
    )?;
    let clients = with_a_port(inputs)?.live;
    require_time_to_connect(inputs)?;
    require_syn_queue_room(inputs, inputs.established_of(clients)?)?;
    Ok(clients)
}

fn predict_accept_queue(inputs: &Inputs<'_>) -> Applied {
    concerns(accept_queue_fills(inputs) && inputs.server.listeners == 1)?;
    let established = inputs.established_of(connecting(inputs)?)?;
    let capacity = Prediction::count(accept_queue::CAPACITY, established, |measured| {
        measured.accept_queue_depth()
    });
    // Only of the lab's server is it known before.
    Ok(vec![capacity.unless(|measured| {
        (measured.listeners() > 1)
            .then_some("several sockets listened on the port, each with its own queue")
    })])
}

fn predict_reuseport(inputs: &Inputs<'_>) -> Applied {
    let listeners = inputs.server.listeners;
    concerns(accept_queue_fills(inputs) && listeners > 1)?;
    let clients = connecting(inputs)?;
    let each = inputs.established_of(u64::MAX)?;
    let capacity = u64::from(listeners).saturating_mul(each);
    if shortfall_probability(clients, listeners, capacity) >= MAX_SHORTFALL_PROBABILITY {
        return Err(not_applied(format!(
            "the kernel spreads clients by a hash: with {clients} clients that connect, one of \
             {listeners} listeners may get fewer than the {each} that it has room for",
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

/// Time in which a busy machine accepts a connection.
const ACCEPTED_WITHIN: Duration = Duration::from_micros(200);

fn predict_deferral(inputs: &Inputs<'_>) -> Applied {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    concerns(server.defer_accept > 0)?;
    let after = syn_ack_retry::deferral(server.defer_accept).ok_or_else(|| {
        not_applied(format!(
            "the deferral never ends, because a request counts at most {} timeouts \
             (server.defer_accept)",
            syn_ack_retry::MAX_TIMEOUTS
        ))
    })?;
    let timers: Vec<_> =
        syn_ack_retry::retransmits(u8::MAX).into_iter().take_while(|at| *at <= after).collect();
    require(
        !server.accept_paused,
        "the server accepts only after all attempts have ended (server.accept_paused)",
    )?;
    require(
        server.accept_delay.is_zero(),
        "the server accepts with a delay (server.accept_delay)",
    )?;
    require(!server.hold_acks, "the server drops the clients' ACKs (server.hold_acks)")?;
    require(
        load.messages == 0 || load.chat == ChatPhase::AfterConnect,
        "clients send data, with which a connection is accepted at once (load.messages, load.chat)",
    )?;
    require(load.half_open == 0, "half-open clients are never accepted (load.half_open)")?;
    let clients = with_a_port(inputs)?.live;
    require(clients > 0, "no client gets a local port (ip_local_port_range of the client)")?;
    require_time_to_connect(inputs)?;
    require(
        inputs.cookies()? != Cookies::Always,
        "a connection by SYN cookie is not deferred (net.ipv4.tcp_syncookies)",
    )?;
    require(
        inputs.syn_queue_at_least(server.backlog)?.capacity() >= clients,
        "the SYN queue may have no room for all clients (server.backlog, \
         net.ipv4.tcp_max_syn_backlog)",
    )?;
    let latest = inputs.latest(&timers) + ACCEPTED_WITHIN.saturating_mul(load.clients);
    let linger = load.linger;
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
