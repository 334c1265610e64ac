//! TIME_WAIT, FIN_WAIT_2, and bind(2) during TIME_WAIT.

use std::time::Duration;

use chat_server::ClosesFirst;
use linux_net::{Counter, Sysctl};
use load_generator::{ChatPhase, ConnectPattern};
use queue_model::bind::{self, ExistingSocket, SocketOptions};
use queue_model::time_wait;

use super::clients::{CLIENTS, DIALOGUE, require_different_ports};
use super::condition::{Inapplicable, concerns, require};
use super::finishing::{
    FINISH, SERVER_CLOSES, chat_length, close_spread, require_close_together,
    require_fin_of_server, require_finish,
};
use super::inputs::{Inputs, require_rfc1337};
use super::measurements::{Measurement, Measurements};
use super::patience::PATIENCE;
use super::reads::Reads;
use super::rule::{Applied, Prediction, Rule, Servers};
use crate::backend::Role;

/// What the rules of closed connections read, beyond [`CLIENTS`], [`FINISH`] and
/// [`SERVER_CLOSES`].
const CLOSED: Reads =
    Reads::server(&[Sysctl::TcpFinTimeout, Sysctl::TcpMaxTwBuckets, Sysctl::TcpRfc1337]);

/// How many connections stay in TIME_WAIT.
pub(super) const BUCKETS: Rule = Rule {
    of: Servers::Chat,
    laws: &[time_wait::SOCKETS, time_wait::OVERFLOW],
    reads: &[DIALOGUE, CLIENTS, FINISH, PATIENCE, SERVER_CLOSES, CLOSED],
    predict: predict_buckets,
};

/// How long TIME_WAIT lasts.
pub(super) const TIME_WAIT: Rule = Rule {
    of: Servers::Chat,
    laws: &[time_wait::TIME_WAIT_LENGTH],
    reads: &[
        DIALOGUE,
        CLIENTS,
        FINISH,
        PATIENCE,
        SERVER_CLOSES,
        CLOSED,
        Reads::settings(&["after.watch_closing"]),
    ],
    predict: predict_time_wait,
};

/// How long an orphaned FIN_WAIT_2 lasts.
pub(super) const FIN_WAIT_2: Rule = Rule {
    of: Servers::Chat,
    laws: &[time_wait::FIN_WAIT_2_LENGTH],
    reads: &[
        DIALOGUE,
        CLIENTS,
        FINISH,
        PATIENCE,
        SERVER_CLOSES,
        Reads::server(&[Sysctl::TcpFinTimeout, Sysctl::TcpMaxTwBuckets, Sysctl::TcpRtoMinUs]),
    ],
    predict: predict_fin_wait_2,
};

/// What the rules of a restart read, beyond the rest.
const RESTART: Reads = Reads::settings(&[
    "server.port",
    "server.listeners",
    "server.reuse_address",
    "after.restart_within",
    "after.restart_reuse_address",
    "after.watch_closing",
]);

/// Whether the server can be restarted immediately.
pub(super) const BIND: Rule = Rule {
    of: Servers::Chat,
    laws: &[bind::REFUSED],
    reads: &[DIALOGUE, CLIENTS, FINISH, PATIENCE, SERVER_CLOSES, CLOSED, RESTART],
    predict: predict_bind_again,
};

/// When the server can be restarted.
pub(super) const FREE_AGAIN: Rule = Rule {
    of: Servers::Chat,
    laws: &[bind::FREE_AGAIN],
    reads: &[DIALOGUE, CLIENTS, FINISH, PATIENCE, SERVER_CLOSES, CLOSED, RESTART],
    predict: predict_free_again,
};

fn server_closes_first(inputs: &Inputs<'_>) -> bool {
    inputs.server.closes_first == ClosesFirst::Server
}

/// Requires that every connection ends in a full TIME_WAIT at the server, of which at
/// least one is kept.
fn require_time_wait(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    require(
        inputs.cell.load.linger.is_zero(),
        "clients stay connected after the server has closed (load.linger)",
    )?;
    require_finish(inputs)?;
    require_fin_of_server(inputs)?;
    let fin_timeout: i32 = inputs.sysctl(Role::Server, Sysctl::TcpFinTimeout, None)?;
    require(
        fin_timeout >= 1 || !inputs.server.drain.is_zero(),
        format!("a client may close after {} of its orphaned connection", Sysctl::TcpFinTimeout),
    )?;
    require_rfc1337(inputs, Role::Server)
}

/// Requires that the server keeps a TIME_WAIT.
fn require_a_bucket(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    require(
        inputs.max_tw_buckets_at_least(Role::Server)? > 0,
        format!("{} = 0 keeps no TIME_WAIT", Sysctl::TcpMaxTwBuckets),
    )
}

/// All connections close within this time, so that the first TIME_WAIT has not ended.
const WITHIN_TIME_WAIT: Duration = Duration::from_secs(50);

