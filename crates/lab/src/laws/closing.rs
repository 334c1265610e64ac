//! TIME_WAIT, FIN_WAIT_2, and bind(2) during TIME_WAIT.

use std::time::Duration;

use chat_server::ClosesFirst;
use linux_net::{Counter, Sysctl};
use load_generator::ConnectPattern;
use queue_model::bind::{self, ExistingSocket, SocketOptions};
use queue_model::time_wait::{self, ClosedState};

use super::condition::{Inapplicable, concerns, require};
use super::inputs::{Inputs, require_rfc1337};
use super::measurements::{Measurement, Measurements};
use super::rule::{Applied, Prediction, Rule};

/// Maximum `tcp_fin_timeout` for which the kernel starts a TIME_WAIT timer of
/// that length (`TCP_TIMEWAIT_LEN` in `tcp_rcv_state_process`, net/ipv4/tcp_input.c,
/// Linux 6.18).
const MAX_FIN_TIMEOUT: u32 = 60;

/// How many connections stay in TIME_WAIT.
pub(super) const BUCKETS: Rule =
    Rule { laws: &[time_wait::SOCKETS, time_wait::OVERFLOW], predict: predict_buckets };

/// How long TIME_WAIT lasts.
pub(super) const TIME_WAIT: Rule =
    Rule { laws: &[time_wait::TIME_WAIT_LENGTH], predict: predict_time_wait };

/// How long an orphaned FIN_WAIT_2 lasts.
pub(super) const FIN_WAIT_2: Rule =
    Rule { laws: &[time_wait::FIN_WAIT_2_LENGTH], predict: predict_fin_wait_2 };

/// Whether the server can be restarted immediately.
pub(super) const BIND: Rule = Rule { laws: &[bind::REFUSED], predict: predict_bind_again };

/// When the server can be restarted.
pub(super) const FREE_AGAIN: Rule = Rule { laws: &[bind::FREE_AGAIN], predict: predict_free_again };

fn server_closes_first(inputs: &Inputs<'_>) -> bool {
    inputs.cell.server.closes_first == ClosesFirst::Server
}

/// Requires that every connection ends in a full TIME_WAIT at the server.
fn require_time_wait(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    require(
        inputs.cell.load.linger.is_zero(),
        "clients stay connected after the server has closed (load.linger)",
    )?;
    require_rfc1337("server", inputs.at_server(Sysctl::TcpRfc1337))
}

fn predict_buckets(inputs: &Inputs<'_>) -> Applied {
    let limit: u32 = inputs.at_server(Sysctl::TcpMaxTwBuckets).ok_or(Inapplicable::Unconcerned)?;
    let (load, closed) = (&inputs.cell.load, u64::from(inputs.cell.load.clients));
    let one_by_one = load.pattern == ConnectPattern::OneByOne;
    concerns(server_closes_first(inputs) && (one_by_one || closed > u64::from(limit)))?;
    require(
        one_by_one,
        "connections closed at the same time may exceed the limit by one for each CPU \
         (load.pattern is not one-by-one)",
    )?;
    require_time_wait(inputs)?;
    let buckets = time_wait::buckets(closed, limit);
    Ok(vec![
        Prediction::count(time_wait::SOCKETS, buckets.time_wait, |measured| {
            measured.max_in("time_wait")
        }),
        Prediction::count(time_wait::OVERFLOW, buckets.tcp_time_wait_overflow, |measured| {
            measured.at_server(Counter::TcpTimeWaitOverflow)
        }),
    ])
}

fn predict_time_wait(inputs: &Inputs<'_>) -> Applied {
    let watched = inputs.cell.after.watch_closing;
    concerns(
        server_closes_first(inputs) && inputs.cell.load.linger.is_zero() && !watched.is_zero(),
    )?;
    require_time_wait(inputs)?;
    let latest = inputs.latest(&[time_wait::LENGTH]);
    require(watched > latest, format!("TIME_WAIT may outlast after.watch_closing ({watched:?})"))?;
    let (law, nominal) = (time_wait::TIME_WAIT_LENGTH, time_wait::LENGTH);
    Ok(vec![Prediction::time(law, nominal, latest, |measured| measured.duration_in("time_wait"))])
}

