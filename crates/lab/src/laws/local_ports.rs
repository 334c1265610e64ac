//! The client's local ports.

use std::time::Duration;

use chat_server::ClosesFirst;
use linux_net::{Counter, Sysctl};
use load_generator::{ChatPhase, ConnectRate, Leave};
use queue_model::ports;
use queue_model::time_wait::{self, Reconnect, Side, TwReuse};
use run_record::Outcome;

use super::clients::{
    CLIENTS, DIALOGUE, attempts_of_address, is_serial, odd_range, port_range, ports_of_an_address,
    require_ports, with_a_port,
};
use super::condition::{Inapplicable, concerns, not_applied, require};
use super::finishing::{
    FINISH, SERVER_CLOSES, chat_length, require_fin_of_server, require_served, serial_length,
};
use super::inputs::{Inputs, require_rfc1337};
use super::measurements::{Measurement, Measurements};
use super::patience::{PATIENCE, require_patience};
use super::reads::Reads;
use super::rule::{Applied, Prediction, Rule, Servers};
use crate::backend::Role;

/// Attempts that get a port while every client stays connected.
pub(super) const AT_ONCE: Rule = Rule {
    of: Servers::Chat,
    laws: &[ports::CONCURRENT],
    reads: &[DIALOGUE, CLIENTS, PATIENCE],
    predict: predict_at_once,
};

/// Attempts that get a port if each client leaves before the next one connects.
pub(super) const IN_SEQUENCE: Rule = Rule {
    of: Servers::Chat,
    laws: &[ports::SEQUENTIAL, ports::RECYCLED],
    reads: &[
        DIALOGUE,
        CLIENTS,
        FINISH,
        PATIENCE,
        SERVER_CLOSES,
        Reads::server(&[Sysctl::TcpTimestamps]),
        Reads::client(&[
            Sysctl::TcpTwReuse,
            Sysctl::TcpTwReuseDelay,
            Sysctl::TcpTimestamps,
            Sysctl::TcpMaxTwBuckets,
            Sysctl::TcpRfc1337,
        ]),
    ],
    predict: predict_in_sequence,
};

/// Attempts that did not fail for lack of a local port.
fn with_port(measured: &Measurements<'_>) -> Option<Measurement> {
    let without = measured.outcome(Outcome::NoPort);
    Some(((measured.rows.len() as u64 - without) as f64).into())
}

/// Time in which a busy machine opens and closes a connection.
const MIN_GAP: Duration = Duration::from_millis(2);

/// No TIME_WAIT ends earlier.
const TIME_WAIT_BEGINS_TO_END: Duration = Duration::from_secs(50);

/// Whether the local ports are what limits the clients: the scenario sets their range, or
/// there are fewer than clients.
fn ports_matter(inputs: &Inputs<'_>) -> Result<bool, Inapplicable> {
    let is_stated = inputs.stated(Role::Client, Sysctl::IpLocalPortRange).is_some();
    Ok(is_stated || require_ports(inputs).is_err())
}

fn predict_at_once(inputs: &Inputs<'_>) -> Applied {
    let load = &inputs.cell.load;
    let range = port_range(inputs)?;
    concerns(ports_matter(inputs)? && !is_serial(load))?;
    let may_run_out = attempts_of_address(load, 0) > range.size();
    concerns(load.chat == ChatPhase::AfterConnect || may_run_out)?;
    let clients = with_a_port(inputs)?;
    // A client that the server closes leaves its port to a later one.
    require_patience(inputs)?;
    Ok(vec![Prediction::count(ports::CONCURRENT, clients.half_open + clients.live, with_port)])
}

fn predict_in_sequence(inputs: &Inputs<'_>) -> Applied {
    concerns(ports_matter(inputs)? && is_serial(&inputs.cell.load))?;
    let (connects, recycled) = connects_in_sequence(inputs)?;
    Ok(vec![
        Prediction::count(ports::SEQUENTIAL, connects, with_port),
        Prediction::count(ports::RECYCLED, recycled, |measured| {
            measured.at_client(Counter::TwRecycled)
        }),
    ])
}

