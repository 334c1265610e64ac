//! Whether every client finishes as planned, and when connections end.

use std::time::Duration;

use chat_server::Sigpipe;
use linux_net::Sysctl;
use load_generator::{ChatPhase, ConnectRate, LoadSettings};
use queue_model::syn_queue::Cookies;

use super::clients::{
    is_serial, require_ports, require_syn_queue_room, require_time_to_connect, start_spread,
};
use super::condition::{Inapplicable, not_applied, require};
use super::inputs::Inputs;
use super::patience::{MARGIN, require_patience};
use super::reads::Reads;
use crate::backend::Role;
use crate::sysctls_in_force::is_large_buffer;

/// Time in which a busy machine accepts a connection, starts its thread and closes it.
const PER_CONNECTION: Duration = Duration::from_micros(200);

/// As [`PER_CONNECTION`], if each connection waits for the end of the one before.
const PER_SERIAL_CONNECTION: Duration = Duration::from_millis(20);

/// Maximum bytes that all clients receive together.
const MAX_DELIVERED: u64 = 64 << 20;

/// Maximum address space of all threads of a server, bytes.
const MAX_STACKS: u64 = 64 << 30;

/// What [`require_finish`] reads beyond [`CLIENTS`](super::clients::CLIENTS).
pub(super) const FINISH: Reads = Reads {
    settings: &[
        "server.accept_paused",
        "server.hold_acks",
        "server.defer_accept",
        "server.backlog",
        "server.accept_delay",
        "server.sigpipe",
        "server.thread_stack",
        "server.design",
        "load.slow_readers",
        "load.senders",
        "load.size",
        "load.send_delay",
        "load.interval",
        "load.finish_deadline",
    ],
    server: &[
        Sysctl::Somaxconn,
        Sysctl::TcpMaxSynBacklog,
        Sysctl::TcpSyncookies,
        Sysctl::TcpRmem,
        Sysctl::TcpWmem,
    ],
    client: &[Sysctl::TcpRmem, Sysctl::TcpWmem],
};

/// What [`require_fin_of_server`] reads beyond [`FINISH`] and the clients.
pub(super) const SERVER_CLOSES: Reads = Reads::settings(&["server.close_after", "server.drain"]);

/// Requires that every client gets a port, connects, is accepted, and finishes as planned.
pub(super) fn require_finish(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    require_ports(inputs)?;
    require_served(inputs)
}

/// As [`require_finish`], for the clients that get a port.
pub(super) fn require_served(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    let at_once = if is_serial(load) { 1 } else { u64::from(load.clients) };
    require(load.half_open == 0, "half-open clients are never accepted (load.half_open)")?;
    require(load.slow_readers == 0, "slow readers do not finish (load.slow_readers)")?;
    require(
        load.messages == 0 || load.senders.is_none(),
        "some clients send nothing (load.senders)",
    )?;
    require(!server.hold_acks, "the server holds ACKs back (server.hold_acks)")?;
    require(
        !(server.accept_paused && is_serial(load)),
        "the server accepts only after all attempts have ended (server.accept_paused)",
    )?;
    require(
        server.defer_accept == 0,
        "connections without data are accepted later (server.defer_accept)",
    )?;
    require(
        server.sigpipe == Sigpipe::Ignore || load.messages == 0,
        "the server may die when it writes to a closed connection (server.sigpipe)",
    )?;
    let threads = at_once * u64::from(server.design.design().threads_per_client);
    let stacks = server.thread_stack.saturating_mul(threads);
    require(
        stacks <= MAX_STACKS,
        "the server may be unable to start the threads of each client (server.thread_stack)",
    )?;
    require_patience(inputs)?;
    require_time_to_connect(inputs)?;
    require_room(inputs, at_once)?;
    for host in [Role::Server, Role::Client] {
        for sysctl in [Sysctl::TcpRmem, Sysctl::TcpWmem] {
            require_buffer(inputs, host, sysctl)?;
        }
    }
    let size = u64::from(load.messages).saturating_mul(load.size.into());
    require(
        size.saturating_mul(at_once).saturating_mul(at_once) <= MAX_DELIVERED,
        "not all messages may arrive in time (load.clients, load.messages, load.size)",
    )?;
    let accepting = server.accept_delay.saturating_mul(at_once as u32);
    let length = chat_length(load).saturating_add(accepting).saturating_add(MARGIN);
    let deadline = load.finish_deadline;
    require(
        length <= deadline,
        format!("clients may not finish in time (load.finish_deadline {deadline:?})"),
    )
}

