//! The simulation of a trial.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use chat_protocol::Framing;
use chat_server::ClosesFirst;
use linux_net::{Sysctl, TimerWheel};
use load_generator::{ChatPhase, Leave};
use queue_model::simulator::{Accepts, Arrival, ListenPath, Outcome, Timers, simulate};
use run_record::{AttemptRow, KernelRules, Simulated, SysctlValues};
use scenario::CellSettings;

use crate::backend::Role;
use crate::kernel_facts::UnstatedValue;
use crate::kernel_rules::rule_set;
use crate::listen_path::{PathInputs, netdev_max_backlog};
use crate::sysctls_in_force::SysctlsInForce;

/// A message of this many bytes fits into one segment of any link of a testbed.
const SMALLEST_SEGMENT: u64 = 1400;

/// With times between messages in this range, either message may be the one that the tail
/// loss probe sends.
const PROBE_MAY_BE_NEW: RangeInclusive<Duration> =
    Duration::from_millis(150)..=Duration::from_millis(300);

/// The default of `tcp_rto_min_us`: `TCP_RTO_MIN` (include/net/tcp.h).
const DEFAULT_RTO_MIN_US: &str = "200000";

/// A client's close and its SYN timer that are closer than this may have happened in
/// either order: the load records a close a little late, and a timer may fire late.
const UNDECIDED_NS: u64 = 2_000_000;

/// Why a trial or a cell is not simulated in which that matters.
pub(crate) const DEADLINE_AT_TIMER: &str = "clients gave up just when their kernels retransmitted \
    a SYN, and which came first depends on the machine (load.connect_deadline)";

/// The results of a finished trial, for its simulation.
pub(crate) struct SimulationInputs<'a> {
    pub(crate) cell: &'a CellSettings,
    /// The sysctls in force.
    pub(crate) sysctls: &'a SysctlValues,
    pub(crate) rules: &'a KernelRules,
    /// The kernel's timer wheel, if it was found.
    pub(crate) wheel: Option<&'a TimerWheel>,
    /// The attempts, with the instants at which the server accepted.
    pub(crate) rows: &'a [AttemptRow],
    /// Failed accept(2) calls and starts of clients' threads by errno name.
    pub(crate) accept_errors: &'a BTreeMap<String, u64>,
    /// When the load was released, CLOCK_MONOTONIC nanoseconds: it closed its half-open
    /// connections, and silent clients left.
    pub(crate) released_ns: u64,
    /// Connections that the server had not accepted at the end of the trial.
    pub(crate) left_in_queue: u32,
    /// When the counters were read the last time, CLOCK_MONOTONIC nanoseconds.
    pub(crate) counted_ns: u64,
}

/// Simulates a trial: its connect(2) calls at their times, with clients that close their
/// sockets when the real ones did, on a server that accepts a connection at each time at
/// which the real one returned from accept(2).
///
/// # Errors
/// Why the simulator does not cover the trial, for people.
pub(crate) fn simulated(inputs: &SimulationInputs<'_>) -> Result<Simulated, String> {
    let wheel = inputs.wheel.ok_or("the slots of the kernel's timer wheel were not found")?;
    let mut path = path(inputs)?;
    check_rows(inputs)?;
    let on_wheel = |monotonic_ns: u64| monotonic_ns.saturating_add(wheel.offset_ns());
    let mut accepts: Vec<_> =
        inputs.rows.iter().filter_map(|row| row.accepted_ns).map(on_wheel).collect();
    accepts.sort_unstable();
    path.accepts = Accepts::At(accepts);
    path.timers = Timers::Wheel { hz: wheel.hz() };
    path.until_ns = Some(on_wheel(inputs.counted_ns));
    let arrivals: Vec<_> = inputs
        .rows
        .iter()
        .filter(|row| row.outcome != run_record::Outcome::NoPort)
        .map(|row| {
            let start_ns = on_wheel(row.start_ns);
            let close_ns = Some(on_wheel(closed_ns(row, inputs)));
            let first_sent_ns = first_sent_ns(row, inputs).map(on_wheel);
            match row.index < inputs.cell.load.half_open {
                true => Arrival { close_ns, ..Arrival::half_open(start_ns) },
                false => Arrival { close_ns, first_sent_ns, ..Arrival::live(start_ns) },
            }
        })
        .collect();
    let simulation = simulate(&path, &arrivals);
    if simulation.closest_timer_ns.is_some_and(|ns| ns < UNDECIDED_NS) {
        return Err(DEADLINE_AT_TIMER.to_owned());
    }
    if simulation.ack_overflows > 0 {
        check_phantoms(inputs)?;
        if simulation.counters.syncookies_sent > 0 && inputs.cell.load.messages > 1 {
            return Err("clients that returned a SYN cookie found the accept queue full, and \
                        which of their messages the kernel repeats is not simulated \
                        (load.messages)"
                .to_owned());
        }
    }
    if simulation.cookie_overflows > 0 && inputs.cell.load.messages > 0 {
        return Err(
            "clients that were answered with SYN cookies are phantoms for a time, and only \
                    their data tries to enter the accept queue: when exactly they wrote it is not \
                    recorded"
                .to_owned(),
        );
    }
    // The server emptied its queue before the trial ended: connections still in the
    // simulated queue would have been accepted.
    let accepted = simulation
        .attempts
        .iter()
        .filter(|attempt| attempt.accepted_ns.is_some() || attempt.outcome == Outcome::Established);
    Ok(Simulated {
        accepted: accepted.count() as u64,
        timed_out: simulation.count(Outcome::TimedOut),
        syn_retransmits: simulation.syn_retransmits(),
        listen_overflows: simulation.counters.listen_overflows,
        listen_drops: simulation.counters.listen_drops,
        deepest: simulation.accept_queue.max,
    })
}