fn predict_fin_wait_2(inputs: &Inputs<'_>) -> Applied {
    let fin_timeout: u32 =
        inputs.at_server(Sysctl::TcpFinTimeout).ok_or(Inapplicable::Unconcerned)?;
    let (server, load) = (&inputs.cell.server, &inputs.cell.load);
    concerns(server_closes_first(inputs) && !load.linger.is_zero())?;
    require(
        server.drain.is_zero(),
        "the server reads until its client closes, so its socket is not orphaned (server.drain)",
    )?;
    require(
        (1..=MAX_FIN_TIMEOUT).contains(&fin_timeout),
        format!("{} = {fin_timeout} is outside 1 to 60 s", Sysctl::TcpFinTimeout),
    )?;
    let nominal = time_wait::duration(ClosedState::OrphanedFinWait2, fin_timeout);
    let latest = inputs.latest(&[nominal]);
    let linger = load.linger;
    require(
        linger > latest,
        format!("clients close before the timer fires (load.linger {linger:?})"),
    )?;
    let law = time_wait::FIN_WAIT_2_LENGTH;
    Ok(vec![Prediction::time(law, nominal, latest, |measured| measured.duration_in("fin_wait_2"))])
}

/// Whether bind(2) is refused while the server's connections are in TIME_WAIT.
fn is_refused(inputs: &Inputs<'_>) -> bool {
    let (first, after) = (&inputs.cell.server, &inputs.cell.after);
    let options = |reuse_address| SocketOptions { reuse_address, reuse_port: first.listeners > 1 };
    let old = options(first.reuse_address);
    let new = options(after.restart_reuse_address.unwrap_or(first.reuse_address));
    server_closes_first(inputs) && !bind::succeeds(ExistingSocket::TimeWait, old, new)
}

/// Requires that the state of the port at the restart is known.
fn require_known_port_state(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    require(
        inputs.cell.after.watch_closing.is_zero(),
        "the server restarts only after the closed connections were observed (after.watch_closing)",
    )?;
    if server_closes_first(inputs) { require_time_wait(inputs) } else { Ok(()) }
}

fn predict_bind_again(inputs: &Inputs<'_>) -> Applied {
    concerns(!inputs.cell.after.restart_within.is_zero())?;
    require_known_port_state(inputs)?;
    Ok(vec![Prediction::count(bind::REFUSED, is_refused(inputs).into(), |measured| {
        Some(f64::from(u8::from(measured.restart?.refused > 0)).into())
    })])
}

fn predict_free_again(inputs: &Inputs<'_>) -> Applied {
    let within: Duration = inputs.cell.after.restart_within;
    concerns(within >= time_wait::LENGTH && is_refused(inputs))?;
    require_known_port_state(inputs)?;
    let latest = inputs.latest(&[time_wait::LENGTH]);
    require(
        within > latest,
        format!("after.restart_within ({within:?}) is shorter than TIME_WAIT can last"),
    )?;
    Ok(vec![Prediction::time(bind::FREE_AGAIN, time_wait::LENGTH, latest, free_after)])
}

/// Time from the end of the last client until a server listened again. A TIME_WAIT may
/// have started before the client's end was noticed, but not before the first client
/// started.
fn free_after(measured: &Measurements<'_>) -> Option<Measurement> {
    let restart = measured.restart?;
    let value = restart.seconds?;
    let first_start_ns = measured.rows.iter().map(|row| row.start_ns).min()?;
    let last_end_ns = measured.rows.iter().map(|row| row.end_ns).max()?;
    let at_most = value + last_end_ns.saturating_sub(first_start_ns) as f64 / 1e9;
    Some(Measurement { value, at_least: restart.last_refused_seconds?, at_most })
}