/// Requires that the queues of each listener hold every client.
fn require_room(inputs: &Inputs<'_>, at_once: u64) -> Result<(), Inapplicable> {
    require(
        inputs.established_of(at_once)? == at_once,
        "a full queue may drop some clients (server.backlog, net.core.somaxconn)",
    )?;
    require_syn_queue_room(inputs, at_once)?;
    require(
        inputs.cell.load.messages == 0 || inputs.cookies()? != Cookies::Always,
        "the last ACK of a connection may pass as a SYN cookie (net.ipv4.tcp_syncookies)",
    )
}

fn require_buffer(inputs: &Inputs<'_>, host: Role, sysctl: Sysctl) -> Result<(), Inapplicable> {
    let is_large = is_large_buffer(&inputs.known(host, sysctl));
    require(is_large, format!("buffers are small ({sysctl} of the {})", host.name()))
}

/// Requires that a server that closes first does so with a FIN.
pub(super) fn require_fin_of_server(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    require(
        server.close_after == load.messages || server.drain >= chat_length(load) + MARGIN,
        "the server does not read every message, and resets a connection with unread data \
         (server.close_after, server.drain)",
    )
}

/// Time from a client's start of chatting to its last message.
pub(super) fn chat_length(load: &LoadSettings) -> Duration {
    match load.messages {
        0 => Duration::ZERO,
        messages => load.send_delay.saturating_add(load.interval.saturating_mul(messages - 1)),
    }
}

/// Time from the end of the first connection to that of the last, at most, if the server
/// closes them and every client finishes.
pub(super) fn close_spread(inputs: &Inputs<'_>) -> Duration {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    if is_serial(load) {
        return serial_length(inputs);
    }
    let starts = start_spread(load).unwrap_or(Duration::MAX);
    let accepts = server.accept_delay.saturating_mul(load.clients);
    let work = PER_CONNECTION.saturating_mul(load.clients);
    let spread = match (load.messages, load.chat) {
        // All begin to chat at the same time.
        (1.., ChatPhase::AfterConnect) => Duration::ZERO,
        (0, _) if server.accept_paused => accepts,
        _ => starts.saturating_add(accepts),
    };
    spread.saturating_add(work)
}

/// Time that all attempts take, at most, if each waits for the end of the one before and
/// finishes.
pub(super) fn serial_length(inputs: &Inputs<'_>) -> Duration {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    let each = [load.linger, chat_length(load), server.accept_delay, PER_SERIAL_CONNECTION];
    let each = each.into_iter().fold(Duration::ZERO, Duration::saturating_add);
    let all = each.saturating_mul(load.clients);
    match load.connect_rate {
        None => all,
        // The longer of an attempt and the time to the next one, for each.
        Some(rate @ ConnectRate::Constant(_)) => all.max(rate.due_after(load.clients)),
        Some(ramp) => all.saturating_add(ramp.due_after(load.clients)),
    }
}

/// Requires that connections end nearly at the same time, compared with a timer.
pub(super) fn require_close_together(
    inputs: &Inputs<'_>,
    timer: Duration,
) -> Result<Duration, Inapplicable> {
    let spread = close_spread(inputs);
    match spread <= timer.mul_f64(0.05) {
        true => Ok(spread),
        false => Err(not_applied(
            "connections end at different times (load.pattern, load.connect_rate, load.clients, \
             server.accept_delay)",
        )),
    }
}
