//! The SYN queue, filled by clients that never complete the handshake, and live clients
//! that connect after them.

use std::time::Duration;

use chat_protocol::Framing;
use chat_server::ClosesFirst;
use linux_net::Counter;
use load_generator::{ConnectPattern, Leave};
use queue_model::cookies;
use queue_model::syn_queue::{self, Effects, QueueLengths};

use super::clients::{
    CLIENTS, DIALOGUE, FILLING, FIRST_RETRANSMISSION, SYN_BACKLOG, connect_in_sequence,
    require_time_to_connect, with_a_port,
};
use super::condition::{Inapplicable, concerns, not_applied, require};
use super::finishing::chat_length;
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::patience::{PATIENCE, require_patience};
use super::reads::Reads;
use super::rule::{Applied, Prediction, Rule, Servers};

/// What half-open clients read, beyond [`CLIENTS`], [`FILLING`] and [`SYN_BACKLOG`].
const ACCEPT_DELAY: Reads = Reads::settings(&["server.accept_delay"]);

/// Time within which the lab reads the queues after the last attempt's deadline.
const READ_WITHIN: Duration = Duration::from_millis(250);

/// Length of the SYN queue and increases of counters after half-open clients.
pub(super) const SYN_QUEUE: Rule = Rule {
    of: Servers::Chat,
    laws: &[
        syn_queue::CAPACITY,
        syn_queue::LISTEN_DROPS,
        syn_queue::LISTEN_OVERFLOWS,
        syn_queue::FULL_DROPS,
        syn_queue::FULL_COOKIES,
        syn_queue::COOKIES_SENT,
    ],
    reads: &[DIALOGUE, CLIENTS, FILLING, SYN_BACKLOG, ACCEPT_DELAY],
    predict: predict_syn_queue,
};

/// How many SYN cookies clients return.
pub(super) const COOKIES_RECEIVED: Rule = Rule {
    of: Servers::Chat,
    laws: &[syn_queue::COOKIES_RECEIVED],
    reads: &[
        DIALOGUE,
        CLIENTS,
        FILLING,
        SYN_BACKLOG,
        ACCEPT_DELAY,
        Reads::settings(&[
            "load.senders",
            "load.slow_readers",
            "load.size",
            "load.send_delay",
            "load.interval",
        ]),
        PATIENCE,
    ],
    predict: predict_cookies_received,
};

/// How many live clients connect after half-open ones.
pub(super) const LIVE_CLIENTS: Rule = Rule {
    of: Servers::Chat,
    laws: &[syn_queue::LIVE_CLIENTS],
    reads: &[DIALOGUE, CLIENTS, FILLING, SYN_BACKLOG, ACCEPT_DELAY],
    predict: predict_live_clients,
};

fn predict_syn_queue(inputs: &Inputs<'_>) -> Applied {
    concerns(inputs.cell.load.half_open > 0)?;
    let effects = effects(inputs)?;
    Ok(unless_retransmitted(vec![
        Prediction::count(syn_queue::CAPACITY, effects.syn_recv, |measured| {
            measured.max_in("syn_recv")
        }),
        Prediction::count(syn_queue::LISTEN_DROPS, effects.listen_drops, |measured| {
            measured.at_server(Counter::ListenDrops)
        }),
        Prediction::count(syn_queue::LISTEN_OVERFLOWS, effects.listen_overflows, |measured| {
            measured.at_server(Counter::ListenOverflows)
        }),
        Prediction::count(syn_queue::FULL_DROPS, effects.tcp_req_q_full_drop, |measured| {
            measured.at_server(Counter::TcpReqQFullDrop)
        }),
        Prediction::count(syn_queue::FULL_COOKIES, effects.tcp_req_q_full_do_cookies, |measured| {
            measured.at_server(Counter::TcpReqQFullDoCookies)
        }),
        Prediction::count(syn_queue::COOKIES_SENT, effects.syncookies_sent, |measured| {
            measured.at_server(Counter::SyncookiesSent)
        }),
    ]))
}

fn predict_cookies_received(inputs: &Inputs<'_>) -> Applied {
    concerns(has_live_clients(inputs))?;
    let effects = effects(inputs)?;
    if effects.syncookies_recv > 0 {
        require_no_repeated_cookies(inputs, effects.established)?;
    }
    let law = syn_queue::COOKIES_RECEIVED;
    let received = Prediction::count(law, effects.syncookies_recv, |measured| {
        measured.at_server(Counter::SyncookiesRecv)
    });
    Ok(unless_retransmitted(vec![received]))
}

fn predict_live_clients(inputs: &Inputs<'_>) -> Applied {
    concerns(has_live_clients(inputs))?;
    let effects = effects(inputs)?;
    let connected = Prediction::count(syn_queue::LIVE_CLIENTS, effects.established, |measured| {
        measured.accept_queue_depth()
    });
    Ok(unless_retransmitted(vec![connected]))
}

