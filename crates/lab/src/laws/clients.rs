//! The clients of a cell: how many get a local port, and when they connect.

use std::time::Duration;

use chat_server::ClosesFirst;
use linux_net::Sysctl;
use load_generator::{ChatPhase, ConnectPattern, Leave, LoadSettings};
use queue_model::ports::{self, PortRange, ReservedPorts};
use queue_model::syn_queue::Cookies;

use super::condition::{Inapplicable, not_applied, require};
use super::inputs::Inputs;
use super::reads::Reads;
use crate::backend::Role;

/// Time that an attempt needs on a busy machine to be established.
const MIN_CONNECT_DEADLINE: Duration = Duration::from_millis(50);

/// Maximum connections per second of which each is established before the next starts,
/// even on a busy machine.
const MAX_SEQUENTIAL_RATE: f64 = 5_000.0;

/// The first SYN retransmission: no attempt fails earlier, unless its deadline passes.
pub(super) const FIRST_RETRANSMISSION: Duration = Duration::from_secs(1);

/// What the functions of this module read.
pub(super) const CLIENTS: Reads = Reads {
    settings: &[
        "load.clients",
        "load.half_open",
        "load.source_addresses",
        "load.pattern",
        "load.connect_rate",
        "load.connect_deadline",
        "load.chat",
        "load.leave",
        "load.linger",
        "load.messages",
        "server.closes_first",
    ],
    server: &[],
    client: &[Sysctl::IpLocalPortRange, Sysctl::IpLocalReservedPorts],
};

/// What a rule reads that depends on when clients send and close: it applies only to
/// dialogues that decide that themselves.
pub(super) const DIALOGUE: Reads = Reads::settings(&["load.dialogue"]);

/// What the rules of clients that fill a queue read, beyond [`CLIENTS`].
pub(super) const FILLING: Reads = Reads {
    settings: &[
        "server.accept_paused",
        "server.backlog",
        "server.hold_acks",
        "server.listeners",
        "server.defer_accept",
    ],
    server: &[Sysctl::Somaxconn, Sysctl::TcpSyncookies],
    client: &[],
};

/// What the capacity of a SYN queue also depends on.
pub(super) const SYN_BACKLOG: Reads = Reads::server(&[Sysctl::TcpMaxSynBacklog]);

/// Clients that get a local port. The others send nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clients {
    /// Those that never complete the handshake.
    pub(super) half_open: u64,
    /// The others.
    pub(super) live: u64,
}

/// Whether each attempt waits for the end of the one before.
pub(super) fn is_serial(load: &LoadSettings) -> bool {
    load.pattern == ConnectPattern::OneByOne && load.clients > 1
}

/// The clients that get a local port.
pub(super) fn with_a_port(inputs: &Inputs<'_>) -> Result<Clients, Inapplicable> {
    let load = &inputs.cell.load;
    let (clients, half_open) = (u64::from(load.clients), u64::from(load.half_open));
    let (fewest, most) = ports_of_an_address(inputs)?;
    if attempts_of_address(load, 0) <= fewest {
        return Ok(Clients { half_open, live: clients.saturating_sub(half_open) });
    }
    require(fewest == most, odd_range())?;
    let spread = start_spread(load).filter(|spread| {
        *spread < load.connect_deadline.min(FIRST_RETRANSMISSION) && stays_until_decided(inputs)
    });
    require(
        spread.is_some(),
        "there are fewer local ports than clients (ip_local_port_range of the client), and a client \
         may leave one to a later client",
    )?;
    // Clients use the addresses in turn, and those of an address use up its ports.
    let addresses = u64::from(load.source_addresses.max(1));
    let with_port = |first: u64, last: u64| {
        let reached = |clients: u64| {
            (0..addresses)
                .map(|address| attempts_among(clients, addresses, address).min(most))
                .sum::<u64>()
        };
        reached(last) - reached(first)
    };
    Ok(Clients { half_open: with_port(0, half_open), live: with_port(half_open, clients) })
}

/// Requires that every client gets a local port.
pub(super) fn require_ports(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    let (fewest, _) = ports_of_an_address(inputs)?;
    require(
        attempts_of_address(&inputs.cell.load, 0) <= fewest,
        "there are fewer local ports than clients (ip_local_port_range of the client)",
    )
}

