//! Connections whose final ACK finds the accept queue full: the lab holds the ACKs until
//! it has called listen(2) again with a smaller backlog.

use std::time::Duration;

use chat_server::ClosesFirst;
use linux_net::{Counter, Sysctl};
use load_generator::Leave;
use queue_model::{held_acks, syn_ack_retry};
use run_record::Outcome;

use super::clients::{
    CLIENTS, DIALOGUE, FILLING, FIRST_RETRANSMISSION, SYN_BACKLOG, require_time_to_connect,
    start_spread, with_a_port,
};
use super::condition::{concerns, require};
use super::inputs::Inputs;
use super::reads::Reads;
use super::rule::{Applied, Prediction, Rule, Servers};
use crate::backend::Role;

/// Effects of releasing held ACKs.
pub(super) const RELEASE: Rule = Rule {
    of: Servers::Chat,
    laws: &[
        held_acks::ACCEPT_QUEUE,
        held_acks::LISTEN_OVERFLOWS,
        held_acks::LISTEN_DROPS,
        held_acks::EMBRYONIC_RESETS,
        held_acks::PHANTOMS,
        held_acks::RESETS,
    ],
    reads: &[
        DIALOGUE,
        CLIENTS,
        FILLING,
        SYN_BACKLOG,
        Reads::settings(&["server.release_backlog"]),
        Reads::server(&[Sysctl::TcpSynackRetries, Sysctl::TcpAbortOnOverflow]),
    ],
    predict: predict_release,
};

/// Clients that acknowledge a retransmitted SYN-ACK in the same second on every kernel: older
/// ones send between half and one and a half times `tcp_challenge_ack_limit` (1000) of such
/// ACKs a second (`tcp_send_challenge_ack`, net/ipv4/tcp_input.c).
const MAX_CLIENTS: u64 = 500;

/// Time in which a busy machine lets ACKs in after the last client connected.
const MIN_TO_RELEASE: Duration = Duration::from_millis(250);

fn predict_release(inputs: &Inputs<'_>) -> Applied {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    let backlog = server.release_backlog.filter(|_| server.hold_acks);
    concerns(backlog.is_some())?;
    require(
        server.accept_paused,
        "the server accepts connections while the load runs (server.accept_paused is false)",
    )?;
    require(server.listeners == 1, "the kernel spreads clients over several listeners by a hash")?;
    require(load.half_open == 0, "half-open clients never send a final ACK (load.half_open)")?;
    require(
        load.messages == 0,
        "a phantom's data may create its connection later (load.messages)",
    )?;
    let limit = inputs.listen_limit(backlog.unwrap_or_default())?;
    let clients = with_a_port(inputs)?.live;
    let retries: u8 = inputs.sysctl(Role::Server, Sysctl::TcpSynackRetries, None)?;
    let aborts: u32 = inputs.sysctl(Role::Server, Sysctl::TcpAbortOnOverflow, None)?;
    // While ACKs are held, each client occupies an entry of the SYN queue.
    require(
        inputs.syn_queue_at_least(server.backlog)?.capacity() >= clients,
        format!(
            "the SYN queue has no room for all clients (server.backlog, {})",
            Sysctl::TcpMaxSynBacklog
        ),
    )?;
    require(
        server.defer_accept == 0,
        "connections without data stay in SYN_RECV (server.defer_accept)",
    )?;
    require_time_to_connect(inputs)?;
    let all_connected = start_spread(load).map(|spread| spread + MIN_TO_RELEASE);
    require(
        all_connected.is_some_and(|connected| connected < FIRST_RETRANSMISSION),
        "the kernel retransmits SYN-ACKs before the ACKs are let in (load.pattern, \
         load.connect_rate)",
    )?;
    require(
        load.connect_deadline < FIRST_RETRANSMISSION,
        "clients retransmit their SYN before it is answered (load.connect_deadline)",
    )?;
    require(
        clients <= MAX_CLIENTS,
        format!(
            "some kernels let only {MAX_CLIENTS} clients acknowledge again in a second \
             (load.clients, net.ipv4.tcp_challenge_ack_limit)"
        ),
    )?;
    require(
        retries <= syn_ack_retry::MAX_TIMEOUTS,
        format!(
            "a request counts at most {} timeouts ({})",
            syn_ack_retry::MAX_TIMEOUTS,
            Sysctl::TcpSynackRetries
        ),
    )?;
    require(
        syn_ack_retry::min_retries(retries, clients, limit) == retries,
        "the kernel removes entries early from a SYN queue that is more than half full",
    )?;
    // Until the last request is removed.
    let mut timers = syn_ack_retry::retransmits(retries);
    timers.push(syn_ack_retry::removed_after(retries));
    let linger = load.linger;
    require(
        linger > inputs.latest(&timers),
        format!("clients leave before the server gives up (load.linger {linger:?})"),
    )?;
    let released = held_acks::release(clients, limit, retries, aborts != 0);
    // A client that only shuts its half down reads on, and gets the RST that answers its FIN.
    let half_closes = load.leave == Leave::HalfClose && server.closes_first == ClosesFirst::Client;
    let (phantoms, resets) = match half_closes {
        true => (0, released.resets + released.phantoms),
        false => (released.phantoms, released.resets),
    };
    Ok(vec![
        Prediction::count(held_acks::ACCEPT_QUEUE, released.accepted, |measured| {
            measured.accept_queue_depth()
        }),
        Prediction::count(held_acks::LISTEN_OVERFLOWS, released.listen_overflows, |measured| {
            measured.at_server(Counter::ListenOverflows)
        }),
        Prediction::count(held_acks::LISTEN_DROPS, released.listen_drops, |measured| {
            measured.at_server(Counter::ListenDrops)
        }),
        Prediction::count(held_acks::EMBRYONIC_RESETS, released.resets, |measured| {
            measured.at_server(Counter::EmbryonicRsts)
        }),
        Prediction::count(held_acks::PHANTOMS, phantoms, |measured| {
            Some((measured.outcome(Outcome::Phantom) as f64).into())
        }),
        Prediction::count(held_acks::RESETS, resets, |measured| {
            Some((measured.outcome(Outcome::Reset) as f64).into())
        }),
    ])
}
