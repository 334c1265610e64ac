use std::collections::BTreeMap;
use std::time::Duration;

use queue_model::syn_queue::SynQueueFull;
use queue_model::{accept_queue, time_wait};
use run_record::{AcceptQueue, ProbeSummary, StateSummary};
use scenario::{CellSettings, Host, SysctlValue};

use super::cell_laws::CellLaws;
use super::inputs::Inputs;
use super::measurements::Measurements;
use super::rule::Prediction;
use super::rules::RULES;

fn cell(paused: bool, clients: u32) -> CellSettings {
    let mut cell = CellSettings::default();
    cell.server.backlog = 10;
    cell.server.accept_paused = paused;
    cell.load.clients = clients;
    cell
}

fn state(host: &mut Host, name: &str, value: &str) {
    let value = SysctlValue::Text(value.to_owned());
    host.sysctls.insert(format!("net.ipv4.{name}"), value);
}

fn inputs(cell: &CellSettings, somaxconn: Option<u32>, syn_queue_full: SynQueueFull) -> Inputs<'_> {
    let tw_reuse_delay = Some(Duration::from_secs(1));
    Inputs { cell, somaxconn, syn_queue_full, tw_reuse_delay, hz: Some(250) }
}

fn laws_of(cell: &CellSettings, somaxconn: Option<u32>) -> CellLaws {
    CellLaws::predict(&inputs(cell, somaxconn, SynQueueFull::Above))
}

/// The predicted figures, by the law's id.
fn figures(cell: &CellSettings) -> BTreeMap<&'static str, f64> {
    let laws = laws_of(cell, Some(4096));
    laws.predictions.iter().map(|prediction| (prediction.law.id, prediction.predicted)).collect()
}

static NOTHING: BTreeMap<String, i64> = BTreeMap::new();

fn nothing() -> Measurements<'static> {
    Measurements {
        accept_queue: None,
        probe: None,
        restart: None,
        rows: &[],
        server: &NOTHING,
        client: &NOTHING,
    }
}

fn held(cell: &CellSettings, queue: Option<(u32, u32)>, died: bool) -> Vec<Option<bool>> {
    let accept_queue = queue.map(|(depth, limit)| AcceptQueue { depth, limit });
    let measured = Measurements { accept_queue, ..nothing() };
    let checks = laws_of(cell, Some(4)).check(&measured, died);
    checks.iter().map(|check| check.held).collect()
}

#[test]
fn the_capacity_is_a_law_only_of_a_server_that_does_not_accept() {
    let number = |paused, somaxconn| laws_of(&cell(paused, 50), somaxconn).predictions.len();
    assert_eq!(number(false, Some(4)), 1);
    assert_eq!(number(true, Some(4)), 2);
    assert_eq!(number(true, None), 0, "nothing is predicted from an unknown limit");
}

#[test]
fn several_listeners_hold_more_where_clients_are_enough_for_all() {
    let law = "reuseport-capacity";
    let mut several = cell(true, 120);
    several.server.listeners = 3;
    assert_eq!(figures(&several).get(law), Some(&33.0), "40 for 11 places");
    several.load.clients = 90;
    assert_eq!(figures(&several).get(law), None, "30 are short once in 20 000 times");
    several.server.backlog = 0;
    assert_eq!(figures(&several).get(law), Some(&3.0));
    several.load.clients = 30;
    assert_eq!(figures(&several).get(law), None);
}