fn predict_buckets(inputs: &Inputs<'_>) -> Applied {
    let is_stated = inputs.stated(Role::Server, Sysctl::TcpMaxTwBuckets).is_some();
    concerns(is_stated && server_closes_first(inputs))?;
    let limit: i32 = inputs.sysctl(Role::Server, Sysctl::TcpMaxTwBuckets, None)?;
    let limit = limit.cast_unsigned();
    let (load, closed) = (&inputs.cell.load, u64::from(inputs.cell.load.clients));
    let one_by_one = load.pattern == ConnectPattern::OneByOne;
    concerns(one_by_one || closed > u64::from(limit))?;
    require(
        one_by_one,
        "connections closed at the same time may exceed the limit by one for each CPU \
         (load.pattern is not one-by-one)",
    )?;
    require_time_wait(inputs)?;
    require_different_ports(inputs)?;
    require(
        close_spread(inputs) < WITHIN_TIME_WAIT,
        "the first TIME_WAIT may end before the last connection closes (load.clients, \
         load.connect_rate)",
    )?;
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
    require_a_bucket(inputs)?;
    require_different_ports(inputs)?;
    let (law, nominal) = (time_wait::TIME_WAIT_LENGTH, time_wait::LENGTH);
    let latest = inputs.latest(&[nominal]) + require_close_together(inputs, nominal)?;
    require(watched > latest, format!("TIME_WAIT may outlast after.watch_closing ({watched:?})"))?;
    Ok(vec![Prediction::time(law, nominal, latest, |measured| measured.duration_in("time_wait"))])
}

/// Retransmission timeouts that an orphaned FIN_WAIT_2 lasts at least (`tcp_fin_time`).
const MIN_TIMEOUTS: f64 = 3.5;

/// Orphans that every machine allows: `tcp_max_orphans` is half the size of the table of
/// connections (`tcp_init`, net/ipv4/tcp.c), as the default of `tcp_max_tw_buckets` is, and
/// no namespace has its own.
const MAX_ORPHANS: u32 = 512;

/// Round-trip time of a connection on a busy machine, which its timeout includes.
const ROUND_TRIP: Duration = Duration::from_millis(30);

fn predict_fin_wait_2(inputs: &Inputs<'_>) -> Applied {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    concerns(server_closes_first(inputs) && !load.linger.is_zero())?;
    let fin_timeout: i32 = inputs.sysctl(Role::Server, Sysctl::TcpFinTimeout, None)?;
    require(
        server.drain.is_zero(),
        "the server reads until its client closes, so its socket is not orphaned (server.drain)",
    )?;
    require(
        !server.accept_paused,
        "the server accepts only after the clients have lingered (server.accept_paused)",
    )?;
    require(
        load.messages == 0 || load.chat == ChatPhase::Overlapped,
        "clients chat, and leave, only after they have lingered (load.chat)",
    )?;
    require_finish(inputs)?;
    require_fin_of_server(inputs)?;
    let seconds = u32::try_from(fin_timeout).unwrap_or(0);
    let rto_min: u64 = inputs.sysctl(Role::Server, Sysctl::TcpRtoMinUs, Some(200_000))?;
    let shortest = (Duration::from_micros(rto_min) + ROUND_TRIP).mul_f64(MIN_TIMEOUTS);
    let timers = time_wait::orphaned_fin_wait_2(seconds);
    require(
        timers.first().is_some_and(|first| *first >= shortest),
        format!(
            "{} = {fin_timeout} sets a timer that is shorter than {MIN_TIMEOUTS} retransmission \
             timeouts, which it lasts at least",
            Sysctl::TcpFinTimeout
        ),
    )?;
    require(
        timers.len() == 1 || load.clients <= MAX_ORPHANS,
        format!(
            "with {} = {fin_timeout}, closed connections are orphans for a while, and the machine \
             may allow fewer (net.ipv4.tcp_max_orphans)",
            Sysctl::TcpFinTimeout
        ),
    )?;
    require(
        inputs.max_tw_buckets_at_least(Role::Server)? >= load.clients,
        format!("{} limits sockets in FIN_WAIT_2 too", Sysctl::TcpMaxTwBuckets),
    )?;
    let nominal = timers.last().copied().unwrap_or_default();
    let latest = inputs.latest(&timers) + require_close_together(inputs, nominal)?;
    let linger = load.linger;
    require(
        linger > latest + chat_length(load),
        format!("clients close before the timer fires (load.linger {linger:?})"),
    )?;
    let law = time_wait::FIN_WAIT_2_LENGTH;
    Ok(vec![Prediction::time(law, nominal, latest, |measured| measured.duration_in("fin_wait_2"))])
}

/// Whether bind(2) is refused while the server's connections are in TIME_WAIT.
fn is_refused(inputs: &Inputs<'_>) -> bool {
    let (first, after) = (&*inputs.server, &inputs.cell.after);
    let options = |reuse_address| SocketOptions { reuse_address, reuse_port: first.listeners > 1 };
    let old = options(first.reuse_address);
    let new = options(after.restart_reuse_address.unwrap_or(first.reuse_address));
    // With port 0, the kernel chooses another port.
    first.port != 0
        && server_closes_first(inputs)
        && !bind::succeeds(ExistingSocket::TimeWait, old, new)
}

/// Requires that the state of the port at the restart is known.
fn require_known_port_state(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    require(
        inputs.cell.after.watch_closing.is_zero(),
        "the server restarts only after the closed connections were observed (after.watch_closing)",
    )?;
    match server_closes_first(inputs) {
        true => {
            require_time_wait(inputs)?;
            require_a_bucket(inputs)
        }
        false => require_finish(inputs),
    }
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
