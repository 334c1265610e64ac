//! The simulation of a trial.

use std::collections::BTreeSet;
use std::time::Duration;

use chat_server::ClosesFirst;
use linux_net::TimerWheel;
use load_generator::{ChatPhase, Leave};
use queue_model::simulator::{Accepts, Arrival, ListenPath, Outcome, Timers, simulate};
use run_record::{AcceptPace, AttemptRow, KernelRules, PaceSimulation, Simulated, SysctlValues};
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
    /// When the server accepted.
    pub(crate) accepts: TrialAccepts<'a>,
    /// When the load was released, CLOCK_MONOTONIC nanoseconds: it closed its half-open
    /// connections, and silent clients left.
    pub(crate) released_ns: u64,
    /// Connections that the server had not accepted at the end of the trial.
    pub(crate) left_in_queue: u32,
    /// When the counters were read the last time, CLOCK_MONOTONIC nanoseconds.
    pub(crate) counted_ns: u64,
}

/// What is known of when the server of a trial accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TrialAccepts<'a> {
    /// The lab's server has listed each accept, and counted this.
    Listed(&'a ServerMetrics),
    /// A program was stopped until every attempt was decided. The limit of its queue.
    Stopped { limit: u32 },
    /// How fast a program accepted while connections waited, and the limit of its queue.
    AtPace { limit: u32, pace: &'a AcceptPace },
}

/// A simulated trial.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SimulatedTrial {
    /// From the accepts of the trial.
    FromAccepts(Simulated),
    /// From the pace of its accepts.
    AtPace(PaceSimulation),
}

/// Simulates a trial: its connect(2) calls at their times, with clients that close their
/// sockets when the real ones did, on a server that accepts a connection at each time at
/// which the real one returned from accept(2); if these are not known, at an even pace, once
/// for each of its bounds.
///
/// # Errors
/// Why the simulator does not cover the trial, for people.
pub(crate) fn simulated(inputs: &SimulationInputs<'_>) -> Result<SimulatedTrial, String> {
    let wheel = inputs.wheel.ok_or("the slots of the kernel's timer wheel were not found")?;
    let path = path(inputs)?;
    check_rows(inputs)?;
    let with = |accepts| simulate_with(inputs, wheel, ListenPath { accepts, ..path.clone() });
    match inputs.accepts {
        TrialAccepts::Listed(_) => {
            let times = inputs.rows.iter().filter_map(|row| row.accepted_ns);
            let mut times: Vec<_> = times.map(|ns| on_wheel(wheel, ns)).collect();
            times.sort_unstable();
            with(Accepts::At(times)).map(SimulatedTrial::FromAccepts)
        }
        TrialAccepts::Stopped { .. } => with(Accepts::Never).map(SimulatedTrial::FromAccepts),
        TrialAccepts::AtPace { pace, .. } => {
            if pace.accepted < AcceptPace::MIN_ACCEPTS {
                return Err(format!(
                    "fewer than {} accepts were counted while connections waited for the program: \
                     too few for a pace",
                    AcceptPace::MIN_ACCEPTS
                ));
            }
            let with = |between_ns: f64| {
                let service = Duration::from_nanos(between_ns.round() as u64);
                with(Accepts::Every { service, from_ns: 0 })
            };
            Ok(SimulatedTrial::AtPace(PaceSimulation {
                accepts: pace.accepted,
                least_ns: pace.least_ns,
                most_ns: pace.most_ns,
                fastest: with(pace.least_ns)?,
                slowest: with(pace.most_ns)?,
            }))
        }
    }
}

/// An instant of CLOCK_MONOTONIC on the clock of the timer wheel.
fn on_wheel(wheel: &TimerWheel, monotonic_ns: u64) -> u64 {
    monotonic_ns.saturating_add(wheel.offset_ns())
}

/// Simulates the trial on a path with the accepts of its server.
fn simulate_with(
    inputs: &SimulationInputs<'_>,
    wheel: &TimerWheel,
    mut path: ListenPath,
) -> Result<Simulated, String> {
    let on_wheel = |monotonic_ns| on_wheel(wheel, monotonic_ns);
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
        if matches!(inputs.accepts, TrialAccepts::Stopped { .. }) {
            return Err("clients are phantoms for a time, and try to enter the accept queue when \
                        the stopped server has been continued: when that was is not recorded"
                .to_owned());
        }
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
        limit: match inputs.accepts {
            TrialAccepts::Listed(_) => None,
            TrialAccepts::Stopped { limit } | TrialAccepts::AtPace { limit, .. } => Some(limit),
        },
    }
    .path()?;
    path.link.netdev_max_backlog = netdev_max_backlog();
    Ok(path)
}

/// Requires that the trial has only what the simulator knows.
fn check_rows(inputs: &SimulationInputs<'_>) -> Result<(), String> {
    if let TrialAccepts::Listed(server) = inputs.accepts {
        check_server(server)?;
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

/// Requires that the server accepted and served every client.
fn check_server(server: &ServerMetrics) -> Result<(), String> {
    let ServerMetrics { accept_errors, thread_errors, closed, .. } = server;
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
    Ok(())
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
        // The kernel may have established, or reset, another one of those whose SYNs arrived
        // together, and each of them stays until Go.
        None if !leaves_at_go => Some(row.end_ns.max(inputs.released_ns)),
        _ => Some(inputs.released_ns),
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
mod tests;
