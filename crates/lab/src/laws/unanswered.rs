//! SYNs that get no answer.

use linux_net::{Counter, Sysctl};
use load_generator::ConnectPattern;
use nix::errno::Errno;
use queue_model::syn_retry::{self, SynRetry};

use super::condition::{concerns, require};
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::rule::{Applied, Prediction, Rule};

/// How attempts fail that find the accept queue full, if the scenario sets the number of
/// retries and the client's kernel gives up before the load.
pub(super) const SYN_RETRY: Rule = Rule {
    laws: &[
        syn_retry::RETRANSMISSIONS,
        syn_retry::TIMEOUTS,
        syn_retry::ATTEMPT_FAILS,
        syn_retry::FIRST_FAILURE,
        syn_retry::LAST_FAILURE,
    ],
    predict: predict_syn_retry,
};

fn predict_syn_retry(inputs: &Inputs<'_>) -> Applied {
    let (server, load) = (&inputs.cell.server, &inputs.cell.load);
    let retries = inputs.at_client::<u8>(Sysctl::TcpSynRetries);
    let linear = inputs.at_client::<u8>(Sysctl::TcpSynLinearTimeouts);
    concerns(server.accept_paused && !server.hold_acks && (retries.is_some() || linear.is_some()))?;
    let unanswered = u64::from(load.clients).saturating_sub(inputs.established_clients()?);
    concerns(unanswered > 0)?;
    require(load.half_open == 0, "half-open clients retransmit their SYN too (load.half_open)")?;
    require(server.listeners == 1, "the kernel spreads clients over several listeners by a hash")?;
    require(
        load.pattern == ConnectPattern::Rate,
        "clients do not connect at a rate (load.pattern), so more clients may be dropped than exceed \
         the queue",
    )?;
    let schedule = SynRetry::new(
        inputs.required_at_client(Sysctl::TcpSynRetries)?,
        inputs.required_at_client(Sysctl::TcpSynLinearTimeouts)?,
    );
    let latest = inputs.latest(&schedule.timers());
    let deadline = load.connect_deadline;
    require(
        deadline > latest,
        format!("the load gives up before the kernel does (load.connect_deadline {deadline:?})"),
    )?;
    let each = schedule.failure();
    Ok(vec![
        Prediction::count(
            syn_retry::RETRANSMISSIONS,
            unanswered * each.tcp_syn_retrans,
            |measured| measured.at_client(Counter::TcpSynRetrans),
        ),
        Prediction::count(syn_retry::TIMEOUTS, unanswered * each.tcp_timeouts, |measured| {
            measured.at_client(Counter::TcpTimeouts)
        }),
        Prediction::count(syn_retry::ATTEMPT_FAILS, unanswered * each.attempt_fails, |measured| {
            measured.at_client(Counter::AttemptFails)
        }),
        Prediction::time(syn_retry::FIRST_FAILURE, schedule.timed_out, latest, |measured| {
            timed_out_after(measured).reduce(f64::min).map(Into::into)
        }),
        Prediction::time(syn_retry::LAST_FAILURE, schedule.timed_out, latest, |measured| {
            timed_out_after(measured).reduce(f64::max).map(Into::into)
        }),
    ])
}

/// Durations of the attempts that failed with ETIMEDOUT, in seconds.
fn timed_out_after(measured: &Measurements<'_>) -> impl Iterator<Item = f64> {
    let failed = measured.rows.iter().filter(|row| row.errno == Some(Errno::ETIMEDOUT as i32));
    failed.map(|row| row.end_ns.saturating_sub(row.start_ns) as f64 / 1e9)
}
