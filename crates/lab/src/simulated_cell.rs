//! The simulation of a cell from its settings, without a trial.

use std::time::Duration;

use chat_server::{ServerSettings, Sigpipe};
use load_generator::{ChatPhase, ConnectPattern, LoadSettings};
use queue_model::simulator::{
    Accepts, Arrival, ListenPath, Outcome, Simulation, Timers, USUAL_HZ, simulate,
};
use scenario::CellSettings;

use crate::kernel_facts::KernelFacts;
use crate::laws::check_patience;
use crate::listen_path::PathInputs;
use crate::phantoms::check_phantoms;
use crate::simulated::DEADLINE_AT_TIMER;
use crate::sysctls_in_force::SysctlsInForce;

/// Time between two connect(2) calls in a burst of the lab's load, as measured.
pub const CONNECT_INTERVAL: Duration = Duration::from_micros(3);

/// Time between two accept(2) calls of the lab's server on an idle machine while connections
/// wait, for which there is no measurement.
pub const ACCEPT_ESTIMATE: Duration = Duration::from_micros(15);

/// The server has a thread for each client; more may exceed the machine's limits
/// (`kernel.pid_max`, 32768 by default, and `kernel.threads-max`).
const MAX_THREADS: u32 = 30_000;

/// The time that a delay of the lab's server takes longer than stated: a thread's timer
/// slack, 50 µs (`PR_SET_TIMERSLACK`), and its wake-up, as measured on Linux 6.18 for
/// `server.accept_delay` from 10 µs to 1 ms.
pub const DELAY_OVERHEAD: Duration = Duration::from_micros(57);

/// The real cost of `server.accept_delay`.
pub fn accept_delay_cost(server: &ServerSettings) -> Duration {
    match server.accept_delay {
        Duration::ZERO => Duration::ZERO,
        delay => delay + DELAY_OVERHEAD,
    }
}

/// The number of positions of a load among the slots of the timer wheel that are
/// simulated, of usual loads and of large ones.
const PHASES: u32 = 8;
const PHASES_IF_LARGE: u32 = 4;
const LARGE: u32 = 10_000;

/// A load closes the sockets of its clients at most this much after their deadline, unless
/// the machine is busy.
const CLOSES_WITHIN_NS: u64 = 10_000_000;

/// Simulates a cell on a server with `service` between two accept(2) calls while
/// connections wait: once for each of several positions of the load among the slots of the
/// kernel's timer wheel, in which all timers of a slot fire together. If the ticks of the
/// kernel are not known, they are [`USUAL_HZ`].
///
/// # Errors
/// Why the simulator does not cover the cell, for people.
pub fn simulate_cell(
    cell: &CellSettings,
    kernel: &KernelFacts,
    service: Duration,
) -> Result<Vec<Simulation>, String> {
    let sysctls = SysctlsInForce::of_cell(cell, kernel);
    let mut path = path(cell, kernel, &sysctls)?;
    check_server(cell)?;
    path.accepts = match cell.server.listening().accept_paused {
        // Queued connections are accepted after all attempts are decided.
        true => Accepts::Never,
        false => Accepts::Every { service, from_ns: 0 },
    };
    path.timers = Timers::Wheel { hz: kernel.hz().unwrap_or(USUAL_HZ) };
    let count = if cell.load.clients > LARGE { PHASES_IF_LARGE } else { PHASES };
    let length_ns = arrivals(&cell.load, 0).last().map_or(0, |arrival| arrival.start_ns);
    let phases = path.timers.phases(length_ns, count);
    phases
        .into_iter()
        .map(|first_ns| simulate_at(cell, &sysctls, &path, service, first_ns))
        .collect()
}

/// Simulates how the clients of a cell connect, whatever they do afterwards: what depends on
/// that, after the first overflows, is only approximate.
///
/// # Errors
/// Why the simulator does not cover the listen path of the cell, for people.
pub(crate) fn simulate_connects(
    cell: &CellSettings,
    kernel: &KernelFacts,
    service: Duration,
) -> Result<Simulation, String> {
    let sysctls = SysctlsInForce::of_cell(cell, kernel);
    let syn_queue_full = kernel.rules().syn_queue_full();
    let inputs = PathInputs { cell, sysctls: &sysctls, syn_queue_full, limit: None };
    let accepts = Accepts::Every { service, from_ns: 0 };
    Ok(simulate(&ListenPath { accepts, ..inputs.path()? }, &arrivals(&cell.load, 0)))
}

/// Simulates a cell whose first connect(2) is at `first_ns`.
fn simulate_at(
    cell: &CellSettings,
    sysctls: &SysctlsInForce<'_>,
    path: &ListenPath,
    service: Duration,
    first_ns: u64,
) -> Result<Simulation, String> {
    let (simulation, released_ns) = simulate_load(cell, path, first_ns);
    if simulation.closest_timer_ns.is_some_and(|ns| ns < CLOSES_WITHIN_NS) {
        return Err(DEADLINE_AT_TIMER.to_owned());
    }
    if simulation.ack_overflows > 0 {
        check_phantoms(cell, sysctls)?;
    }
    check_finish(cell, service, &simulation, released_ns)?;
    Ok(simulation)
}

