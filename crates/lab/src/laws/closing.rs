//! TIME_WAIT, FIN_WAIT_2, and bind(2) beside them.

use chat_server::ClosesFirst;
use load_generator::ConnectPattern;
use queue_model::bind::{self, Options, Standing};
use queue_model::time_wait::{self, Waiting};

use super::{Figure, Known, Measured, Prediction, RFC1337, waits_are_safe};

pub(super) fn predict(known: &Known<'_>) -> Vec<Prediction> {
    let mut predictions = buckets(known);
    predictions.extend(stand(known));
    predictions.extend(bind_again(known));
    predictions
}

/// The server is left with the TIME_WAIT of each connection. Where clients
/// linger, their sockets' ends decide what it is left with, and when; and a late
/// RST must not end it.
fn server_waits(known: &Known<'_>) -> bool {
    known.cell.server.closes_first == ClosesFirst::Server
        && known.cell.load.linger.is_zero()
        && waits_are_safe(known.at_server(RFC1337))
}

/// How many connections in TIME_WAIT are kept, of closes one after the other.
fn buckets(known: &Known<'_>) -> Vec<Prediction> {
    let cap = known.at_server("net.ipv4.tcp_max_tw_buckets");
    let in_turn = known.cell.load.pattern == ConnectPattern::OneByOne;
    let Some(cap) = cap.filter(|_| in_turn && server_waits(known)) else { return Vec::new() };
    let buckets = time_wait::buckets(known.cell.load.clients.into(), cap);
    vec![
        Prediction::count("TIME_WAIT kept = min(closes, tcp_max_tw_buckets)", buckets.time_wait, {
            |measured| measured.most_in("time_wait")
        }),
        Prediction::count("TCPTimeWaitOverflow", buckets.tcp_time_wait_overflow, |measured| {
            measured.at_server("TcpExt.TCPTimeWaitOverflow")
        }),
    ]
}

/// How long the server's sockets wait, where the scenario watches them to their
/// end.
fn stand(known: &Known<'_>) -> Vec<Prediction> {
    let (server, load) = (&known.cell.server, &known.cell.load);
    if server_waits(known) {
        let latest = known.latest(&[time_wait::LENGTH]);
        let law = Prediction::time("TIME_WAIT stands, s", time_wait::LENGTH, latest, |measured| {
            measured.stood("time_wait")
        });
        let is_watched = known.cell.after.watch_closing > latest;
        return Some(law).filter(|_| is_watched).into_iter().collect();
    }
    let Some(fin_timeout) = known.at_server("net.ipv4.tcp_fin_timeout") else { return Vec::new() };
    let nominal = time_wait::lasts(Waiting::OrphanedFinWait2, fin_timeout);
    let latest = known.latest(&[nominal]);
    let orphaned = server.closes_first == ClosesFirst::Server && server.drain.is_zero();
    let law = Prediction::time("orphaned FIN_WAIT_2 stands, s", nominal, latest, |measured| {
        measured.stood("fin_wait_2")
    });
    Some(law).filter(|_| orphaned && load.linger > latest).into_iter().collect()
}

/// Whether the server can be started again at once, and when it can be.
fn bind_again(known: &Known<'_>) -> Vec<Prediction> {
    let (first, after) = (&known.cell.server, &known.cell.after);
    let nothing_stands = first.closes_first == ClosesFirst::Client;
    let is_certain = nothing_stands || server_waits(known);
    if after.restart_within.is_zero() || !after.watch_closing.is_zero() || !is_certain {
        return Vec::new();
    }
    let options = |reuse_address| Options { reuse_address, reuse_port: first.listeners > 1 };
    let old = options(first.reuse_address);
    let new = options(after.restart_reuse_address.unwrap_or(first.reuse_address));
    let refused = !nothing_stands && !bind::succeeds(Standing::TimeWait, old, new);
    let mut predictions =
        vec![Prediction::count("bind(2) says EADDRINUSE", refused.into(), |measured| {
            Some(f64::from(u8::from(measured.restart?.refused > 0)).into())
        })];
    let latest = known.latest(&[time_wait::LENGTH]);
    if refused && after.restart_within > latest {
        let name = "the port is free again, s";
        let law = Prediction::time(name, time_wait::LENGTH, latest, free_again);
        predictions.push(law);
    }
    predictions
}

/// From the last client's leaving until a server listened. TIME_WAIT may have
/// begun before that was noticed, but not before the first client came.
fn free_again(measured: &Measured<'_>) -> Option<Figure> {
    let restart = measured.restart?;
    let value = restart.seconds?;
    let came_ns = measured.rows.iter().map(|row| row.start_ns).min()?;
    let left_ns = measured.rows.iter().map(|row| row.end_ns).max()?;
    let at_most = value + left_ns.saturating_sub(came_ns) as f64 / 1e9;
    Some(Figure { value, at_least: restart.last_refused_seconds?, at_most })
}