fn path(inputs: &SimulationInputs<'_>) -> Result<ListenPath, String> {
    let mut path = PathInputs {
        cell: inputs.cell,
        sysctls: &SysctlsInForce::of_trial(inputs.cell, inputs.sysctls),
        syn_queue_full: rule_set(inputs.rules).syn_queue_full(),
    }
    .path()?;
    path.link.netdev_max_backlog = netdev_max_backlog();
    Ok(path)
}

/// Requires that the trial has only what the simulator knows.
fn check_rows(inputs: &SimulationInputs<'_>) -> Result<(), String> {
    if let Some((errno, count)) = inputs.accept_errors.first_key_value() {
        return Err(format!(
            "the server failed to accept or to serve clients ({errno}, {count} times), and may \
             have left connections in its queue"
        ));
    }
    if inputs.left_in_queue > 0 {
        return Err(format!(
            "the trial ended while {} connections waited for accept(2)",
            inputs.left_in_queue
        ));
    }
    let refused = inputs.rows.iter().any(|row| row.outcome == run_record::Outcome::Refused);
    if refused {
        return Err("attempts were refused, which no full queue does".to_owned());
    }
    let mut ports = BTreeSet::new();
    let reused = inputs.rows.iter().find(|row| !row.local.is_empty() && !ports.insert(&row.local));
    match reused {
        Some(row) => Err(format!(
            "two attempts had the local address {}, and the first may have left a socket in \
             TIME_WAIT",
            row.local
        )),
        None => Ok(()),
    }
}

/// When a client first sent something, unless that is `load.send_delay` after it was
/// established: its first message after Go, or its FIN.
fn first_sent_ns(row: &AttemptRow, inputs: &SimulationInputs<'_>) -> Option<u64> {
    let (server, load) = (&inputs.cell.server, &inputs.cell.load);
    let silent = load.half_open + load.slow_readers;
    let senders = load.senders.map_or(load.clients, |senders| silent.saturating_add(senders));
    if load.messages > 0 && (silent..senders).contains(&row.index) {
        let delay = u64::try_from(load.send_delay.as_nanos()).unwrap_or(u64::MAX);
        return (load.chat == ChatPhase::AfterConnect)
            .then(|| inputs.released_ns.saturating_add(delay));
    }
    let leaves_at_go = load.messages == 0
        && load.leave == Leave::HalfClose
        && server.closes_first == ClosesFirst::Client;
    match row.errno {
        _ if leaves_at_go => Some(inputs.released_ns),
        None => Some(row.end_ns),
        // It was reset before it sent anything.
        Some(_) => Some(u64::MAX),
    }
}

/// Requires that a phantom sends one segment at a time, at times that are known: each of
/// them tries to enter the accept queue.
fn check_phantoms(inputs: &SimulationInputs<'_>) -> Result<(), String> {
    let load = &inputs.cell.load;
    let sysctls = SysctlsInForce::of_trial(inputs.cell, inputs.sysctls);
    let has_other_rto_min = match sysctls.get(Role::Client, Sysctl::TcpRtoMinUs) {
        UnstatedValue::Value(value) => value != DEFAULT_RTO_MIN_US,
        _ => false,
    };
    let chats = load.messages > 0;
    let message = Framing::HEADER_BYTES as u64 + u64::from(load.size);
    let reason = if chats && load.nodelay && load.messages > 1 {
        "each of their messages tries to enter the accept queue (load.nodelay)"
    } else if chats && message > SMALLEST_SEGMENT {
        "each segment of their first message tries to enter the accept queue (load.size)"
    } else if chats && load.leave != Leave::Together {
        "their FIN follows the last message and tries to enter the accept queue too (load.leave)"
    } else if load.messages > 1 && PROBE_MAY_BE_NEW.contains(&load.interval) {
        "their second message comes at about the time of the tail loss probe (load.interval)"
    } else if has_other_rto_min {
        "the simulator has only the default of net.ipv4.tcp_rto_min_us of the client"
    } else {
        return Ok(());
    };
    Err(format!("clients are phantoms for a time, and {reason}"))
}