#[test]
fn ports_are_a_law_where_their_range_is_stated_and_nobody_leaves_early() {
    use load_generator::ChatPhase;
    let places = |range: &str, reserved: &str, clients, addresses, chat| {
        let mut settings = CellSettings::default();
        state(&mut settings.hosts.client, "ip_local_port_range", range);
        if !reserved.is_empty() {
            state(&mut settings.hosts.client, "ip_local_reserved_ports", reserved);
        }
        settings.load.clients = clients;
        settings.load.source_addresses = addresses;
        settings.load.chat = chat;
        figures(&settings).get("local-ports").copied()
    };
    let after = ChatPhase::AfterConnect;
    assert_eq!(places("20000 20019", "", 50, 1, after), Some(20.0));
    assert_eq!(places("20000 20019", "20003", 50, 1, after), Some(19.0));
    assert_eq!(places("20000 20019", "", 50, 3, after), Some(50.0), "17, 17 and 16");
    assert_eq!(places("20000 20009", "", 50, 3, after), Some(30.0));
    assert_eq!(places("20000 20009", "", 5, 1, after), Some(5.0));
    assert_eq!(places("20000 20010", "", 50, 1, after), None, "10 or 11");
    assert_eq!(places("20000 20009", "", 50, 1, ChatPhase::Overlapped), None);
}

#[test]
fn live_clients_behind_half_open_ones_are_let_in_by_cookies_alone() {
    use load_generator::ConnectPattern;
    for (cookies, get_in, sent, drops) in [("0", 0.0, 0.0, 9.0), ("1", 5.0, 6.0, 3.0)] {
        let mut settings = cell(true, 14);
        settings.server.backlog = 4;
        settings.load.half_open = 6;
        settings.load.pattern = ConnectPattern::Rate;
        settings.load.connect_rate = Some(400.0);
        settings.load.connect_deadline = Duration::from_millis(300);
        state(&mut settings.hosts.server, "tcp_max_syn_backlog", "4096");
        state(&mut settings.hosts.server, "tcp_syncookies", cookies);
        let figures = figures(&settings);
        assert_eq!(figures["syn-queue-capacity"], 5.0);
        assert_eq!(figures["syn-queue-live-clients"], get_in, "{cookies}");
        assert_eq!(figures["syn-cookies-sent"], sent, "{cookies}");
        assert_eq!(figures["syn-queue-listen-drops"], drops, "{cookies}");
        assert_eq!(figures["syn-cookies-received"], get_in, "{cookies}");
    }
}

#[test]
fn cookies_that_come_back_are_a_law_where_no_last_ack_can_be_one() {
    use load_generator::{ConnectPattern, Leave};
    let cell = |cookies: &str, backlog, messages| {
        let mut settings = cell(true, 14);
        settings.server.backlog = backlog;
        settings.load.half_open = 6;
        settings.load.pattern = ConnectPattern::Rate;
        settings.load.connect_rate = Some(400.0);
        settings.load.connect_deadline = Duration::from_millis(300);
        settings.load.messages = messages;
        state(&mut settings.hosts.server, "tcp_max_syn_backlog", "4096");
        state(&mut settings.hosts.server, "tcp_syncookies", cookies);
        settings
    };
    let law = |settings: &CellSettings| figures(settings).get("syn-cookies-received").copied();
    let received = |cookies, backlog, messages| law(&cell(cookies, backlog, messages));
    assert_eq!(received("1", 4, 1), Some(5.0), "each writes one message and reads four");
    assert_eq!(received("1", 4, 0), None, "as many bytes one way as the other");
    assert_eq!(received("0", 4, 0), Some(0.0), "no cookies at all");
    assert_eq!(received("2", 1, 1), None, "of two, each reads what the other writes");
    assert_eq!(received("2", 0, 1), Some(1.0), "one alone reads nothing");
    let mut some_send = cell("1", 4, 1);
    some_send.load.senders = Some(2);
    assert_eq!(law(&some_send), None, "who sends is not looked at");
    let mut left_early = cell("1", 4, 1);
    left_early.load.leave = Leave::AfterSending;
    assert_eq!(law(&left_early), None, "nor what was read by then");
}

#[test]
fn bind_is_refused_beside_time_wait_unless_both_servers_reuse_addresses() {
    use chat_server::ClosesFirst;
    for (closes_first, old, new, refused) in [
        (ClosesFirst::Server, false, true, 1.0),
        (ClosesFirst::Server, true, false, 1.0),
        (ClosesFirst::Server, true, true, 0.0),
        (ClosesFirst::Client, false, false, 0.0),
    ] {
        let mut settings = cell(false, 3);
        state(&mut settings.hosts.server, "tcp_rfc1337", "1");
        settings.server.closes_first = closes_first;
        settings.server.reuse_address = old;
        settings.after.restart_reuse_address = Some(new);
        settings.after.restart_within = Duration::from_secs(70);
        let figures = figures(&settings);
        assert_eq!(figures["bind-refused"], refused);
        assert_eq!(figures.contains_key("bind-free-again"), refused == 1.0);
    }
}

