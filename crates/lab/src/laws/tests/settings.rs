//! Settings that change a law's prediction, or make it silent.

use std::time::Duration;

use linux_net::Counter;
use scenario::{CellSettings, SysctlValue};

use super::super::measurements::Measurements;
use super::super::rules::ids;
use crate::testing::ChatMut;

use super::{cell, laws_of, no_measurements, predictions, set_somaxconn, set_sysctl};

/// A law that its own scenario does not apply would be of no use.
#[test]
fn every_law_is_predicted_for_a_cell_of_the_catalogue() {
    let mut never: Vec<_> = ids().collect();
    for file in scenario::scenarios() {
        let plan = file.plan(&scenario::Overrides::default(), &scenario::AnyKernel).unwrap();
        for cell in &plan.cells {
            let laws = laws_of(&cell.settings);
            never.retain(|id| laws.predictions.iter().all(|prediction| prediction.law.id != *id));
        }
    }
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn a_sysctl_whose_effects_are_not_known_makes_every_law_silent() {
    let mut cell = cell(true, 50);
    set_sysctl(&mut cell.hosts.client, "tcp_keepalive_time", "60");
    assert_eq!(laws_of(&cell).predictions.len(), 2, "its effects are known: none");
    set_sysctl(&mut cell.hosts.client, "tcp_min_snd_mss", "536");
    let laws = laws_of(&cell);
    assert!(laws.predictions.is_empty());
    for law in laws.not_applied {
        assert!(law.reason.contains("net.ipv4.tcp_min_snd_mss of the client"), "{}", law.reason);
    }
}

#[test]
fn a_sysctl_name_with_slashes_is_read() {
    let mut cell = cell(true, 50);
    let value = SysctlValue::Number(4);
    cell.hosts.server.sysctls.insert("net/core/somaxconn".to_owned(), value);
    assert_eq!(predictions(&cell)["accept-queue-capacity"], 5.0);
}

/// A paused program with two listeners, of which each gets half of the clients.
fn two_listeners(clients: u32) -> CellSettings {
    let mut cell = cell(false, clients);
    let server = serde_json::json!({
        "command": {
            "program": ["x"], "port": 8080, "backlog": 5, "backlogs": { "8081": 64 }, "paused": true,
        },
    });
    cell.server = serde_json::from_value(server).unwrap();
    cell.load.messages = 0;
    cell.load.destinations = serde_json::from_value(serde_json::json!([8080, 8081])).unwrap();
    cell
}

#[test]
fn the_laws_of_a_listener_are_those_of_its_own_clients_and_backlog() {
    let ids = |cell: &CellSettings| {
        let laws = laws_of(cell);
        laws.predictions.iter().map(|law| (law.id(), law.predicted)).collect::<Vec<_>>()
    };
    let named = |name: &str, port: u16| format!("{name}-port-{port}");
    let mut cell = two_listeners(100);
    set_somaxconn(&mut cell, "4096");
    assert_eq!(
        ids(&cell),
        [
            (named("listen-limit", 8080), 5.0),
            (named("listen-limit", 8081), 64.0),
            (named("accept-queue-capacity", 8080), 6.0),
            (named("accept-queue-capacity", 8081), 50.0),
        ]
    );
    set_somaxconn(&mut cell, "30");
    assert_eq!(ids(&cell)[3].1, 31.0);
    // A single destination is the only listener.
    cell.load.destinations.remove(0);
    assert_eq!(
        ids(&cell),
        [("listen-limit".to_owned(), 30.0), ("accept-queue-capacity".to_owned(), 31.0)]
    );
}

#[test]
fn a_law_of_a_listener_is_measured_at_its_own_queue() {
    use run_record::AcceptQueue;
    let mut cell = two_listeners(200);
    set_somaxconn(&mut cell, "4096");
    let queue = |port, depth, limit| {
        let queue = Some(AcceptQueue { depth, limit });
        crate::destinations::PortQueue { port, queue }
    };
    let queues = [queue(8080, 6, 5), queue(8081, 64, 64)];
    let measured = Measurements { queues: &queues, ..no_measurements() };
    let held: Vec<_> =
        laws_of(&cell).check(&measured, false).checks.iter().map(|check| check.held).collect();
    assert_eq!(held, [Some(true), Some(true), Some(true), Some(false)], "64 of 65");
}

#[test]
fn a_law_about_all_listeners_is_not_applied_to_several() {
    let mut cell = two_listeners(100);
    set_somaxconn(&mut cell, "4096");
    set_sysctl(&mut cell.hosts.client, "ip_local_port_range", "20000 29999");
    cell.load.chat = load_generator::ChatPhase::AfterConnect;
    let reason = |cell: &CellSettings, id: &str| {
        let laws = laws_of(cell).not_applied;
        laws.into_iter().find(|law| law.id == id).map(|law| law.reason).unwrap_or_default()
    };
    assert!(reason(&cell, "local-ports").contains("(load.destinations)"));
    set_sysctl(&mut cell.hosts.client, "ip_local_port_range", "20000 20049");
    let too_few = reason(&cell, "accept-queue-capacity-port-8080");
    assert!(too_few.contains("may get no local port"), "{too_few}");
    // No client changes the limit.
    let limits: Vec<_> = laws_of(&cell).predictions.iter().map(|law| law.id()).collect();
    assert_eq!(limits, ["listen-limit-port-8080", "listen-limit-port-8081"]);
}

#[test]
fn an_unknown_backlog_is_named_by_the_port_of_the_only_destination() {
    let mut cell = two_listeners(100);
    set_somaxconn(&mut cell, "4096");
    for (destinations, path) in [
        (serde_json::json!([8082]), "(server.command.backlogs.8082)"),
        (serde_json::json!([8080, 8082]), "(server.command.backlogs.8082)"),
        (serde_json::json!([]), "(server.command.backlog)"),
        (serde_json::json!([8080]), "(server.command.backlog)"),
    ] {
        cell.load.destinations = serde_json::from_value(destinations.clone()).unwrap();
        if let scenario::Server::Command(command) = &mut cell.server {
            let is_own = path == "(server.command.backlog)";
            command.backlog = (!is_own).then_some(5);
        }
        let laws = laws_of(&cell).not_applied;
        let of_limit: Vec<_> =
            laws.iter().filter(|law| law.id.starts_with("listen-limit")).collect();
        let [law] = of_limit[..] else { panic!("{destinations}: {laws:?}") };
        assert!(law.reason.contains(path), "{destinations}: {law:?}");
    }
}

#[test]
fn clients_without_a_local_port_are_not_counted() {
    use load_generator::{ChatPhase, ConnectPattern};
    let mut cell = cell(true, 14);
    cell.load.half_open = 6;
    cell.load.chat = ChatPhase::AfterConnect;
    cell.load.pattern = ConnectPattern::Rate;
    cell.load.connect_rate = Some(load_generator::ConnectRate::Constant(400.0));
    cell.load.connect_deadline = Duration::from_millis(300);
    set_sysctl(&mut cell.hosts.server, "tcp_max_syn_backlog", "4096");
    set_sysctl(&mut cell.hosts.client, "ip_local_port_range", "20000 20003");
    let law = |cell: &CellSettings| predictions(cell).get("syn-queue-capacity").copied();
    assert_eq!(law(&cell), Some(4.0), "4 of 6 half-open clients have a port");
    assert_eq!(predictions(&cell)["syn-queue-live-clients"], 0.0, "and none of the others");
    cell.load.source_addresses = 2;
    assert_eq!(law(&cell), Some(6.0), "both addresses have 4 ports");
    assert_eq!(predictions(&cell)["syn-queue-live-clients"], 2.0);
    set_sysctl(&mut cell.hosts.client, "ip_local_port_range", "20000 20002");
    assert_eq!(law(&cell), None, "an odd size");
}

#[test]
fn a_syn_queue_law_is_not_applied_to_a_trial_with_a_retransmitted_syn() {
    use load_generator::ConnectPattern;
    let mut cell = cell(true, 14);
    cell.load.half_open = 6;
    cell.load.pattern = ConnectPattern::Rate;
    cell.load.connect_rate = Some(load_generator::ConnectRate::Constant(400.0));
    cell.load.connect_deadline = Duration::from_millis(300);
    set_sysctl(&mut cell.hosts.server, "tcp_max_syn_backlog", "4096");
    let laws = laws_of(&cell);
    for (retransmissions, is_applied) in [(0, true), (1, false)] {
        let client = [(Counter::TcpSynRetrans.name().to_owned(), retransmissions)].into();
        let measured = Measurements { client: &client, ..no_measurements() };
        let checked = laws.check(&measured, false);
        for id in ["syn-queue-capacity", "syn-cookies-received", "syn-queue-live-clients"] {
            assert_eq!(checked.checks.iter().any(|check| check.id == id), is_applied, "{id}");
            let reason = checked.not_applied.iter().find(|law| law.id == id);
            let reason = reason.map(|law| law.reason.contains("TCPSynRetrans"));
            assert_eq!(reason, (!is_applied).then_some(true), "{id}");
        }
        assert!(checked.checks.iter().any(|check| check.id == "listen-limit"));
    }
}

#[test]
fn an_orphan_stands_twice_as_long_as_fin_timeout_exceeds_a_minute() {
    use chat_server::ClosesFirst;
    let mut cell = cell(false, 3);
    cell.server.chat_mut().closes_first = ClosesFirst::Server;
    cell.server.chat_mut().close_after = 0;
    cell.server.chat_mut().drain = Duration::ZERO;
    cell.load.messages = 0;
    cell.load.linger = Duration::from_secs(12);
    let mut law = |fin_timeout: &str, buckets: &str| {
        set_sysctl(&mut cell.hosts.server, "tcp_fin_timeout", fin_timeout);
        set_sysctl(&mut cell.hosts.server, "tcp_max_tw_buckets", buckets);
        predictions(&cell).get("fin-wait-2-length").copied()
    };
    assert_eq!(law("5", "4096"), Some(5.0));
    assert_eq!(law("62", "4096"), Some(4.0));
    assert_eq!(law("5", "0"), None, "no socket stays in FIN_WAIT_2");
    for fin_timeout in ["0", "-1", "20", "60", "67"] {
        assert_eq!(law(fin_timeout, "4096"), None, "{fin_timeout}");
    }
}
