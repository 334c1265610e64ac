//! The simulation of a trial.

use std::fs;
use std::time::Duration;

use linux_net::{Sysctl, TimerWheel};
use load_generator::{ChatPhase, ConnectPattern};
use queue_model::accept_queue;
use queue_model::simulator::{
    Accepts, Arrival, Client, Link, ListenPath, Listener, Outcome, SynCookies, SynQueueRule,
    Timers, simulate,
};
use queue_model::syn_queue::{Cookies, SynQueueFull};
use run_record::{AttemptRow, KernelRules, Simulated, SysctlValues};
use scenario::CellSettings;

use crate::kernel_rules::syn_queue_rule;

/// Time that the kernel needs for a segment between two hosts of a testbed, measured over
/// a veth pair on Linux 6.18.
const PER_SEGMENT: Duration = Duration::from_nanos(600);

/// Maximum of simulated arrivals, which take about a second.
const MAX_ARRIVALS: u32 = 1_000_000;

/// The results of a finished trial, for its simulation.
pub(crate) struct SimulationInputs<'a> {
    pub(crate) cell: &'a CellSettings,
    /// The sysctls in force.
    pub(crate) sysctls: &'a SysctlValues,
    pub(crate) rules: &'a KernelRules,
    pub(crate) wheel: &'a TimerWheel,
    /// The attempts, with the instants at which the server accepted.
    pub(crate) rows: &'a [AttemptRow],
    /// When the load closed its half-open connections, CLOCK_MONOTONIC
    /// nanoseconds.
    pub(crate) released_ns: u64,
    /// When the counters were read the last time, CLOCK_MONOTONIC nanoseconds.
    pub(crate) counted_ns: u64,
}

/// Simulates a trial: its connect(2) calls at their times, on a server that accepts a
/// connection at each time at which the real one returned from accept(2). `None` if the
/// simulator does not cover the trial.
///
/// It does not cover a client that was established after its deadline, because the load
/// of a busy machine checked the clock late: such clients send more SYNs than simulated
/// ones.
pub(crate) fn simulated(inputs: &SimulationInputs<'_>) -> Option<Simulated> {
    let deadline = inputs.cell.load.connect_deadline.as_nanos();
    let established_late =
        |row: &AttemptRow| row.connect_ns.is_some_and(|ns| u128::from(ns) > deadline);
    if inputs.rows.iter().any(established_late) {
        return None;
    }
    let mut path = listen_path(inputs.cell, inputs.sysctls, inputs.rules)?;
    let on_wheel = |monotonic_ns: u64| monotonic_ns.saturating_add(inputs.wheel.offset_ns());
    let mut accepts: Vec<_> =
        inputs.rows.iter().filter_map(|row| row.accepted_ns).map(on_wheel).collect();
    accepts.sort_unstable();
    path.accepts = Accepts::At(accepts);
    path.timers = Timers::Wheel { hz: inputs.wheel.hz() };
    path.until_ns = Some(on_wheel(inputs.counted_ns));
    let arrivals: Vec<_> = inputs
        .rows
        .iter()
        .filter(|row| row.outcome != run_record::Outcome::NoPort)
        .map(|row| {
            let start_ns = on_wheel(row.start_ns);
            match row.index < inputs.cell.load.half_open {
                true => Arrival {
                    open_until_ns: Some(on_wheel(inputs.released_ns)),
                    ..Arrival::half_open(start_ns)
                },
                false => Arrival::live(start_ns),
            }
        })
        .collect();
    let simulation = simulate(&path, &arrivals);
    // The server emptied its queue before the trial ended: connections still in the
    // simulated queue would have been accepted.
    let accepted = simulation
        .attempts
        .iter()
        .filter(|attempt| attempt.accepted_ns.is_some() || attempt.outcome == Outcome::Established);
    Some(Simulated {
        accepted: accepted.count() as u64,
        timed_out: simulation.count(Outcome::TimedOut),
        syn_retransmits: simulation.syn_retransmits(),
        listen_overflows: simulation.counters.listen_overflows,
        listen_drops: simulation.counters.listen_drops,
        deepest: simulation.accept_queue.max,
    })
}

/// The listen path of a cell, from its settings, the sysctls in force and the kernel's
/// rules: accepting immediately, with exact timers and no end. Sysctls that are not in
/// `sysctls` have the kernel's defaults.
///
/// `None` if the simulator does not cover the cell: it simulates one listener, whose
/// clients do not wait for each other.
pub(crate) fn listen_path(
    cell: &CellSettings,
    sysctls: &SysctlValues,
    rules: &KernelRules,
) -> Option<ListenPath> {
    if !is_covered(cell) {
        return None;
    }
    let (listener, client) = (Listener::default(), Client::default());
    let at_server = |sysctl, default| number(sysctls.at_server(sysctl)).unwrap_or(default);
    let at_client = |sysctl, default| number(sysctls.at_client(sysctl)).unwrap_or(default);
    let load = &cell.load;
    let chats_at_once = load.chat == ChatPhase::Overlapped && load.messages > 0;
    Some(ListenPath {
        listener: Listener {
            limit: accept_queue::listen_limit(
                cell.server.backlog,
                at_server(Sysctl::Somaxconn, accept_queue::DEFAULT_SOMAXCONN),
            ),
            max_syn_backlog: at_server(Sysctl::TcpMaxSynBacklog, listener.max_syn_backlog),
            syncookies: match Cookies::from_sysctl(at_server(Sysctl::TcpSyncookies, 1)) {
                Cookies::Never => SynCookies::Off,
                Cookies::WhenFull => SynCookies::WhenFull,
                Cookies::Always => SynCookies::Always,
            },
            syn_queue_rule: match syn_queue_rule(rules) {
                SynQueueFull::Above => SynQueueRule::MoreThanLimit,
                SynQueueFull::AtOrAbove => SynQueueRule::AtLimit,
            },
            synack_retries: at_server(Sysctl::TcpSynackRetries, listener.synack_retries),
            abort_on_overflow: at_server(Sysctl::TcpAbortOnOverflow, 0) != 0,
            proven_peers: false,
        },
        client: Client {
            syn_retries: at_client(Sysctl::TcpSynRetries, client.syn_retries),
            syn_linear_timeouts: at_client(
                Sysctl::TcpSynLinearTimeouts,
                client.syn_linear_timeouts,
            ),
            connect_deadline: Some(load.connect_deadline),
            first_data: chats_at_once.then_some(load.send_delay),
        },
        link: Link {
            per_segment: PER_SEGMENT,
            netdev_max_backlog: netdev_max_backlog().unwrap_or(Link::default().netdev_max_backlog),
            ..Link::default()
        },
        ..ListenPath::default()
    })
}