#[test]
fn a_time_that_was_sampled_may_be_short_by_what_lies_between_two_samples() {
    let (law, seconds) = (time_wait::FIN_WAIT_2_LENGTH, Duration::from_secs);
    let prediction =
        Prediction::time(law, seconds(3), seconds(4), |measured| measured.lasted("fin_wait_2"));
    let laws = CellLaws { predictions: vec![prediction], ..CellLaws::default() };
    let came = |times: u32, before: u64, first: u64, last: u64, after: u64| {
        let seen = StateSummary {
            most: 1,
            times,
            first_ns: first * 1_000_000,
            last_ns: last * 1_000_000,
            absent_before_ns: Some(before * 1_000_000),
            absent_after_ns: Some(after * 1_000_000),
            left: 0,
        };
        let states = [("fin_wait_2".to_owned(), seen)].into();
        let probe = ProbeSummary { states, ..ProbeSummary::default() };
        let measured = Measurements { probe: Some(&probe), ..nothing() };
        laws.check(&measured, false)[0].held
    };
    let held = |before, first, last, after| came(1, before, first, last, after);
    assert_eq!(held(0, 10, 3005, 3015), Some(true), "2.995 to 3.015 s");
    assert_eq!(held(5, 10, 3000, 3004), Some(false), "at most 2.999 s");
    assert_eq!(held(0, 1, 4001, 4002), Some(true));
    assert_eq!(held(0, 1, 4002, 4003), Some(false), "at least 4.001 s");
    assert_eq!(came(2, 0, 10, 3005, 3015), Some(false), "with a gap, nobody knows");
}

#[test]
fn a_queue_that_is_not_as_predicted_breaks_its_law() {
    assert_eq!(held(&cell(true, 50), Some((5, 4)), false), [Some(true), Some(true)]);
    assert_eq!(held(&cell(true, 50), Some((4, 4)), false), [Some(true), Some(false)]);
    assert_eq!(held(&cell(true, 50), Some((6, 5)), false), [Some(false), Some(false)]);
    assert_eq!(held(&cell(true, 3), Some((3, 4)), false), [Some(true), Some(true)]);
}

#[test]
fn what_could_not_be_measured_is_a_breach_unless_the_server_died() {
    assert_eq!(held(&cell(false, 50), None, false), [Some(false)]);
    assert_eq!(held(&cell(false, 50), None, true), [None]);
}

#[test]
fn a_limit_of_0_lets_nobody_in_where_the_kernel_compares_with_at_least() {
    let law = accept_queue::CAPACITY;
    let held = |cell: &CellSettings, syn_queue_full, somaxconn| {
        CellLaws::predict(&inputs(cell, Some(somaxconn), syn_queue_full))
            .predictions
            .iter()
            .find(|prediction| prediction.law == law)
            .map(|prediction| prediction.predicted)
    };
    let mut cell = cell(true, 50);
    for (somaxconn, places) in [(4, 5.0), (0, 1.0)] {
        for rule in [SynQueueFull::Above, SynQueueFull::AtOrAbove] {
            assert_eq!(held(&cell, rule, somaxconn), Some(places), "with a cookie");
        }
    }
    state(&mut cell.hosts.server, "tcp_syncookies", "0");
    assert_eq!(held(&cell, SynQueueFull::Above, 0), Some(1.0));
    assert_eq!(held(&cell, SynQueueFull::AtOrAbove, 0), Some(0.0));
}

