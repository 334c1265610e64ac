//! The client's ports.

use std::time::Duration;

use chat_server::ClosesFirst;
use load_generator::{ChatPhase, ConnectPattern, Leave};
use queue_model::ports::{self, PortRange, ReservedPorts};
use queue_model::time_wait::{Reconnect, Side, TwReuse};
use run_record::Outcome;

use super::{Figure, Known, Measured, Prediction, RFC1337, waits_are_safe};

pub(super) fn predict(known: &Known<'_>) -> Vec<Prediction> {
    if let Some(places) = at_once(known) {
        let name = "ports = (range - reserved) x addresses";
        return vec![Prediction::count(name, places, with_a_port)];
    }
    let Some((connects, taken_over)) = in_turn(known) else { return Vec::new() };
    vec![
        Prediction::count("connects that find a port", connects, with_a_port),
        Prediction::count("TWRecycled", taken_over, |measured| {
            measured.at_client("TcpExt.TWRecycled")
        }),
    ]
}

/// Attempts that did not fail for want of a local port.
fn with_a_port(measured: &Measured<'_>) -> Option<Figure> {
    let without = measured.outcome(Outcome::NoPort);
    Some(((measured.rows.len() as u64 - without) as f64).into())
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

/// Attempts that find a port where each leaves before the next comes, and those
/// of them that take over one in TIME_WAIT.
fn in_turn(known: &Known<'_>) -> Option<(u64, u64)> {
    let (server, load) = (&known.cell.server, &known.cell.load);
    let clients = u64::from(load.clients);
    let owner = match server.closes_first {
        ClosesFirst::Client => Side::Client,
        ClosesFirst::Server => Side::Server,
    };
    let every_wait_is_kept =
        known.at_client("net.ipv4.tcp_max_tw_buckets").is_none_or(|cap: u64| cap >= clients);
    let orderly = load.pattern == ConnectPattern::OneByOne
        && load.source_addresses == 1
        && (load.leave == Leave::HalfClose || owner == Side::Server)
        && every_wait_is_kept
        && (owner == Side::Server || waits_are_safe(known.at_client(RFC1337)));
    if !orderly {
        return None;
    }
    let ports = of_an_address(known)?;
    let tw_reuse = known.at_client("net.ipv4.tcp_tw_reuse").and_then(TwReuse::from_sysctl)?;
    let has_timestamps = |stated: Option<u32>| stated.unwrap_or(1) != 0;
    let timestamps = has_timestamps(known.at_client("net.ipv4.tcp_timestamps"))
        && has_timestamps(known.at_server("net.ipv4.tcp_timestamps"));
    let reconnect = Reconnect { tw_reuse, to_loopback: false, timestamps };
    if owner == Side::Server || !reconnect.reuses() {
        return Some((ports::in_turn(clients, ports, Some(owner)), 0));
    }
    let delay = known.tw_reuse_delay?;
    let interval = Duration::try_from_secs_f64(1.0 / load.connect_rate?).ok()?;
    let connects = |delay| ports::in_turn_reusing(clients, interval, ports, delay);
    // Not where it would be a matter of milliseconds, or of a busy machine's
    // pace.
    let (sooner, later) = (connects(delay.mul_f64(0.9)), connects(delay.mul_f64(1.1)));
    (sooner == later).then(|| (later, later.saturating_sub(ports)))
}
