mod reads;
mod settings;
mod timers;

use std::collections::BTreeMap;
use std::time::Duration;

use queue_model::kernel_rules::RuleSet;
use queue_model::{accept_queue, time_wait};
use run_record::{AcceptQueue, LawNotApplied, ProbeSummary, StateSummary};
use scenario::{CellSettings, Host, SysctlValue};

use crate::kernel_facts::KernelFacts;
use crate::testing::ChatMut;

use super::cell_laws::CellLaws;
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::rule::Prediction;
use super::rules::RULES;

fn cell(paused: bool, clients: u32) -> CellSettings {
    let mut cell = CellSettings::default();
    cell.server.chat_mut().backlog = 10;
    cell.server.chat_mut().accept_paused = paused;
    cell.load.clients = clients;
    cell
}

fn set_sysctl(host: &mut Host, name: &str, value: &str) {
    let value = SysctlValue::Text(value.to_owned());
    host.sysctls.insert(format!("net.ipv4.{name}"), value);
}

fn laws_of(cell: &CellSettings) -> CellLaws {
    laws_with(cell, RuleSet::Since2025)
}

fn laws_with(cell: &CellSettings, rules: RuleSet) -> CellLaws {
    CellLaws::predict(&Inputs::new(cell, &KernelFacts::assumed(rules)))
}

fn set_somaxconn(cell: &mut CellSettings, value: &str) {
    let value = SysctlValue::Text(value.to_owned());
    cell.hosts.server.sysctls.insert("net.core.somaxconn".to_owned(), value);
}

/// The predicted values, by the law's id.
fn predictions(cell: &CellSettings) -> BTreeMap<&'static str, f64> {
    let laws = laws_of(cell);
    laws.predictions.iter().map(|prediction| (prediction.law.id, prediction.predicted)).collect()
}

static NO_COUNTERS: BTreeMap<String, i64> = BTreeMap::new();

fn no_measurements() -> Measurements<'static> {
    Measurements {
        accept_queue: None,
        queues: &[],
        port: None,
        probe: None,
        restart: None,
        rows: &[],
        server: &NO_COUNTERS,
        client: &NO_COUNTERS,
    }
}

fn held(cell: &CellSettings, queue: Option<(u32, u32)>, died: bool) -> Vec<Option<bool>> {
    let accept_queue = queue.map(|(depth, limit)| AcceptQueue { depth, limit });
    let measured = Measurements { accept_queue, ..no_measurements() };
    let mut cell = cell.clone();
    set_somaxconn(&mut cell, "4");
    let checked = laws_of(&cell).check(&measured, died);
    checked.checks.iter().map(|check| check.held).collect()
}

#[test]
fn accept_queue_capacity_is_predicted_only_if_the_server_does_not_accept() {
    let number = |paused, rules| laws_with(&cell(paused, 50), rules).predictions.len();
    assert_eq!(number(false, RuleSet::Since2025), 1);
    assert_eq!(number(true, RuleSet::Since2025), 2);
    assert_eq!(number(true, RuleSet::Until2024), 0, "nothing is predicted from an unknown limit");
}

#[test]
fn reuseport_capacity_is_predicted_only_with_enough_clients_for_all_listeners() {
    let law = "reuseport-capacity";
    let mut several = cell(true, 120);
    several.server.chat_mut().listeners = 3;
    assert_eq!(predictions(&several).get(law), Some(&33.0), "40 clients for a capacity of 11");
    several.load.clients = 90;
    assert_eq!(
        predictions(&several).get(law),
        None,
        "a listener with 30 gets too few with probability 1 in 20 000"
    );
    several.server.chat_mut().backlog = 0;
    assert_eq!(predictions(&several).get(law), Some(&3.0));
    several.load.clients = 30;
    assert_eq!(predictions(&several).get(law), None);
}