fn path(
    cell: &CellSettings,
    kernel: &KernelFacts,
    sysctls: &SysctlsInForce<'_>,
) -> Result<ListenPath, String> {
    let syn_queue_full = kernel.rules().syn_queue_full();
    let inputs = PathInputs { cell, sysctls, syn_queue_full, limit: None };
    let path = inputs.path()?;
    inputs.check_ports()?;
    Ok(path)
}

/// Requires a server whose pace does not depend on what clients do, and that gives up none.
fn check_server(cell: &CellSettings) -> Result<(), String> {
    // The pace of a program is given, whatever else it does.
    let Some(server) = cell.server.chat() else { return Ok(()) };
    let load = &cell.load;
    if server.sigpipe == Sigpipe::Default {
        return Err("SIGPIPE may end the server while clients connect (server.sigpipe)".to_owned());
    }
    if load.slow_readers > 0 && !server.accept_paused {
        return Err("a server that writes to slow readers may stop to accept \
                    (load.slow_readers)"
            .to_owned());
    }
    if load.clients > MAX_THREADS {
        return Err(format!(
            "the server has a thread for each client, and more than {MAX_THREADS} may not start \
             (load.clients)"
        ));
    }
    check_patience(cell).map_err(str::to_owned)
}

/// Requires that every queued connection is accepted before clients give up waiting for its
/// messages.
fn check_finish(
    cell: &CellSettings,
    service: Duration,
    simulation: &Simulation,
    released_ns: u64,
) -> Result<(), String> {
    let load = &cell.load;
    let accepted_ns = match cell.server.listening().accept_paused {
        true => {
            let queued = simulation.count(Outcome::Established);
            released_ns.saturating_add(queued.saturating_mul(nanoseconds(service)))
        }
        false if simulation.count(Outcome::Established) > simulation.accepted() => u64::MAX,
        false => {
            simulation.attempts.iter().filter_map(|attempt| attempt.accepted_ns).max().unwrap_or(0)
        }
    };
    let chat = load.send_delay.saturating_add(load.interval.saturating_mul(load.messages));
    let finished_ns = accepted_ns.saturating_add(nanoseconds(chat));
    match finished_ns < released_ns.saturating_add(nanoseconds(load.finish_deadline)) {
        true => Ok(()),
        false => Err("at this pace, clients leave before the server has accepted all that are \
                      queued (load.finish_deadline)"
            .to_owned()),
    }
}

/// Simulates a load, and returns also when it is released: every attempt is decided and has
/// lingered.
///
/// Half-open clients close their sockets then, and clients that have not sent anything send
/// their first data or their FIN; the simulation without that determines when it is.
fn simulate_load(cell: &CellSettings, path: &ListenPath, first_ns: u64) -> (Simulation, u64) {
    let load = &cell.load;
    let mut arrivals = arrivals(load, first_ns);
    let simulation = simulate(path, &arrivals);
    let released_ns = released_ns(load, &arrivals, &simulation);
    if load.half_open == 0 && simulation.ack_overflows == 0 {
        return (simulation, released_ns);
    }
    let first_sent_ns = match (load.messages, load.chat) {
        (0, _) => Some(released_ns),
        (_, ChatPhase::AfterConnect) => {
            Some(released_ns.saturating_add(nanoseconds(load.send_delay)))
        }
        (_, ChatPhase::Overlapped) => None,
    };
    for (client, arrival) in (0..).zip(&mut arrivals) {
        match client < load.half_open {
            true => arrival.close_ns = Some(released_ns),
            false => arrival.first_sent_ns = first_sent_ns,
        }
    }
    (simulate(path, &arrivals), released_ns)
}

/// When every attempt is decided and has lingered.
fn released_ns(load: &LoadSettings, arrivals: &[Arrival], simulation: &Simulation) -> u64 {
    let deadline = nanoseconds(load.connect_deadline);
    let decided = simulation.attempts.iter().zip(arrivals).map(|(attempt, arrival)| {
        let decided = attempt.connect_ns.or(attempt.failed_ns).unwrap_or(deadline);
        arrival.start_ns.saturating_add(decided.min(deadline))
    });
    decided.max().unwrap_or(0).saturating_add(nanoseconds(load.linger))
}

fn arrivals(load: &LoadSettings, first_ns: u64) -> Vec<Arrival> {
    let rate = load.connect_rate.filter(|_| load.pattern == ConnectPattern::Rate);
    let mut next_ns = 0;
    (0..load.clients)
        .map(|client| {
            let due_ns = rate.map_or(0, |rate| nanoseconds(rate.due_after(client)));
            let after_ns = due_ns.max(next_ns);
            next_ns = after_ns.saturating_add(nanoseconds(CONNECT_INTERVAL));
            let start_ns = first_ns.saturating_add(after_ns);
            match client < load.half_open {
                true => Arrival { close_ns: Some(u64::MAX), ..Arrival::half_open(start_ns) },
                false => Arrival::live(start_ns),
            }
        })
        .collect()
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