/// When a client closed its socket, if it was not established by then.
fn closed_ns(row: &AttemptRow, inputs: &SimulationInputs<'_>) -> u64 {
    let deadline = u64::try_from(inputs.cell.load.connect_deadline.as_nanos()).unwrap_or(u64::MAX);
    let deadline_ns = row.start_ns.saturating_add(deadline);
    if row.index < inputs.cell.load.half_open {
        return inputs.released_ns.max(deadline_ns);
    }
    match row.connect_ns {
        // The load of a busy machine may check the deadline late.
        Some(connect_ns) => deadline_ns.max(row.start_ns.saturating_add(connect_ns)),
        None if row.errno.is_none() => deadline_ns.max(row.end_ns),
        // The kernel gave up first.
        None => deadline_ns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(index: u32, connect: Option<Duration>, end_ns: u64) -> AttemptRow {
        AttemptRow {
            index,
            local: format!("198.18.1.1:{}", 40_000 + index),
            outcome: match connect {
                Some(_) => run_record::Outcome::Ok,
                None => run_record::Outcome::TimedOut,
            },
            start_ns: 1_000_000_000,
            connect_ns: connect.map(|connect| connect.as_nanos() as u64),
            accepted_ns: connect.map(|_| 1_000_100_000),
            end_ns,
            syn_retransmits: Some(0),
            errno: None,
            messages_written: 0,
            deliveries: 0,
            ended_by: None,
        }
    }

    fn simulated_rows(
        rows: &[AttemptRow],
        accept_errors: &BTreeMap<String, u64>,
        cell: &CellSettings,
    ) -> Result<Simulated, String> {
        let values = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| (format!("net.{name}"), (*value).to_owned())).collect()
        };
        simulated(&SimulationInputs {
            cell,
            sysctls: &SysctlValues {
                server: values(&[
                    ("core.somaxconn", "4096"),
                    ("ipv4.tcp_max_syn_backlog", "128"),
                    ("ipv4.tcp_syncookies", "1"),
                    ("ipv4.tcp_synack_retries", "5"),
                    ("ipv4.tcp_abort_on_overflow", "0"),
                ]),
                client: values(&[
                    ("ipv4.tcp_syn_retries", "6"),
                    ("ipv4.tcp_syn_linear_timeouts", "4"),
                ]),
            },
            rules: &KernelRules::default(),
            wheel: TimerWheel::find().as_ref(),
            rows,
            accept_errors,
            released_ns: 4_000_000_000,
            left_in_queue: 0,
            counted_ns: 6_000_000_000,
        })
    }

    #[test]
    fn a_trial_is_simulated_from_its_connects_and_accepts() {
        let connected = row(0, Some(Duration::from_millis(2)), 5_000_000_000);
        let result = simulated_rows(&[connected], &BTreeMap::new(), &CellSettings::default());
        let result = result.expect("a trial that is covered");
        assert_eq!((result.accepted, result.timed_out), (1, 0));
    }

    /// The load of a busy machine closed the socket of the second client late: its kernel
    /// had retransmitted the SYN twice by then.
    #[test]
    fn a_client_retransmits_until_it_closes_its_socket() {
        let mut cell = CellSettings::default();
        cell.server.backlog = 0;
        cell.load.connect_deadline = Duration::from_millis(900);
        let rows = |closed_ns| {
            let mut late = row(1, None, closed_ns);
            late.start_ns += 1_000_000;
            let mut first = row(0, Some(Duration::from_millis(2)), 5_000_000_000);
            first.accepted_ns = Some(5_500_000_000);
            [first, late]
        };
        for (closed_ns, retransmits) in [(1_902_000_000, 0), (3_500_000_000, 2)] {
            let result = simulated_rows(&rows(closed_ns), &BTreeMap::new(), &cell).unwrap();
            let expected = match retransmits {
                0 => BTreeMap::from([(0, 2)]),
                _ => BTreeMap::from([(0, 1), (retransmits, 1)]),
            };
            assert_eq!(result.syn_retransmits, expected);
        }
    }

    #[test]
    fn a_trial_that_is_not_covered_has_a_reason() {
        let connected = row(0, Some(Duration::from_millis(2)), 5_000_000_000);
        let reason = |rows: &[AttemptRow], errors: &[(&str, u64)]| {
            let errors = errors.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
            let result = simulated_rows(rows, &errors, &CellSettings::default());
            result.expect_err("it is not covered")
        };
        let errors = reason(std::slice::from_ref(&connected), &[("EMFILE", 3)]);
        assert!(errors.contains("(EMFILE, 3 times)"), "{errors}");
        let refused =
            AttemptRow { outcome: run_record::Outcome::Refused, ..row(0, None, 1_000_000_000) };
        assert!(reason(&[refused], &[]).contains("refused"));
        let reused = AttemptRow { index: 1, ..connected.clone() };
        assert!(reason(&[connected, reused], &[]).contains("198.18.1.1:40000"));
    }
}