#[test]
fn local_ports_are_predicted_if_their_range_is_set_and_no_client_leaves_early() {
    use load_generator::ChatPhase;
    let predicted_ports = |range: &str, reserved: &str, clients, addresses, chat| {
        let mut settings = CellSettings::default();
        set_sysctl(&mut settings.hosts.client, "ip_local_port_range", range);
        if !reserved.is_empty() {
            set_sysctl(&mut settings.hosts.client, "ip_local_reserved_ports", reserved);
        }
        settings.load.clients = clients;
        settings.load.source_addresses = addresses;
        settings.load.chat = chat;
        predictions(&settings).get("local-ports").copied()
    };
    let after = ChatPhase::AfterConnect;
    assert_eq!(predicted_ports("20000 20019", "", 50, 1, after), Some(20.0));
    assert_eq!(predicted_ports("20000 20019", "20003", 50, 1, after), Some(19.0));
    assert_eq!(predicted_ports("20000 20019", "", 50, 3, after), Some(50.0), "17, 17 and 16");
    assert_eq!(predicted_ports("20000 20009", "", 50, 3, after), Some(30.0));
    assert_eq!(predicted_ports("20000 20009", "", 5, 1, after), Some(5.0));
    assert_eq!(predicted_ports("20000 20010", "", 50, 1, after), None, "10 or 11");
    assert_eq!(
        predicted_ports("20000 20009", "", 50, 1, ChatPhase::Overlapped),
        Some(10.0),
        "a burst starts all attempts before a client leaves"
    );
    let mut at_a_rate = cell(false, 50);
    set_sysctl(&mut at_a_rate.hosts.client, "ip_local_port_range", "20000 20009");
    at_a_rate.load.pattern = load_generator::ConnectPattern::Rate;
    at_a_rate.load.connect_rate = Some(load_generator::ConnectRate::Constant(100.0));
    assert_eq!(predictions(&at_a_rate)["local-ports"], 10.0, "all leave together");
    at_a_rate.load.leave = load_generator::Leave::AfterSending;
    assert_eq!(predictions(&at_a_rate).get("local-ports"), None);
}

#[test]
fn live_clients_after_half_open_ones_connect_only_by_cookies() {
    use load_generator::ConnectPattern;
    for (cookies, rate, connected, sent, drops) in [
        ("0", "400", 0.0, 0.0, 9.0),
        ("1", "400", 5.0, 6.0, 3.0),
        ("1", "10..200/100ms", 5.0, 6.0, 3.0),
    ] {
        let mut settings = cell(true, 14);
        settings.server.chat_mut().backlog = 4;
        settings.load.half_open = 6;
        settings.load.pattern = ConnectPattern::Rate;
        settings.load.connect_rate = rate.parse().ok();
        settings.load.connect_deadline = Duration::from_millis(300);
        set_sysctl(&mut settings.hosts.server, "tcp_max_syn_backlog", "4096");
        set_sysctl(&mut settings.hosts.server, "tcp_syncookies", cookies);
        let predictions = predictions(&settings);
        assert_eq!(predictions["syn-queue-capacity"], 5.0);
        assert_eq!(predictions["syn-queue-live-clients"], connected, "{cookies}");
        assert_eq!(predictions["syn-cookies-sent"], sent, "{cookies}");
        assert_eq!(predictions["syn-queue-listen-drops"], drops, "{cookies}");
        assert_eq!(predictions["syn-cookies-received"], connected, "{cookies}");
        // 14 attempts do not start before the first half-open client retransmits.
        settings.load.connect_rate = "1..10/1s".parse().ok();
        assert_eq!(self::predictions(&settings).get("syn-queue-live-clients"), None);
    }
}

