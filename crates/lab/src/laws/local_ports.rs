//! The client's ports.

use std::time::Duration;

use chat_server::ClosesFirst;
use load_generator::{ChatPhase, ConnectPattern, Leave};
use queue_model::ports::{self, PortRange, ReservedPorts};
use queue_model::time_wait::{DEFAULT_REUSE_DELAY, Reconnect, Side, TwReuse};
use run_record::Outcome;

use super::{Known, Measured, Prediction};

pub(super) fn predict(known: &Known<'_>) -> Vec<Prediction> {
    let at_once =
        at_once(known).map(|with_port| ("ports = (range - reserved) x addresses", with_port));
    let in_turn = || in_turn(known).map(|with_port| ("connects until no port is left", with_port));
    at_once
        .or_else(in_turn)
        .map(|(name, with_port)| {
            Prediction::count(name, with_port, |measured| Some(with_a_port(measured).into()))
        })
        .into_iter()
        .collect()
}

/// Attempts that did not fail for want of a local port.
fn with_a_port(measured: &Measured<'_>) -> f64 {
    (measured.rows.len() as u64 - measured.outcome(Outcome::NoPort)) as f64
}

/// Ports of one address, where the scenario states the range; none where the
/// kernel may leave a port out.
fn of_an_address(known: &Known<'_>) -> Option<u64> {
    let stated = |name: &str| known.cell.hosts.client.sysctls.get(name).map(ToString::to_string);
    let range: PortRange = stated("net.ipv4.ip_local_port_range")?.parse().ok()?;
    let reserved = stated("net.ipv4.ip_local_reserved_ports").unwrap_or_default();
    let reserved: ReservedPorts = reserved.parse().ok()?;
    let ports = ports::per_destination(range, &reserved);
    (ports.start() == ports.end()).then_some(*ports.start())
}

/// Attempts that find a port where nobody leaves before all are decided.
fn at_once(known: &Known<'_>) -> Option<u64> {
    let load = &known.cell.load;
    if load.chat != ChatPhase::AfterConnect {
        return None;
    }
    let ports = of_an_address(known)?;
    // Attempts take the addresses in turn.
    let (clients, addresses) = (u64::from(load.clients), u64::from(load.source_addresses));
    let of_address = |n| clients / addresses + u64::from(n < clients % addresses);
    Some((0..addresses).map(|n| of_address(n).min(ports)).sum())
}

/// Attempts that find a port where each leaves before the next comes.
fn in_turn(known: &Known<'_>) -> Option<u64> {
    let (server, load) = (&known.cell.server, &known.cell.load);
    let orderly = load.pattern == ConnectPattern::OneByOne
        && load.source_addresses == 1
        && (load.leave == Leave::HalfClose || server.closes_first == ClosesFirst::Server);
    if !orderly {
        return None;
    }
    let ports = of_an_address(known)?;
    let owner = match server.closes_first {
        ClosesFirst::Client => Side::Client,
        ClosesFirst::Server => Side::Server,
    };
    let clients = u64::from(load.clients);
    let tw_reuse = known.at_client("net.ipv4.tcp_tw_reuse").and_then(TwReuse::from_sysctl)?;
    let timestamps = known.at_client::<u32>("net.ipv4.tcp_timestamps")? != 0;
    let reconnect = Reconnect { tw_reuse, to_loopback: false, timestamps };
    if owner == Side::Server || !reconnect.reuses() {
        return Some(ports::in_turn(clients, ports, Some(owner)));
    }
    // A whole number of turns, or it would be a matter of milliseconds.
    let interval = Duration::from_secs_f64(1.0 / load.connect_rate?);
    Some(ports::in_turn_reusing(clients, interval, ports, DEFAULT_REUSE_DELAY))
}