fn is_covered(cell: &CellSettings) -> bool {
    let (server, load) = (&cell.server, &cell.load);
    server.listeners == 1
        && server.defer_accept == 0
        && !server.hold_acks
        && load.pattern != ConnectPattern::OneByOne
        && load.slow_readers == 0
        && (1..=MAX_ARRIVALS).contains(&load.clients)
        && cell.after.restart_within.is_zero()
}

fn number(value: Option<&str>) -> Option<u32> {
    value?.parse().ok()
}

/// `net.core.netdev_max_backlog` of the machine; only its initial network namespace has
/// this sysctl.
fn netdev_max_backlog() -> Option<u32> {
    fs::read_to_string("/proc/sys/net/core/netdev_max_backlog").ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(change: impl FnOnce(&mut CellSettings)) -> bool {
        let mut cell = CellSettings::default();
        change(&mut cell);
        listen_path(&cell, &SysctlValues::default(), &KernelRules::default()).is_some()
    }

    #[test]
    fn cells_that_the_simulator_does_not_cover_are_not_simulated() {
        assert!(covered(|_| ()));
        assert!(covered(|cell| cell.load.pattern = ConnectPattern::Rate));
        assert!(!covered(|cell| cell.load.pattern = ConnectPattern::OneByOne));
        assert!(!covered(|cell| cell.load.slow_readers = 1));
        assert!(!covered(|cell| cell.load.clients = MAX_ARRIVALS + 1));
        assert!(!covered(|cell| cell.server.listeners = 2));
        assert!(!covered(|cell| cell.server.defer_accept = 1));
        assert!(!covered(|cell| cell.server.hold_acks = true));
        assert!(!covered(|cell| cell.after.restart_within = Duration::from_secs(1)));
    }

    #[test]
    fn a_client_established_after_its_deadline_is_not_simulated() {
        let inputs = |connect: Duration| {
            let row = AttemptRow {
                index: 0,
                local: "198.18.1.1:40000".to_owned(),
                outcome: run_record::Outcome::Ok,
                start_ns: 1_000_000_000,
                connect_ns: Some(connect.as_nanos() as u64),
                accepted_ns: Some(1_000_100_000),
                end_ns: 5_000_000_000,
                syn_retransmits: Some(0),
                errno: None,
                messages_written: 0,
                deliveries: 0,
            };
            simulated(&SimulationInputs {
                cell: &CellSettings::default(),
                sysctls: &SysctlValues::default(),
                rules: &KernelRules::default(),
                wheel: &TimerWheel::find().expect("a kernel whose ticks agree with its clock"),
                rows: &[row],
                released_ns: 4_000_000_000,
                counted_ns: 6_000_000_000,
            })
        };
        let in_time = inputs(Duration::from_millis(2)).expect("a trial that is covered");
        assert_eq!((in_time.accepted, in_time.timed_out), (1, 0));
        assert_eq!(inputs(Duration::from_millis(2001)), None);
    }

    #[test]
    fn the_path_is_that_of_the_sysctls_in_force() {
        let values = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| (format!("net.{name}"), (*value).to_owned())).collect()
        };
        let sysctls = SysctlValues {
            server: values(&[
                ("core.somaxconn", "7"),
                ("ipv4.tcp_max_syn_backlog", "64"),
                ("ipv4.tcp_syncookies", "0"),
                ("ipv4.tcp_synack_retries", "2"),
                ("ipv4.tcp_abort_on_overflow", "1"),
            ]),
            client: values(&[("ipv4.tcp_syn_retries", "3"), ("ipv4.tcp_syn_linear_timeouts", "1")]),
        };
        let rules = KernelRules { syn_queue_full: Some("at_limit".to_owned()) };
        let path = listen_path(&CellSettings::default(), &sysctls, &rules).expect("it is covered");
        let listener = Listener {
            limit: 7,
            max_syn_backlog: 64,
            syncookies: SynCookies::Off,
            syn_queue_rule: SynQueueRule::AtLimit,
            synack_retries: 2,
            abort_on_overflow: true,
            proven_peers: false,
        };
        assert_eq!(path.listener, listener);
        assert_eq!((path.client.syn_retries, path.client.syn_linear_timeouts), (3, 1));
    }
}
