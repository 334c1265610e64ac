//! SYNs that nobody answers.

use std::time::Duration;

use load_generator::ConnectPattern;
use nix::errno::Errno;
use queue_model::syn_retry::SynRetry;

use super::{Known, Measured, Prediction};

/// What the attempts go through that find a full accept queue, where the
/// scenario states the ladder, the queue stays full and the kernel gives up
/// first.
pub(super) fn predict(known: &Known<'_>) -> Vec<Prediction> {
    let Some((ladder, unanswered)) = ladder(known) else { return Vec::new() };
    let each = ladder.failure();
    let latest = latest(known, &ladder);
    vec![
        Prediction::count(
            "TCPSynRetrans of the unanswered",
            unanswered * each.tcp_syn_retrans,
            |measured| measured.at_client("TcpExt.TCPSynRetrans"),
        ),
        Prediction::count(
            "TCPTimeouts of the unanswered",
            unanswered * each.tcp_timeouts,
            |measured| measured.at_client("TcpExt.TCPTimeouts"),
        ),
        Prediction::count(
            "AttemptFails of the unanswered",
            unanswered * each.attempt_fails,
            |measured| measured.at_client("Tcp.AttemptFails"),
        ),
        Prediction::time(
            "connect(2) gives up, s: the first",
            ladder.timed_out,
            latest,
            |measured| gave_up_after(measured).reduce(f64::min).map(Into::into),
        ),
        Prediction::time(
            "connect(2) gives up, s: the last",
            ladder.timed_out,
            latest,
            |measured| gave_up_after(measured).reduce(f64::max).map(Into::into),
        ),
    ]
}

/// The ladder that is stated, and how many attempts climb it to its end.
fn ladder(known: &Known<'_>) -> Option<(SynRetry, u64)> {
    let (server, load) = (&known.cell.server, &known.cell.load);
    let ladder = SynRetry::new(
        known.at_client("net.ipv4.tcp_syn_retries")?,
        known.at_client("net.ipv4.tcp_syn_linear_timeouts")?,
    );
    let is_full = server.accept_paused
        && server.listeners == 1
        && load.half_open == 0
        && load.pattern == ConnectPattern::Rate;
    let gives_up = load.connect_deadline > latest(known, &ladder);
    let unanswered = u64::from(load.clients) - known.held()?;
    (is_full && gives_up && unanswered > 0).then_some((ladder, unanswered))
}

/// The latest at which somebody knows that the kernel has given up.
fn latest(known: &Known<'_>, ladder: &SynRetry) -> Duration {
    known.latest(&ladder.timers())
}

/// How long each attempt took that the client's kernel gave up, seconds.
fn gave_up_after(measured: &Measured<'_>) -> impl Iterator<Item = f64> {
    let gave_up = measured.rows.iter().filter(|row| row.errno == Some(Errno::ETIMEDOUT as i32));
    gave_up.map(|row| row.end_ns.saturating_sub(row.start_ns) as f64 / 1e9)
}