#[test]
fn received_cookies_are_predicted_only_if_no_last_ack_can_count_as_one() {
    use load_generator::{ConnectPattern, Leave};
    let cell = |cookies: &str, backlog, messages| {
        let mut settings = cell(true, 14);
        settings.server.chat_mut().backlog = backlog;
        settings.load.half_open = 6;
        settings.load.pattern = ConnectPattern::Rate;
        settings.load.connect_rate = Some(load_generator::ConnectRate::Constant(400.0));
        settings.load.connect_deadline = Duration::from_millis(300);
        settings.load.messages = messages;
        set_sysctl(&mut settings.hosts.server, "tcp_max_syn_backlog", "4096");
        set_sysctl(&mut settings.hosts.server, "tcp_syncookies", cookies);
        settings
    };
    let law = |settings: &CellSettings| predictions(settings).get("syn-cookies-received").copied();
    let received = |cookies, backlog, messages| law(&cell(cookies, backlog, messages));
    assert_eq!(received("1", 4, 1), Some(5.0), "each writes one message and reads four");
    assert_eq!(received("1", 4, 0), None, "equal numbers of bytes in both directions");
    assert_eq!(received("0", 4, 0), Some(0.0), "cookies are off");
    assert_eq!(received("2", 1, 1), None, "each of two clients reads as much as it writes");
    assert_eq!(received("2", 0, 1), Some(1.0), "a single client reads nothing");
    let mut some_send = cell("1", 4, 1);
    some_send.load.senders = Some(2);
    assert_eq!(law(&some_send), None, "load.senders is set");
    let mut left_early = cell("1", 4, 1);
    left_early.load.leave = Leave::AfterSending;
    assert_eq!(law(&left_early), None, "clients leave before they have read everything");
}

#[test]
fn bind_is_refused_during_time_wait_unless_both_servers_reuse_addresses() {
    use chat_server::ClosesFirst;
    for (closes_first, old, new, refused) in [
        (ClosesFirst::Server, false, true, 1.0),
        (ClosesFirst::Server, true, false, 1.0),
        (ClosesFirst::Server, true, true, 0.0),
        (ClosesFirst::Client, false, false, 0.0),
    ] {
        let mut settings = cell(false, 3);
        set_sysctl(&mut settings.hosts.server, "tcp_rfc1337", "1");
        settings.server.chat_mut().closes_first = closes_first;
        settings.server.chat_mut().reuse_address = old;
        settings.after.restart_reuse_address = Some(new);
        settings.after.restart_within = Duration::from_secs(70);
        let predictions = predictions(&settings);
        assert_eq!(predictions["bind-refused"], refused);
        assert_eq!(predictions.contains_key("bind-free-again"), refused == 1.0);
    }
}

#[test]
fn a_sampled_time_may_be_off_by_the_intervals_between_samples() {
    let (law, seconds) = (time_wait::FIN_WAIT_2_LENGTH, Duration::from_secs);
    let prediction = Prediction::time(law, seconds(3), seconds(4), |measured| {
        measured.duration_in("fin_wait_2")
    });
    let laws = CellLaws { predictions: vec![prediction], ..CellLaws::default() };
    let observed = |times: u32, before: u64, first: u64, last: u64, after: u64| {
        let summary = StateSummary {
            most: 1,
            times,
            first_ns: first * 1_000_000,
            last_ns: last * 1_000_000,
            absent_before_ns: Some(before * 1_000_000),
            absent_after_ns: Some(after * 1_000_000),
            left: 0,
        };
        let states = [("fin_wait_2".to_owned(), summary)].into();
        let probe = ProbeSummary { states, ..ProbeSummary::default() };
        let measured = Measurements { probe: Some(&probe), ..no_measurements() };
        laws.check(&measured, false).checks[0].held
    };
    let held = |before, first, last, after| observed(1, before, first, last, after);
    assert_eq!(held(0, 10, 3005, 3015), Some(true), "2.995 to 3.015 s");
    assert_eq!(held(5, 10, 3000, 3004), Some(false), "at most 2.999 s");
    assert_eq!(held(0, 1, 4001, 4002), Some(true));
    assert_eq!(held(0, 1, 4002, 4003), Some(false), "at least 4.001 s");
    assert_eq!(observed(2, 0, 10, 3005, 3015), Some(false), "unknown if the state reappeared");
}