/// On a busy machine, a client may retransmit its SYN before every attempt is decided, or
/// half-open clients before they are released. The kernel then answers more SYNs.
fn retransmitted(measured: &Measurements<'_>) -> Option<&'static str> {
    let count = measured.at_client(Counter::TcpSynRetrans)?;
    (count.value > 0.0).then_some(
        "clients retransmitted a SYN in the trial, because the machine was too busy to decide \
         every attempt before (TCPSynRetrans of the client)",
    )
}

fn unless_retransmitted(predictions: Vec<Prediction>) -> Vec<Prediction> {
    predictions.into_iter().map(|prediction| prediction.unless(retransmitted)).collect()
}

fn has_live_clients(inputs: &Inputs<'_>) -> bool {
    let load = &inputs.cell.load;
    load.half_open > 0 && load.clients > load.half_open
}

/// Requires that no client's last ACK counts as a second cookie if it arrives twice. Each
/// of the `established` clients writes to all others and reads what they write; the two
/// byte counts must differ enough.
fn require_no_repeated_cookies(inputs: &Inputs<'_>, established: u64) -> Result<(), Inapplicable> {
    let load = &inputs.cell.load;
    require(
        inputs.server.closes_first == ClosesFirst::Client,
        "the server closes first, and its last segments decide (server.closes_first)",
    )?;
    require(
        chat_length(load).saturating_add(Duration::from_secs(1)) <= load.finish_deadline,
        "clients may not finish in time (load.finish_deadline)",
    )?;
    require_patience(inputs)?;
    require(load.senders.is_none(), "load.senders decides how much each client writes and reads")?;
    require(
        load.slow_readers == 0 && load.leave == Leave::Together,
        "load.slow_readers and load.leave decide how much each client has read when it leaves",
    )?;
    let sent = u64::from(load.messages) * (Framing::HEADER_BYTES as u64 + u64::from(load.size));
    let received = sent.saturating_mul(established.saturating_sub(1));
    require(
        !cookies::last_ack_passes_as_cookie(sent, received),
        "a client that writes about as many bytes as it reads may send a last ACK that counts as \
         a second cookie",
    )
}

/// Effects of the half-open clients and of the live ones after them, if nothing is
/// accepted, no SYN is retransmitted, and each SYN is handled before the next arrives.
fn effects(inputs: &Inputs<'_>) -> Result<Effects, Inapplicable> {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    require(
        server.accept_paused,
        "the server accepts connections while the load runs (server.accept_paused is false)",
    )?;
    require(server.listeners == 1, "several listeners have several SYN queues")?;
    require(
        server.defer_accept == 0,
        "server.defer_accept keeps connections of live clients in SYN_RECV too",
    )?;
    require(!server.hold_acks, "server.hold_acks keeps live clients in SYN_RECV too")?;
    let rate = load.connect_rate.filter(|_| load.pattern == ConnectPattern::Rate);
    let rate = rate.ok_or_else(|| {
        not_applied(
            "clients do not connect at a rate (load.pattern), so SYNs may arrive out of order",
        )
    })?;
    require(load.linger.is_zero(), "clients stay connected (load.linger)")?;
    // Half-open sockets send SYNs until every attempt is decided.
    let started = rate.due_after(load.clients);
    let decided = started.saturating_add(load.connect_deadline).saturating_add(READ_WITHIN);
    require(
        decided < FIRST_RETRANSMISSION,
        "clients retransmit their SYN before every attempt is decided (load.connect_deadline, \
         load.connect_rate)",
    )?;
    let clients = with_a_port(inputs)?;
    if clients.live > 0 {
        require(
            server.accept_delay.is_zero(),
            "half-open clients may retransmit their SYN while the server accepts the others \
             (server.accept_delay)",
        )?;
        require(
            connect_in_sequence(load),
            "clients connect too fast to be certain of their order (load.connect_rate)",
        )?;
        require_time_to_connect(inputs)?;
    }
    let queue = inputs.syn_queue(server.backlog)?;
    let live_clients = clients.live;
    let half_open = queue.connect_half_open(QueueLengths::default(), clients.half_open);
    let lengths = QueueLengths { half_open: half_open.syn_recv, established: 0 };
    let live = queue.connect_live(lengths, live_clients);
    Ok(Effects {
        syn_recv: half_open.syn_recv,
        established: live.established,
        listen_drops: half_open.listen_drops + live.listen_drops,
        listen_overflows: half_open.listen_overflows + live.listen_overflows,
        tcp_req_q_full_drop: half_open.tcp_req_q_full_drop + live.tcp_req_q_full_drop,
        tcp_req_q_full_do_cookies: half_open.tcp_req_q_full_do_cookies
            + live.tcp_req_q_full_do_cookies,
        syncookies_sent: half_open.syncookies_sent + live.syncookies_sent,
        syncookies_recv: live.syncookies_recv,
    })
}
