//! The simulation of a cell from its settings, without a trial.

use std::time::Duration;

use chat_server::{ServerSettings, Sigpipe};
use load_generator::{ChatPhase, ConnectPattern, LoadSettings};
use queue_model::simulator::{
    Accepts, Arrival, ListenPath, Outcome, Simulation, Timers, USUAL_HZ, simulate,
};
use scenario::CellSettings;

use crate::kernel_facts::KernelFacts;
use crate::listen_path::PathInputs;
use crate::simulated::DEADLINE_AT_TIMER;
use crate::sysctls_in_force::SysctlsInForce;

/// Time between two connect(2) calls in a burst of the lab's load, as measured.
pub const CONNECT_INTERVAL: Duration = Duration::from_micros(3);

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
    let mut path = path(cell, kernel)?;
    check_server(cell)?;
    path.accepts = match cell.server.accept_paused {
        // Queued connections are accepted after all attempts are decided.
        true => Accepts::Never,
        false => Accepts::Every { service, from_ns: 0 },
    };
    path.timers = Timers::Wheel { hz: kernel.hz().unwrap_or(USUAL_HZ) };
    let count = if cell.load.clients > LARGE { PHASES_IF_LARGE } else { PHASES };
    let length_ns = arrivals(&cell.load, 0).last().map_or(0, |arrival| arrival.start_ns);
    let phases = path.timers.phases(length_ns, count);
    phases.into_iter().map(|first_ns| simulate_at(cell, &path, service, first_ns)).collect()
}

/// Simulates a cell whose first connect(2) is at `first_ns`.
fn simulate_at(
    cell: &CellSettings,
    path: &ListenPath,
    service: Duration,
    first_ns: u64,
) -> Result<Simulation, String> {
    let (simulation, released_ns) = simulate_load(cell, path, first_ns);
    let has_phantoms = simulation.ack_overflows > 0;
    if has_phantoms && cell.load.nodelay && cell.load.messages > 1 {
        return Err("last ACKs find the accept queue full, and with TCP_NODELAY each message of \
                    such a client tries again (load.nodelay)"
            .to_owned());
    }
    if simulation.closest_timer_ns.is_some_and(|ns| ns < CLOSES_WITHIN_NS) {
        return Err(DEADLINE_AT_TIMER.to_owned());
    }
    let is_uniform = cell.load.senders.is_none() && cell.load.slow_readers == 0;
    if has_phantoms && !is_uniform {
        return Err("last ACKs found the accept queue full, and what such clients do depends on \
                    their role (load.senders, load.slow_readers)"
            .to_owned());
    }
    check_finish(cell, service, &simulation, released_ns)?;
    Ok(simulation)
}

fn path(cell: &CellSettings, kernel: &KernelFacts) -> Result<ListenPath, String> {
    let sysctls = SysctlsInForce::of_cell(cell, kernel);
    let syn_queue_full = kernel.rules().syn_queue_full();
    let inputs = PathInputs { cell, sysctls: &sysctls, syn_queue_full };
    let path = inputs.path()?;
    inputs.check_ports()?;
    Ok(path)
}

