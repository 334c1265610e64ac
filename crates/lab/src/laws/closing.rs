//! TIME_WAIT, FIN_WAIT_2, and bind(2) beside them.

use std::time::Duration;

use chat_server::ClosesFirst;
use load_generator::ConnectPattern;
use queue_model::bind::{self, Options, Standing};
use queue_model::time_wait::{self, Waiting};
use queue_model::timer;

use super::{Figure, Known, Prediction};

pub(super) fn predict(known: &Known<'_>) -> Vec<Prediction> {
    let mut predictions = buckets(known);
    predictions.extend(stand(known));
    predictions.extend(bind_again(known));
    predictions
}

/// The server is left with the TIME_WAIT of each connection.
fn server_waits(known: &Known<'_>) -> bool {
    known.cell.server.closes_first == ClosesFirst::Server && known.cell.load.linger.is_zero()
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
    let load = &known.cell.load;
    let Some(fin_timeout) = known.at_server("net.ipv4.tcp_fin_timeout") else { return Vec::new() };
    let watched = known.cell.after.watch_closing;
    let lasts = |waiting| {
        let nominal: Duration = time_wait::lasts(waiting, fin_timeout);
        (nominal, timer::latest_at_any_hz(&[nominal]))
    };
    if server_waits(known) {
        let (nominal, latest) = lasts(Waiting::TimeWait);
        let law = Prediction::time("TIME_WAIT stands, s", nominal, latest, |measured| {
            measured.stood("time_wait")
        });
        return Some(law).filter(|_| watched > latest).into_iter().collect();
    }
    let server = &known.cell.server;
    let orphaned = server.closes_first == ClosesFirst::Server && server.drain.is_zero();
    let (nominal, latest) = lasts(Waiting::OrphanedFinWait2);
    let law = Prediction::time("orphaned FIN_WAIT_2 stands, s", nominal, latest, |measured| {
        measured.stood("fin_wait_2")
    });
    Some(law).filter(|_| orphaned && load.linger > latest).into_iter().collect()
}

/// Whether the server can be started again at once, and when it can be.
fn bind_again(known: &Known<'_>) -> Vec<Prediction> {
    let (first, after) = (&known.cell.server, &known.cell.after);
    let latest = timer::latest_at_any_hz(&[time_wait::LENGTH]);
    if after.restart_within <= latest {
        return Vec::new();
    }
    let options = |reuse_address| Options { reuse_address, reuse_port: first.listeners > 1 };
    let old = options(first.reuse_address);
    let new = options(after.restart_reuse_address.unwrap_or(first.reuse_address));
    let refused = server_waits(known) && !bind::succeeds(Standing::TimeWait, old, new);
    let mut predictions =
        vec![Prediction::count("bind(2) says EADDRINUSE", refused.into(), |measured| {
            Some(f64::from(u8::from(measured.restart?.refused > 0)).into())
        })];
    if refused {
        predictions.push(Prediction::time(
            "the port is free again, s",
            time_wait::LENGTH,
            latest,
            |measured| {
                let restart = measured.restart?;
                let value = restart.seconds?;
                let at_least = restart.last_refused_seconds?;
                Some(Figure { value, at_least, at_most: value })
            },
        ));
    }
    predictions
}