#[test]
fn a_queue_that_differs_from_its_prediction_fails_its_law() {
    assert_eq!(held(&cell(true, 50), Some((5, 4)), false), [Some(true), Some(true)]);
    assert_eq!(held(&cell(true, 50), Some((4, 4)), false), [Some(true), Some(false)]);
    assert_eq!(held(&cell(true, 50), Some((6, 5)), false), [Some(false), Some(false)]);
    assert_eq!(held(&cell(true, 3), Some((3, 4)), false), [Some(true), Some(true)]);
}

#[test]
fn a_law_that_could_not_be_measured_fails_unless_the_server_died() {
    assert_eq!(held(&cell(false, 50), None, false), [Some(false)]);
    assert_eq!(held(&cell(false, 50), None, true), [None]);
}

#[test]
fn a_syn_queue_limit_of_0_admits_no_client_on_kernels_before_2025() {
    let held = |cell: &CellSettings, rules, somaxconn: &str| {
        let mut cell = cell.clone();
        set_somaxconn(&mut cell, somaxconn);
        laws_with(&cell, rules)
            .predictions
            .iter()
            .find(|prediction| prediction.law == accept_queue::CAPACITY)
            .map(|prediction| prediction.predicted)
    };
    let mut cell = cell(true, 50);
    for (somaxconn, expected) in [("4", 5.0), ("0", 1.0)] {
        for rules in RuleSet::ALL {
            assert_eq!(held(&cell, rules, somaxconn), Some(expected), "with a cookie");
        }
    }
    set_sysctl(&mut cell.hosts.server, "tcp_syncookies", "0");
    assert_eq!(held(&cell, RuleSet::Since2025, "0"), Some(1.0));
    assert_eq!(held(&cell, RuleSet::Until2024, "0"), Some(0.0));
}

/// Asserts that the law is predicted for a cell, but not after any of the changes.
fn assert_not_applied_after(law: &str, cell: &CellSettings, changes: &[fn(&mut CellSettings)]) {
    assert!(predictions(cell).contains_key(law), "{law}");
    for (index, change) in changes.iter().enumerate() {
        let mut changed = cell.clone();
        change(&mut changed);
        let laws = laws_of(&changed);
        let is_predicted = laws.predictions.iter().any(|prediction| prediction.law.id == law);
        assert!(!is_predicted, "{law}, change {index}");
    }
}