/// What a law needs that is not so: then it says nothing.
fn assert_only_where(law: &str, holds: &CellSettings, spoils: &[fn(&mut CellSettings)]) {
    assert!(figures(holds).contains_key(law), "{law}");
    for (index, spoil) in spoils.iter().enumerate() {
        let mut spoilt = holds.clone();
        spoil(&mut spoilt);
        let laws = laws_of(&spoilt, Some(4096));
        let predicts = laws.predictions.iter().any(|prediction| prediction.law.id == law);
        assert!(!predicts, "{law}, number {index}");
    }
}

#[test]
fn laws_say_nothing_where_their_conditions_do_not_hold() {
    use chat_server::ClosesFirst;
    use load_generator::{ConnectPattern, Leave};

    let mut in_turn = cell(false, 160);
    in_turn.load.pattern = ConnectPattern::OneByOne;
    in_turn.load.leave = Leave::HalfClose;
    in_turn.load.connect_rate = Some(100.0);
    state(&mut in_turn.hosts.client, "ip_local_port_range", "20000 20019");
    state(&mut in_turn.hosts.client, "tcp_tw_reuse", "1");
    state(&mut in_turn.hosts.client, "tcp_rfc1337", "1");
    assert_eq!(figures(&in_turn)["local-ports-recycled"], 20.0);
    assert_only_where(
        "local-ports-in-turn",
        &in_turn,
        &[
            |cell| state(&mut cell.hosts.client, "tcp_max_tw_buckets", "5"),
            |cell| cell.load.leave = Leave::AfterSending,
            |cell| cell.load.clients = 105, // the last come when the first ports do
            |cell| cell.load.source_addresses = 2,
            |cell| state(&mut cell.hosts.client, "tcp_rfc1337", "0"),
        ],
    );
    let without_sysctl =
        Inputs { tw_reuse_delay: None, ..inputs(&in_turn, Some(4096), SynQueueFull::Above) };
    let laws = CellLaws::predict(&without_sysctl);
    assert!(laws.predictions.iter().all(|prediction| !prediction.law.id.starts_with("local-")));
    let reason = &laws.not_applied[0].reason;
    assert!(reason.contains("this kernel has no net.ipv4.tcp_tw_reuse_delay"), "{reason}");
    state(&mut in_turn.hosts.server, "tcp_timestamps", "0");
    assert_eq!(figures(&in_turn)["local-ports-in-turn"], 20.0, "nothing is reused");

    let mut restarted = cell(false, 3);
    restarted.server.closes_first = ClosesFirst::Server;
    state(&mut restarted.hosts.server, "tcp_rfc1337", "1");
    restarted.server.reuse_address = false;
    restarted.after.restart_within = Duration::from_secs(1);
    assert_only_where(
        "bind-refused",
        &restarted,
        &[
            |cell| cell.load.linger = Duration::from_secs(1),
            |cell| cell.after.watch_closing = Duration::from_secs(70),
            |cell| cell.after.restart_within = Duration::ZERO,
            |cell| state(&mut cell.hosts.server, "tcp_rfc1337", "0"),
        ],
    );

    let mut held = cell(true, 4);
    held.server.backlog = 64;
    held.server.hold_acks = true;
    held.server.release_backlog = Some(0);
    held.load.messages = 0;
    held.load.linger = Duration::from_secs(4);
    for (name, value) in [
        ("tcp_synack_retries", "1"),
        ("tcp_abort_on_overflow", "0"),
        ("tcp_max_syn_backlog", "4096"),
        ("tcp_syncookies", "0"),
    ] {
        state(&mut held.hosts.server, name, value);
    }
    held.load.connect_deadline = Duration::from_millis(900);
    assert_only_where(
        "held-acks-phantoms",
        &held,
        &[
            |cell| cell.server.backlog = 1,
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
    let laws = laws_of(&cell, Some(4096));
    let syn_queue = laws.not_applied.iter().find(|law| law.id == "syn-queue-capacity").unwrap();
    assert!(syn_queue.reason.contains("server.accept_paused is false"), "{}", syn_queue.reason);
    cell.load.half_open = 0;
    assert!(laws_of(&cell, Some(4096)).not_applied.is_empty(), "it is about half-open clients");
}
