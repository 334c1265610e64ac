//! Tests of simulations of trials.

use std::collections::BTreeMap;
use std::time::Duration;

use load_generator::{Dialogue, HttpSettings};
use scenario::{Server, SysctlValue};
use worker::metrics::ClosedBecause;

use super::*;
use crate::testing::ChatMut;

fn row(index: u32, connect: Option<Duration>, end_ns: u64) -> AttemptRow {
    AttemptRow {
        index,
        local: format!("198.18.1.1:{}", 40_000 + index),
        connect_ns: connect.map(|connect| connect.as_nanos() as u64),
        accepted_ns: connect.map(|_| 1_000_100_000),
        ..AttemptRow::new(
            match connect {
                Some(_) => run_record::Outcome::Ok,
                None => run_record::Outcome::TimedOut,
            },
            1_000_000_000,
            end_ns,
        )
    }
}

fn simulated_rows(
    rows: &[AttemptRow],
    server: &ServerMetrics,
    cell: &CellSettings,
) -> Result<Simulated, String> {
    simulated_trial(rows, TrialAccepts::Listed(server), cell).map(|trial| match trial {
        SimulatedTrial::FromAccepts(simulated) => simulated,
        SimulatedTrial::AtPace(_) => panic!("each accept is known: {trial:?}"),
    })
}

fn simulated_trial(
    rows: &[AttemptRow],
    accepts: TrialAccepts<'_>,
    cell: &CellSettings,
) -> Result<SimulatedTrial, String> {
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
            client: values(&[("ipv4.tcp_syn_retries", "6"), ("ipv4.tcp_syn_linear_timeouts", "4")]),
        },
        rules: &KernelRules::default(),
        wheel: TimerWheel::find().as_ref(),
        rows,
        accepts,
        released_ns: 4_000_000_000,
        left_in_queue: 0,
        counted_ns: 6_000_000_000,
    })
}

#[test]
fn a_trial_is_simulated_from_its_connects_and_accepts() {
    let connected = row(0, Some(Duration::from_millis(2)), 5_000_000_000);
    let result = simulated_rows(&[connected], &ServerMetrics::default(), &CellSettings::default());
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
        let result = simulated_rows(&rows(closed_ns), &ServerMetrics::default(), &cell).unwrap();
        let expected = match retransmits {
            0 => BTreeMap::from([(0, 2)]),
            _ => BTreeMap::from([(0, 1), (retransmits, 1)]),
        };
        assert_eq!(result.syn_retransmits, expected);
    }
}

/// Of SYNs that arrive together, the kernel may have stored another one than the simulator: a
/// client that was reset is then a phantom there, which sends its FIN when the load is released.
#[test]
fn which_of_several_clients_was_reset_does_not_matter() {
    let mut cell = CellSettings::default();
    cell.server.chat_mut().backlog = 0;
    cell.load.messages = 0;
    let overflows = |reset: Option<usize>| {
        let mut rows: Vec<_> =
            (0..6).map(|index| row(index, Some(Duration::from_millis(1)), 4_000_000_000)).collect();
        rows.iter_mut().skip(1).for_each(|row| row.accepted_ns = None);
        if let Some(reset) = reset.map(|reset| &mut rows[reset]) {
            (reset.end_ns, reset.errno) = (1_001_000_000, Some(nix::libc::ECONNRESET));
        }
        simulated_rows(&rows, &ServerMetrics::default(), &cell).unwrap().listen_overflows
    };
    assert!(overflows(None) > 5, "phantoms send, and send again");
    assert_eq!([1, 3, 5].map(|reset| overflows(Some(reset))), [overflows(None); 3]);
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

/// Attempts at a program, 100 µs apart, of which the load does not know which were accepted.
fn at_program(clients: u32) -> (Vec<AttemptRow>, CellSettings) {
    let connected = |index| AttemptRow {
        start_ns: 1_000_000_000 + u64::from(index) * 100_000,
        accepted_ns: None,
        ..row(index, Some(Duration::from_millis(2)), 5_000_000_000)
    };
    let mut cell =
        CellSettings { server: Server::Command(Box::default()), ..CellSettings::default() };
    cell.load.clients = clients;
    cell.load.messages = 0;
    cell.load.connect_deadline = Duration::from_millis(1500);
    ((0..clients).map(connected).collect(), cell)
}

fn pace(accepted: u64, least_ns: f64, most_ns: f64) -> AcceptPace {
    AcceptPace { accepted, least_ns, most_ns, ..AcceptPace::default() }
}

#[test]
fn a_stopped_program_is_simulated_without_its_accepts() {
    let (rows, cell) = at_program(9);
    for limit in [0, 3] {
        let SimulatedTrial::FromAccepts(simulated) =
            simulated_trial(&rows, TrialAccepts::Stopped { limit }, &cell).unwrap()
        else {
            panic!("it accepts nothing, at any pace")
        };
        let holds = u64::from(limit) + 1;
        assert_eq!((simulated.accepted, simulated.timed_out), (holds, 9 - holds));
        // Each of them sends a second SYN.
        assert_eq!(simulated.listen_drops, 2 * (9 - holds));
    }
}

#[test]
fn a_program_is_simulated_at_both_bounds_of_its_pace() {
    let (rows, cell) = at_program(9);
    let pace = pace(10, 0.0, 1e10);
    let accepts = TrialAccepts::AtPace { limit: 3, pace: &pace };
    let SimulatedTrial::AtPace(simulated) = simulated_trial(&rows, accepts, &cell).unwrap() else {
        panic!("no accept is known")
    };
    let PaceSimulation { accepts, least_ns, most_ns, fastest, slowest } = simulated;
    assert_eq!((accepts, least_ns, most_ns), (10, 0.0, 1e10));
    assert_eq!((fastest.accepted, fastest.listen_drops), (9, 0));
    // One is accepted, and four are queued.
    assert_eq!((slowest.accepted, slowest.timed_out, slowest.deepest), (5, 4, 4));
    assert_eq!((slowest.listen_drops, slowest.retransmissions()), (8, 4));
}

#[test]
fn a_program_of_which_too_little_is_known_is_not_simulated() {
    let (mut rows, mut cell) = at_program(9);
    let few = pace(9, 1e3, 2e3);
    let accepts = TrialAccepts::AtPace { limit: 3, pace: &few };
    let reason = simulated_trial(&rows, accepts, &cell).unwrap_err();
    assert!(reason.contains("fewer than 10 accepts"), "{reason}");
    // Their SYNs arrive before the first ACK.
    rows.iter_mut().for_each(|row| row.start_ns = 1_000_000_000);
    let reason = simulated_trial(&rows, TrialAccepts::Stopped { limit: 3 }, &cell).unwrap_err();
    assert!(reason.contains("has been continued"), "{reason}");
    cell.load.dialogue = Dialogue::Http(HttpSettings::default());
    let slow = pace(10, 1e10, 1e10);
    let accepts = TrialAccepts::AtPace { limit: 3, pace: &slow };
    let reason = simulated_trial(&rows, accepts, &cell).unwrap_err();
    assert!(reason.contains("phantoms") && reason.contains("load.dialogue"), "{reason}");
}