#[test]
fn a_law_is_not_applied_if_a_condition_does_not_hold() {
    use chat_server::ClosesFirst;
    use load_generator::{ConnectPattern, Leave};

    let mut one_by_one = cell(false, 160);
    one_by_one.load.pattern = ConnectPattern::OneByOne;
    one_by_one.load.leave = Leave::HalfClose;
    one_by_one.load.messages = 0;
    one_by_one.load.connect_rate = Some(load_generator::ConnectRate::Constant(100.0));
    set_sysctl(&mut one_by_one.hosts.client, "ip_local_port_range", "20000 20019");
    set_sysctl(&mut one_by_one.hosts.client, "tcp_tw_reuse", "1");
    set_sysctl(&mut one_by_one.hosts.client, "tcp_rfc1337", "1");
    for rules in RuleSet::ALL {
        let mut unknown = one_by_one.clone();
        set_somaxconn(&mut unknown, "4096");
        let laws = laws_with(&unknown, rules);
        assert!(laws.predictions.iter().all(|prediction| !prediction.law.id.starts_with("local-")));
        let is_local = |law: &&LawNotApplied| law.id.starts_with("local-");
        let reason = &laws.not_applied.iter().find(is_local).expect("it is not applied").reason;
        assert!(reason.contains("does not set net.ipv4.tcp_tw_reuse_delay"), "{reason}");
    }
    set_sysctl(&mut one_by_one.hosts.client, "tcp_tw_reuse_delay", "1000");
    assert_eq!(predictions(&one_by_one)["local-ports-recycled"], 20.0);
    assert_not_applied_after(
        "local-ports-in-turn",
        &one_by_one,
        &[
            |cell| set_sysctl(&mut cell.hosts.client, "tcp_max_tw_buckets", "5"),
            |cell| cell.load.pattern = ConnectPattern::Concurrent,
            |cell| cell.load.leave = Leave::AfterSending,
            |cell| cell.load.linger = Duration::from_millis(9),
            |cell| cell.load.clients = 105, // the last connect when the first ports become reusable
            |cell| cell.load.source_addresses = 2,
            |cell| set_sysctl(&mut cell.hosts.client, "tcp_rfc1337", "0"),
        ],
    );
    set_sysctl(&mut one_by_one.hosts.server, "tcp_timestamps", "0");
    assert_eq!(predictions(&one_by_one)["local-ports-in-turn"], 20.0, "no port is reused");

    let mut restarted = cell(false, 3);
    restarted.server.chat_mut().closes_first = ClosesFirst::Server;
    set_sysctl(&mut restarted.hosts.server, "tcp_rfc1337", "1");
    restarted.server.chat_mut().reuse_address = false;
    restarted.after.restart_within = Duration::from_secs(1);
    assert_not_applied_after(
        "bind-refused",
        &restarted,
        &[
            |cell| cell.load.linger = Duration::from_secs(1),
            |cell| cell.after.watch_closing = Duration::from_secs(70),
            |cell| cell.after.restart_within = Duration::ZERO,
            |cell| set_sysctl(&mut cell.hosts.server, "tcp_rfc1337", "0"),
        ],
    );

    let mut held = cell(true, 4);
    held.server.chat_mut().backlog = 64;
    held.server.chat_mut().hold_acks = true;
    held.server.chat_mut().release_backlog = Some(0);
    held.load.messages = 0;
    held.load.linger = Duration::from_secs(4);
    for (name, value) in [
        ("tcp_synack_retries", "1"),
        ("tcp_abort_on_overflow", "0"),
        ("tcp_max_syn_backlog", "4096"),
        ("tcp_syncookies", "0"),
    ] {
        set_sysctl(&mut held.hosts.server, name, value);
    }
    held.load.connect_deadline = Duration::from_millis(900);
    assert_not_applied_after(
        "held-acks-phantoms",
        &held,
        &[
            |cell| cell.server.chat_mut().backlog = 1,
            |cell| cell.load.linger = Duration::from_secs(2),
            |cell| cell.load.messages = 1,
            |cell| cell.load.connect_deadline = Duration::from_secs(2),
        ],
    );
}

#[test]
fn ids_are_unique_and_in_kebab_case() {
    let laws: Vec<_> = RULES.iter().flat_map(|rule| rule.laws).collect();
    for (at, law) in laws.iter().enumerate() {
        let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(law.id.chars().all(is_kebab), "{}", law.id);
        assert!(laws[..at].iter().all(|other| other.id != law.id), "{}", law.id);
        assert!(!law.kernel.function.is_empty() && law.kernel.file.contains('/'), "{}", law.id);
    }
}

#[test]
fn a_law_that_concerns_the_cell_but_cannot_decide_it_is_not_applied_with_the_reason() {
    let mut cell = cell(false, 20);
    cell.load.half_open = 10;
    let laws = laws_of(&cell);
    let syn_queue = laws.not_applied.iter().find(|law| law.id == "syn-queue-capacity").unwrap();
    assert!(syn_queue.reason.contains("server.accept_paused is false"), "{}", syn_queue.reason);
    cell.load.half_open = 0;
    assert!(laws_of(&cell).not_applied.is_empty(), "the law concerns only half-open clients");
}
