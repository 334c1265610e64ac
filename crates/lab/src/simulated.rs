//! The simulation of a trial.

use std::collections::BTreeSet;

use chat_server::ClosesFirst;
use linux_net::TimerWheel;
use load_generator::{ChatPhase, Leave};
use queue_model::simulator::{Accepts, Arrival, ListenPath, Outcome, Timers, simulate};
use run_record::{AttemptRow, KernelRules, Simulated, SysctlValues};
use scenario::CellSettings;
use worker::metrics::ServerMetrics;

use crate::kernel_rules::rule_set;
use crate::listen_path::{PathInputs, netdev_max_backlog};
use crate::phantoms::check_phantoms;
use crate::sysctls_in_force::SysctlsInForce;

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
    /// What the server counted.
    pub(crate) server: &'a ServerMetrics,
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
        let sysctls = SysctlsInForce::of_trial(inputs.cell, inputs.sysctls);
        check_phantoms(inputs.cell, &sysctls)?;
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
    let ServerMetrics { accept_errors, thread_errors, closed, .. } = inputs.server;
    if let Some((errno, count)) = accept_errors.iter().chain(thread_errors).next() {
        return Err(format!(
            "the server failed to accept or to serve clients ({errno}, {count} times), and may \
             have left connections in its queue"
        ));
    }
    if let Some((cause, count)) = closed.first_key_value() {
        return Err(format!(
            "the server gave up clients ({cause}, {count} times), which left earlier than the \
             others"
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
    let (server, load) = (inputs.cell.server.listening(), &inputs.cell.load);
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
        // The kernel may have established another one of those whose SYNs arrived together,
        // and each of them stays until Go.
        None => Some(row.end_ns.max(inputs.released_ns)),
        // It was reset before it sent anything.
        Some(_) => Some(u64::MAX),
    }
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
    use std::collections::BTreeMap;
    use std::time::Duration;

    use scenario::SysctlValue;
    use worker::metrics::ClosedBecause;

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
        server: &ServerMetrics,
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
            server,
            released_ns: 4_000_000_000,
            left_in_queue: 0,
            counted_ns: 6_000_000_000,
        })
    }

    #[test]
    fn a_trial_is_simulated_from_its_connects_and_accepts() {
        let connected = row(0, Some(Duration::from_millis(2)), 5_000_000_000);
        let result =
            simulated_rows(&[connected], &ServerMetrics::default(), &CellSettings::default());
        let result = result.expect("a trial that is covered");
        assert_eq!((result.accepted, result.timed_out), (1, 0));
    }

    /// The load of a busy machine closed the socket of the second client late: its kernel
    /// had retransmitted the SYN twice by then.
    #[test]
    fn a_client_retransmits_until_it_closes_its_socket() {
        let mut cell = CellSettings::default();
        cell.server.chat_mut().backlog = 0;
        cell.load.connect_deadline = Duration::from_millis(900);
        let rows = |closed_ns| {
            let mut late = row(1, None, closed_ns);
            late.start_ns += 1_000_000;
            let mut first = row(0, Some(Duration::from_millis(2)), 5_000_000_000);
            first.accepted_ns = Some(5_500_000_000);
            [first, late]
        };
        for (closed_ns, retransmits) in [(1_902_000_000, 0), (3_500_000_000, 2)] {
            let result =
                simulated_rows(&rows(closed_ns), &ServerMetrics::default(), &cell).unwrap();
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
        let of = |rows: &[AttemptRow], server: &ServerMetrics| {
            let result = simulated_rows(rows, server, &CellSettings::default());
            result.expect_err("it is not covered")
        };
        let of_server = |server| of(std::slice::from_ref(&connected), &server);
        let errors = |errno: &str| BTreeMap::from([(errno.to_owned(), 3)]);
        let usual = ServerMetrics::default;
        let accept = of_server(ServerMetrics { accept_errors: errors("EMFILE"), ..usual() });
        assert!(accept.contains("(EMFILE, 3 times)"), "{accept}");
        let thread = of_server(ServerMetrics { thread_errors: errors("EAGAIN"), ..usual() });
        assert!(thread.contains("(EAGAIN, 3 times)"), "{thread}");
        let closed = BTreeMap::from([(ClosedBecause::IdleTimeout, 2)]);
        let closed = of_server(ServerMetrics { closed, ..usual() });
        assert!(closed.contains("gave up clients (idle_timeout, 2 times)"), "{closed}");
        let reason = |rows: &[AttemptRow]| of(rows, &usual());
        let refused =
            AttemptRow { outcome: run_record::Outcome::Refused, ..row(0, None, 1_000_000_000) };
        assert!(reason(&[refused]).contains("refused"));
        let reused = AttemptRow { index: 1, ..connected.clone() };
        assert!(reason(&[connected.clone(), reused]).contains("198.18.1.1:40000"));
    }

    /// The SYN of the second client is answered with a cookie, and its ACK finds the place
    /// of the accept queue taken.
    #[test]
    fn a_sysctl_that_only_phantoms_notice_is_the_reason_only_with_phantoms() {
        let mut cell = CellSettings::default();
        cell.server.chat_mut().backlog = 0;
        cell.load.messages = 0;
        let sack = SysctlValue::Number(0);
        cell.hosts.client.sysctls.insert("net.ipv4.tcp_sack".to_owned(), sack);
        let client = |index| AttemptRow {
            accepted_ns: Some(3_000_000_000 + u64::from(index)),
            ..row(index, Some(Duration::from_millis(2)), 4_000_000_000)
        };
        let of = |rows: &[AttemptRow]| simulated_rows(rows, &ServerMetrics::default(), &cell);
        assert!(of(&[client(0)]).is_ok());
        let reason = of(&[client(0), client(1)]).expect_err("the second is a phantom");
        assert!(reason.contains("net.ipv4.tcp_sack of the client"), "{reason}");
    }
}