/// Requires a server whose pace does not depend on what clients do.
fn check_server(cell: &CellSettings) -> Result<(), String> {
    let (server, load) = (&cell.server, &cell.load);
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
    Ok(())
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
    let accepted_ns = match cell.server.accept_paused {
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
    let interval = CONNECT_INTERVAL.as_nanos() as f64;
    let interval_ns = match (load.pattern, load.connect_rate) {
        (ConnectPattern::Rate, Some(rate)) => interval.max(1e9 / rate),
        _ => interval,
    };
    (0..load.clients)
        .map(|client| {
            let start_ns = first_ns + (f64::from(client) * interval_ns) as u64;
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
mod tests {
    use scenario::SysctlValue;

    use super::*;

    const ACCEPT: Duration = Duration::from_micros(1);

    #[test]
    fn a_cell_is_simulated_from_its_settings() {
        let mut cell = CellSettings::default();
        cell.load.clients = 20;
        let simulate = |cell: &CellSettings| {
            simulate_cell(cell, &KernelFacts::default(), ACCEPT).unwrap().remove(0)
        };
        let fast = simulate(&cell);
        assert_eq!((fast.count(Outcome::Established), fast.syn_retransmits()[&0]), (20, 20));
        cell.server.backlog = 3;
        cell.server.accept_paused = true;
        let paused = simulate(&cell);
        assert_eq!(paused.count(Outcome::Established), 4);
    }

    /// Their kernels retransmit after 1, 2 and 3 s, although each is decided after 300 ms.
    #[test]
    fn half_open_clients_retransmit_until_the_load_is_released() {
        let mut cell = CellSettings::default();
        cell.load.clients = 5;
        cell.load.half_open = 5;
        cell.load.messages = 0;
        cell.load.connect_deadline = Duration::from_millis(300);
        let linear = ("net.ipv4.tcp_syn_linear_timeouts".to_owned(), SysctlValue::Number(4));
        for (linger, retransmissions) in [(0, 0), (3, 15)] {
            cell.load.linger = Duration::from_secs(linger);
            if linger > 0 {
                let reason = simulate_cell(&cell, &KernelFacts::default(), ACCEPT).unwrap_err();
                assert!(reason.contains("tcp_syn_linear_timeouts"), "{reason}");
                cell.hosts.client.sysctls.extend([linear.clone()]);
            }
            for simulation in simulate_cell(&cell, &KernelFacts::default(), ACCEPT).unwrap() {
                assert_eq!(simulation.counters.tcp_syn_retrans, retransmissions);
            }
        }
    }

    /// All SYNs that one slot retransmits arrive before the first ACK, so the SYN queue
    /// admits 43 of them, and another 43 if they are in two slots. Measured: 52 % and 77 %
    /// of such bursts.
    #[test]
    fn a_burst_that_straddles_two_slots_has_another_result() {
        let mut cell = CellSettings::default();
        cell.server.backlog = 42;
        cell.load.clients = 166;
        let cookies = ("net.ipv4.tcp_syncookies".to_owned(), SysctlValue::Number(0));
        cell.hosts.server.sysctls.extend([cookies]);
        let simulations = simulate_cell(&cell, &KernelFacts::default(), ACCEPT * 35).unwrap();
        let accepted = || simulations.iter().map(Simulation::accepted);
        let (least, most) = (accepted().min().unwrap(), accepted().max().unwrap());
        assert_eq!(most - least, 43, "{least} to {most}");
    }

    #[test]
    fn a_delay_costs_more_than_stated() {
        let cost = |us| {
            let accept_delay = Duration::from_micros(us);
            accept_delay_cost(&ServerSettings { accept_delay, ..ServerSettings::default() })
        };
        assert_eq!(cost(0), Duration::ZERO);
        assert_eq!(cost(100), Duration::from_micros(157));
    }

    fn reason(change: impl FnOnce(&mut CellSettings)) -> String {
        let mut cell = CellSettings::default();
        change(&mut cell);
        simulate_cell(&cell, &KernelFacts::default(), ACCEPT)
            .map_or_else(|reason| reason, |_| "simulated".to_owned())
    }

    type Change = fn(&mut CellSettings);

    fn at_client(cell: &mut CellSettings, name: &str, value: &str) {
        cell.hosts.client.sysctls.insert(name.to_owned(), SysctlValue::Text(value.to_owned()));
    }

    #[test]
    fn a_cell_that_the_simulator_does_not_cover_has_a_reason() {
        assert_eq!(reason(|_| ()), "simulated");
        let changes: &[(&str, Change)] = &[
            ("server.listeners", |cell| cell.server.listeners = 2),
            ("server.defer_accept", |cell| cell.server.defer_accept = 1),
            ("server.hold_acks", |cell| cell.server.hold_acks = true),
            ("server.sigpipe", |cell| cell.server.sigpipe = Sigpipe::Default),
            ("load.pattern", |cell| cell.load.pattern = ConnectPattern::OneByOne),
            ("load.slow_readers", |cell| cell.load.slow_readers = 1),
            ("a thread for each client", |cell| {
                cell.load.clients = 40_000;
                cell.load.source_addresses = 10;
            }),
            ("28232 local ports", |cell| cell.load.clients = 28_233),
            ("10 local ports", |cell| at_client(cell, "net.ipv4.ip_local_port_range", "1 10")),
            ("tcp_early_retrans", |cell| at_client(cell, "net.ipv4.tcp_early_retrans", "0")),
            ("tcp_syn_retries = many", |cell| at_client(cell, "net.ipv4.tcp_syn_retries", "many")),
            ("load.finish_deadline", |cell| {
                cell.load.finish_deadline = Duration::from_millis(60);
            }),
            ("load.connect_deadline", |cell| {
                cell.server.backlog = 0;
                cell.server.accept_paused = true;
                cell.load.connect_deadline = Duration::from_secs(1);
            }),
            ("tcp_max_syn_backlog is not set", |cell| {
                cell.load.half_open = 50;
                cell.load.clients = 200;
                cell.load.half_open = 150;
                let cookies = ("net.ipv4.tcp_syncookies".to_owned(), SysctlValue::Number(0));
                cell.hosts.server.sysctls.extend([cookies]);
            }),
            ("ports of earlier ones", |cell| {
                cell.load.pattern = ConnectPattern::Rate;
                cell.load.connect_rate = Some(1000.0);
                cell.load.leave = load_generator::Leave::AfterSending;
                cell.load.clients = 3000;
            }),
        ];
        for &(expected, change) in changes {
            let reason = reason(change);
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
    }

    #[test]
    fn settings_that_change_nothing_are_covered() {
        assert_eq!(reason(|cell| cell.after.restart_within = Duration::from_secs(1)), "simulated");
        assert_eq!(reason(|cell| at_client(cell, "net.ipv4.tcp_sack", "0")), "simulated");
        assert_eq!(reason(|cell| cell.server.backlog = -1), "simulated");
    }

    #[test]
    fn the_sysctls_of_each_host_act_on_it() {
        let mut cell = CellSettings::default();
        let number = |name: &str, value| (format!("net.{name}"), SysctlValue::Number(value));
        cell.hosts.server.sysctls.extend([
            number("core.somaxconn", 7),
            number("ipv4.tcp_max_syn_backlog", 64),
            number("ipv4.tcp_syncookies", 0),
            number("ipv4.tcp_synack_retries", 2),
            number("ipv4.tcp_abort_on_overflow", 1),
            number("ipv4.tcp_syn_retries", 9),
        ]);
        cell.hosts.client.sysctls.extend([
            number("ipv4.tcp_syn_retries", 3),
            number("ipv4.tcp_syn_linear_timeouts", 1),
            number("ipv4.tcp_rto_max_ms", 2500),
            number("core.somaxconn", 9),
        ]);
        let path = path(&cell, &KernelFacts::default()).unwrap();
        let listener = queue_model::simulator::Listener {
            limit: 7,
            max_syn_backlog: 64,
            syncookies: queue_model::simulator::SynCookies::Off,
            synack_retries: 2,
            abort_on_overflow: true,
            ..Default::default()
        };
        assert_eq!(path.listener, listener);
        assert_eq!((path.client.syn_retries, path.client.syn_linear_timeouts), (3, 1));
        assert_eq!(path.client.rto_max, Duration::from_millis(2500));
    }
}