/// Requires that connections which close one after the other use different ports.
///
/// `__inet_hash_connect` (net/ipv4/inet_hashtables.c) starts each search 2 to 16 ports
/// after the previous one, so they differ until it has passed the whole range.
pub(super) fn require_different_ports(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    require_ports(inputs)?;
    let size = port_range(inputs)?.size();
    require(
        u64::from(inputs.cell.load.clients) * 16 <= size,
        "clients may use a local port twice, and there is one TIME_WAIT for each pair of addresses \
         and ports (ip_local_port_range of the client)",
    )
}

/// The local ports of one address: minimum and maximum.
pub(super) fn ports_of_an_address(inputs: &Inputs<'_>) -> Result<(u64, u64), Inapplicable> {
    let reserved: String =
        inputs.sysctl(Role::Client, Sysctl::IpLocalReservedPorts, Some(String::new()))?;
    let reserved: ReservedPorts =
        reserved.parse().map_err(|error| not_applied(format!("{error}")))?;
    Ok(ports::per_destination(port_range(inputs)?, &reserved).into_inner())
}

/// `ip_local_port_range` of the client.
pub(super) fn port_range(inputs: &Inputs<'_>) -> Result<PortRange, Inapplicable> {
    let range: String = inputs.sysctl(Role::Client, Sysctl::IpLocalPortRange, None)?;
    range.parse().map_err(|error| not_applied(format!("{error}")))
}

/// Why the number of ports is not exact.
pub(super) fn odd_range() -> &'static str {
    "the kernel may leave out one port of a range of odd size (ip_local_port_range of the client)"
}

/// Attempts that use this source address; attempts use the addresses in rotation.
pub(super) fn attempts_of_address(load: &LoadSettings, address: u64) -> u64 {
    attempts_among(load.clients.into(), u64::from(load.source_addresses.max(1)), address)
}

fn attempts_among(clients: u64, addresses: u64, address: u64) -> u64 {
    clients / addresses + u64::from(address < clients % addresses)
}

/// Whether no client that connected leaves before every attempt is decided.
pub(super) fn stays_until_decided(inputs: &Inputs<'_>) -> bool {
    let load = &inputs.cell.load;
    if load.is_closed_loop() {
        return false;
    }
    load.chat == ChatPhase::AfterConnect
        || !load.linger.is_zero()
        || load.messages == 0
        || (load.leave == Leave::Together && inputs.server.closes_first == ClosesFirst::Client)
}

/// Time from the start of the first attempt to that of the last; `None` if it is not known
/// before the trial.
pub(super) fn start_spread(load: &LoadSettings) -> Option<Duration> {
    match (load.pattern, load.connect_rate) {
        (ConnectPattern::Burst, _) => Some(Duration::ZERO),
        (ConnectPattern::Rate, rate) => Some(rate?.due_after(load.clients.saturating_sub(1))),
        (ConnectPattern::OneByOne, _) => (!is_serial(load)).then_some(Duration::ZERO),
        (ConnectPattern::Concurrent, _) => None,
    }
}

/// Whether each connection is established before the next attempt starts.
pub(super) fn connect_in_sequence(load: &LoadSettings) -> bool {
    match load.pattern {
        ConnectPattern::Burst | ConnectPattern::Concurrent => load.clients <= 1,
        ConnectPattern::Rate => {
            load.connect_rate.is_some_and(|rate| rate.highest() <= MAX_SEQUENTIAL_RATE)
        }
        ConnectPattern::OneByOne => true,
    }
}

/// Requires that the deadline of an attempt leaves the handshake enough time.
pub(super) fn require_time_to_connect(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    let deadline = inputs.cell.load.connect_deadline;
    require(
        deadline >= MIN_CONNECT_DEADLINE,
        format!("an attempt may end before it is established (load.connect_deadline {deadline:?})"),
    )
}

/// Requires that `established` clients get into the SYN queue even if they are in it at the
/// same time.
pub(super) fn require_syn_queue_room(
    inputs: &Inputs<'_>,
    established: u64,
) -> Result<(), Inapplicable> {
    if connect_in_sequence(&inputs.cell.load) {
        return Ok(());
    }
    require(
        inputs.cookies()? != Cookies::Never
            || inputs.syn_queue_at_least(inputs.server.backlog)?.capacity() >= established,
        "without SYN cookies, the SYN queue may have no room for all clients at the same time \
         (load.pattern, server.backlog, net.ipv4.tcp_max_syn_backlog)",
    )
}