/// Attempts that get a port, and how many of them reuse one in TIME_WAIT.
fn connects_in_sequence(inputs: &Inputs<'_>) -> Result<(u64, u64), Inapplicable> {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    let clients = u64::from(load.clients);
    let owner = match server.closes_first {
        ClosesFirst::Client => Side::Client,
        ClosesFirst::Server => Side::Server,
    };
    require(
        load.source_addresses == 1,
        "clients use several source addresses (load.source_addresses)",
    )?;
    match owner {
        Side::Client => {
            require(
                load.leave == Leave::HalfClose,
                "a client may close with unread data, which leaves no TIME_WAIT (load.leave)",
            )?;
            require_served(inputs)?;
            require_rfc1337(inputs, Role::Client)?;
            require(
                u64::from(inputs.max_tw_buckets_at_least(Role::Client)?) >= clients,
                format!("{} of the client limits sockets in TIME_WAIT", Sysctl::TcpMaxTwBuckets),
            )?;
        }
        Side::Server => {
            require_served(inputs)?;
            require_fin_of_server(inputs)?;
        }
    }
    let (fewest, most) = ports_of_an_address(inputs)?;
    require(fewest == most || clients <= fewest, odd_range())?;
    let ports = fewest;
    let length = serial_length(inputs);
    require(
        length < TIME_WAIT_BEGINS_TO_END,
        "the first TIME_WAIT may end before the last attempt (load.connect_rate, load.clients)",
    )?;
    if owner == Side::Server {
        // The last segment of a closed connection may still be on its way.
        require(ports >= 2, "a single local port may still be in use at the next attempt")?;
        return Ok((clients, 0));
    }
    let tw_reuse: u32 = inputs.sysctl(Role::Client, Sysctl::TcpTwReuse, None)?;
    let tw_reuse = TwReuse::from_sysctl(tw_reuse)
        .ok_or_else(|| not_applied(format!("the value of {} is invalid", Sysctl::TcpTwReuse)))?;
    let has_timestamps = |host| -> Result<bool, Inapplicable> {
        Ok(inputs.sysctl::<u32>(host, Sysctl::TcpTimestamps, None)? != 0)
    };
    let timestamps = has_timestamps(Role::Client)? && has_timestamps(Role::Server)?;
    let reconnect = Reconnect { tw_reuse, to_loopback: false, timestamps };
    if !reconnect.can_reuse() {
        return Ok((ports::sequential_connects(clients, ports, Some(owner)), 0));
    }
    let delay: u64 = inputs.sysctl(Role::Client, Sysctl::TcpTwReuseDelay, None)?;
    let delay = Duration::from_millis(delay).min(time_wait::LENGTH);
    if length < delay.mul_f64(0.9) {
        return Ok((clients.min(ports), 0));
    }
    let rate = load.connect_rate.and_then(|rate| rate.constant()).ok_or_else(|| {
        not_applied("the scenario sets no constant rate of attempts (load.connect_rate)")
    })?;
    let interval = ConnectRate::Constant(rate).due_after(1);
    require(
        [load.linger, chat_length(load), server.accept_delay, MIN_GAP]
            .into_iter()
            .fold(Duration::ZERO, Duration::saturating_add)
            <= interval,
        "attempts may take longer than the time between two of them (load.connect_rate, \
         load.linger, load.messages, load.interval, load.send_delay, server.accept_delay)",
    )?;
    require(
        interval.mul_f64(ports as f64) < delay.mul_f64(0.9),
        "the first port is reusable before every port was used, and the kernel may take either \
         (net.ipv4.tcp_tw_reuse_delay, ip_local_port_range, load.connect_rate)",
    )?;
    let connects = |delay| ports::sequential_connects_with_reuse(clients, interval, ports, delay);
    // A busy machine's delays must not change the result.
    let (sooner, later) = (connects(delay.mul_f64(0.9)), connects(delay.mul_f64(1.1)));
    require(
        sooner == later,
        "the last clients connect close to the time at which the first port becomes reusable",
    )?;
    Ok((later, later.saturating_sub(ports)))
}
