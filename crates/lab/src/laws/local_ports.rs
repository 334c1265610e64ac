//! The client's local ports.

use std::time::Duration;

use chat_server::ClosesFirst;
use linux_net::{Counter, Sysctl};
use load_generator::{ChatPhase, ConnectPattern, Leave};
use queue_model::ports::{self, PortRange, ReservedPorts};
use queue_model::time_wait::{Reconnect, Side, TwReuse};
use run_record::Outcome;

use super::condition::{Inapplicable, concerns, not_applied, require};
use super::inputs::{Inputs, require_rfc1337};
use super::measurements::{Measurement, Measurements};
use super::rule::{Applied, Prediction, Rule};

/// Attempts that get a port while every client stays connected.
pub(super) const AT_ONCE: Rule = Rule { laws: &[ports::CONCURRENT], predict: predict_at_once };

/// Attempts that get a port if each client leaves before the next one connects.
pub(super) const IN_SEQUENCE: Rule =
    Rule { laws: &[ports::SEQUENTIAL, ports::RECYCLED], predict: predict_in_sequence };

/// Attempts that did not fail for lack of a local port.
fn with_a_port(measured: &Measurements<'_>) -> Option<Measurement> {
    let without = measured.outcome(Outcome::NoPort);
    Some(((measured.rows.len() as u64 - without) as f64).into())
}

/// `ip_local_port_range` of the client, if the scenario sets it.
fn configured_range(inputs: &Inputs<'_>) -> Option<PortRange> {
    inputs.at_client::<String>(Sysctl::IpLocalPortRange)?.parse().ok()
}

/// The number of local ports of one address.
fn ports_of_an_address(inputs: &Inputs<'_>, range: PortRange) -> Result<u64, Inapplicable> {
    let reserved: String = inputs.at_client(Sysctl::IpLocalReservedPorts).unwrap_or_default();
    let reserved: ReservedPorts =
        reserved.parse().map_err(|error| not_applied(format!("{error}")))?;
    let ports = ports::per_destination(range, &reserved);
    require(
        ports.start() == ports.end(),
        format!("the kernel may leave out one port of a range of odd size ({})", range.size()),
    )?;
    Ok(*ports.start())
}

/// Attempts that use this source address; attempts use the addresses in rotation.
fn attempts_of_address(inputs: &Inputs<'_>, address: u64) -> u64 {
    let load = &inputs.cell.load;
    let (clients, addresses) = (u64::from(load.clients), u64::from(load.source_addresses));
    clients / addresses + u64::from(address < clients % addresses)
}

fn predict_at_once(inputs: &Inputs<'_>) -> Applied {
    let load = &inputs.cell.load;
    let stays = load.chat == ChatPhase::AfterConnect;
    let range = configured_range(inputs).ok_or(Inapplicable::Unconcerned)?;
    let may_run_out = attempts_of_address(inputs, 0) > range.size();
    concerns(stays || (may_run_out && load.pattern != ConnectPattern::OneByOne))?;
    require(
        stays,
        "clients may leave and free their ports before all attempts are decided (load.chat)",
    )?;
    let ports = ports_of_an_address(inputs, range)?;
    let addresses = 0..u64::from(load.source_addresses);
    let with_a_port_each = addresses.map(|address| attempts_of_address(inputs, address).min(ports));
    Ok(vec![Prediction::count(ports::CONCURRENT, with_a_port_each.sum(), with_a_port)])
}

fn predict_in_sequence(inputs: &Inputs<'_>) -> Applied {
    let load = &inputs.cell.load;
    let range = configured_range(inputs).ok_or(Inapplicable::Unconcerned)?;
    concerns(load.chat != ChatPhase::AfterConnect && load.pattern == ConnectPattern::OneByOne)?;
    let (connects, recycled) = connects_in_sequence(inputs, range)?;
    Ok(vec![
        Prediction::count(ports::SEQUENTIAL, connects, with_a_port),
        Prediction::count(ports::RECYCLED, recycled, |measured| {
            measured.at_client(Counter::TwRecycled)
        }),
    ])
}

/// Attempts that get a port, and how many of them reuse one in TIME_WAIT.
fn connects_in_sequence(inputs: &Inputs<'_>, range: PortRange) -> Result<(u64, u64), Inapplicable> {
    let load = &inputs.cell.load;
    let clients = u64::from(load.clients);
    let owner = match inputs.cell.server.closes_first {
        ClosesFirst::Client => Side::Client,
        ClosesFirst::Server => Side::Server,
    };
    require(
        load.source_addresses == 1,
        "clients use several source addresses (load.source_addresses)",
    )?;
    if owner == Side::Client {
        require(
            load.leave == Leave::HalfClose,
            "a client may close with unread data, which leaves no TIME_WAIT (load.leave)",
        )?;
        require_rfc1337("client", inputs.at_client(Sysctl::TcpRfc1337))?;
    }
    let limit = inputs.at_client::<u64>(Sysctl::TcpMaxTwBuckets);
    require(
        limit.is_none_or(|limit| limit >= clients),
        format!("{} of the client limits sockets in TIME_WAIT", Sysctl::TcpMaxTwBuckets),
    )?;
    let ports = ports_of_an_address(inputs, range)?;
    let tw_reuse: u32 = inputs.required_at_client(Sysctl::TcpTwReuse)?;
    let tw_reuse = TwReuse::from_sysctl(tw_reuse)
        .ok_or_else(|| not_applied(format!("the value of {} is invalid", Sysctl::TcpTwReuse)))?;
    let has_timestamps = |configured: Option<u32>| configured.unwrap_or(1) != 0;
    let timestamps = has_timestamps(inputs.at_client(Sysctl::TcpTimestamps))
        && has_timestamps(inputs.at_server(Sysctl::TcpTimestamps));
    let reconnect = Reconnect { tw_reuse, to_loopback: false, timestamps };
    if owner == Side::Server || !reconnect.can_reuse() {
        return Ok((ports::sequential_connects(clients, ports, Some(owner)), 0));
    }
    let delay: u64 = inputs.required_at_client(Sysctl::TcpTwReuseDelay)?;
    let delay = Duration::from_millis(delay);
    let interval = load.connect_rate.map(|rate| Duration::try_from_secs_f64(1.0 / rate));
    let interval = interval
        .and_then(Result::ok)
        .ok_or_else(|| not_applied("the scenario does not set load.connect_rate"))?;
    let connects = |delay| ports::sequential_connects_with_reuse(clients, interval, ports, delay);
    // A busy machine's delays must not change the result.
    let (sooner, later) = (connects(delay.mul_f64(0.9)), connects(delay.mul_f64(1.1)));
    require(
        sooner == later,
        "the last clients connect close to the time at which the first port becomes reusable",
    )?;
    Ok((later, later.saturating_sub(ports)))
}
