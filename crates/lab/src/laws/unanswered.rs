//! SYNs that get no answer.

use std::time::Duration;

use linux_net::{Counter, Sysctl};
use load_generator::ConnectPattern;
use nix::errno::Errno;
use queue_model::syn_retry::{self, SynRetry};

use super::clients::{CLIENTS, DIALOGUE, FILLING, SYN_BACKLOG, connect_in_sequence, with_a_port};
use super::condition::{concerns, require};
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::reads::Reads;
use super::rule::{Applied, Prediction, Rule, Servers};
use crate::backend::Role;

/// How attempts fail that find the accept queue full, if the scenario sets the number of
/// retries and the client's kernel gives up before the load.
pub(super) const SYN_RETRY: Rule = Rule {
    of: Servers::Chat,
    laws: &[
        syn_retry::RETRANSMISSIONS,
        syn_retry::TIMEOUTS,
        syn_retry::ATTEMPT_FAILS,
        syn_retry::FIRST_FAILURE,
        syn_retry::LAST_FAILURE,
    ],
    reads: &[
        DIALOGUE,
        CLIENTS,
        FILLING,
        SYN_BACKLOG,
        Reads::client(&[
            Sysctl::TcpSynRetries,
            Sysctl::TcpSynLinearTimeouts,
            Sysctl::TcpRtoMaxMs,
            Sysctl::TcpRtoMinUs,
        ]),
    ],
    predict: predict_syn_retry,
};

/// `tcp_rto_max_ms` of a kernel without it (`TCP_RTO_MAX`).
const RTO_MAX_MS: u64 = 120_000;

/// Time in which a busy machine acknowledges the FIN of a client that leaves.
const MIN_TIMEOUT: Duration = Duration::from_millis(100);

fn predict_syn_retry(inputs: &Inputs<'_>) -> Applied {
    let (server, load) = (&*inputs.server, &inputs.cell.load);
    let is_stated = |sysctl: &Sysctl| inputs.stated(Role::Client, *sysctl).is_some();
    let stated = [Sysctl::TcpSynRetries, Sysctl::TcpSynLinearTimeouts, Sysctl::TcpRtoMaxMs];
    concerns(server.accept_paused && !server.hold_acks && stated.iter().any(is_stated))?;
    require(server.defer_accept == 0, "connections stay in SYN_RECV (server.defer_accept)")?;
    let clients = with_a_port(inputs)?.live;
    let unanswered = clients.saturating_sub(inputs.established_of(clients)?);
    concerns(unanswered > 0)?;
    require(load.half_open == 0, "half-open clients retransmit their SYN too (load.half_open)")?;
    require(server.listeners == 1, "the kernel spreads clients over several listeners by a hash")?;
    require(
        load.pattern == ConnectPattern::Rate,
        "clients do not connect at a rate (load.pattern), so more clients may be dropped than exceed \
         the queue",
    )?;
    require(
        connect_in_sequence(load),
        "clients connect too fast to be certain that the queue is full for the last ones \
         (load.connect_rate)",
    )?;
    require(load.messages == 0, "timeouts of clients that send data count too (load.messages)")?;
    let rto_min: u64 = inputs.sysctl(Role::Client, Sysctl::TcpRtoMinUs, Some(200_000))?;
    require(
        Duration::from_micros(rto_min) >= MIN_TIMEOUT,
        format!("timeouts of established clients may count too ({})", Sysctl::TcpRtoMinUs),
    )?;
    let rto_max = inputs.sysctl(Role::Client, Sysctl::TcpRtoMaxMs, Some(RTO_MAX_MS))?;
    let schedule = SynRetry::with_rto_max(
        inputs.sysctl(Role::Client, Sysctl::TcpSynRetries, None)?,
        inputs.sysctl(Role::Client, Sysctl::TcpSynLinearTimeouts, Some(0))?,
        Duration::from_millis(rto_max),
    );
    require(
        inputs.latest(&schedule.retransmits) < schedule.gives_up_at,
        "timers are late, and the last retransmission may be so late that the kernel gives up \
         instead (net.ipv4.tcp_syn_linear_timeouts, net.ipv4.tcp_rto_max_ms)",
    )?;
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
