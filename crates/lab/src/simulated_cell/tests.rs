//! Tests of simulations of cells.

use scenario::SysctlValue;

use crate::testing::ChatMut;

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
    cell.server.chat_mut().backlog = 3;
    cell.server.chat_mut().accept_paused = true;
    let paused = simulate(&cell);
    assert_eq!(paused.count(Outcome::Established), 4);
}

#[test]
fn attempts_of_a_ramp_arrive_when_they_are_due() {
    let rate: load_generator::ConnectRate = "100..1000000/1s".parse().unwrap();
    let load = LoadSettings {
        clients: 600_000,
        pattern: ConnectPattern::Rate,
        connect_rate: Some(rate),
        ..LoadSettings::default()
    };
    let starts: Vec<_> = arrivals(&load, 7).iter().map(|arrival| arrival.start_ns - 7).collect();
    let due = |client: usize| nanoseconds(rate.due_after(client as u32));
    for client in [0, 1, 10, 10_000] {
        assert_eq!(starts[client], due(client));
    }
    assert!(starts[599_999] > due(599_999), "faster than connect(2)");
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= nanoseconds(CONNECT_INTERVAL)));
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
    cell.server.chat_mut().backlog = 42;
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
        ("server.listeners", |cell| cell.server.chat_mut().listeners = 2),
        ("server.defer_accept", |cell| cell.server.chat_mut().defer_accept = 1),
        ("server.hold_acks", |cell| cell.server.chat_mut().hold_acks = true),
        ("server.sigpipe", |cell| cell.server.chat_mut().sigpipe = Sigpipe::Default),
        ("load.pattern", |cell| cell.load.pattern = ConnectPattern::OneByOne),
        ("load.pattern concurrent", |cell| {
            cell.load.pattern = ConnectPattern::Concurrent;
            cell.load.concurrency = Some(5);
        }),
        ("load.slow_readers", |cell| cell.load.slow_readers = 1),
        ("server.idle_timeout", |cell| {
            cell.server.chat_mut().idle_timeout = Duration::from_secs(20)
        }),
        ("server.max_clients", |cell| cell.server.chat_mut().max_clients = Some(49)),
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
            cell.server.chat_mut().backlog = 0;
            cell.server.chat_mut().accept_paused = true;
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
            cell.load.connect_rate = Some(load_generator::ConnectRate::Constant(1000.0));
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
    assert_eq!(reason(|cell| cell.server.chat_mut().backlog = -1), "simulated");
}

/// Eight SYNs are retransmitted together when the server has accepted three connections.
#[test]
fn a_sysctl_that_only_phantoms_notice_is_the_reason_only_with_phantoms() {
    let reason = |backlog, name: &str| {
        let mut cell = CellSettings::default();
        cell.server.chat_mut().backlog = backlog;
        cell.load.clients = 30;
        cell.load.messages = 0;
        let cookies = ("net.ipv4.tcp_syncookies".to_owned(), SysctlValue::Number(0));
        cell.hosts.server.sysctls.extend([cookies]);
        at_client(&mut cell, name, "1000");
        let service = Duration::from_millis(500);
        simulate_cell(&cell, &KernelFacts::default(), service)
            .map_or_else(|reason| reason, |_| "simulated".to_owned())
    };
    for (backlog, name, expected) in [
        (100, "net.ipv4.tcp_rto_min_us", "simulated"),
        (20, "net.ipv4.tcp_rto_min_us", "net.ipv4.tcp_rto_min_us of the client"),
        (100, "net.ipv4.tcp_orphan_retries", "simulated"),
        (20, "net.ipv4.tcp_orphan_retries", "net.ipv4.tcp_orphan_retries of the client"),
        (20, "net.ipv4.tcp_keepalive_time", "simulated"),
    ] {
        let reason = reason(backlog, name);
        assert!(reason.contains(expected), "{name}, {backlog}: {reason}");
    }
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
    let kernel = KernelFacts::default();
    let path = path(&cell, &kernel, &SysctlsInForce::of_cell(&cell, &kernel)).unwrap();
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
