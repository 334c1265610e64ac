//! Settings in which a timer is late, too short, or never fires.

use std::time::Duration;

use chat_server::ClosesFirst;
use load_generator::{ChatPhase, ConnectPattern};
use scenario::CellSettings;

use crate::testing::ChatMut;

use super::{assert_not_applied_after, cell, laws_of, predictions, set_sysctl};

/// The reason for which a law is not applied.
fn reason(law: &str, cell: &CellSettings) -> Option<String> {
    let not_applied = laws_of(cell).not_applied;
    not_applied.into_iter().find(|not_applied| not_applied.id == law).map(|law| law.reason)
}

/// Clients whose SYNs get no answer until the kernel gives up.
fn unanswered(syn_retries: &str, linear_timeouts: &str, rto_max_ms: &str) -> CellSettings {
    let mut cell = cell(true, 14);
    cell.load.pattern = ConnectPattern::Rate;
    cell.load.connect_rate = Some(load_generator::ConnectRate::Constant(100.0));
    cell.load.connect_deadline = Duration::from_secs(3600);
    cell.load.chat = ChatPhase::AfterConnect;
    cell.load.messages = 0;
    for (name, value) in [
        ("tcp_syn_retries", syn_retries),
        ("tcp_syn_linear_timeouts", linear_timeouts),
        ("tcp_rto_max_ms", rto_max_ms),
    ] {
        set_sysctl(&mut cell.hosts.client, name, value);
    }
    cell
}

#[test]
fn many_late_timeouts_may_leave_out_the_last_retransmission() {
    let law = "syn-retry-retransmissions";
    for (retries, linear, rto_max, each) in
        [("3", "4", "120000", 7.0), ("6", "4", "120000", 10.0), ("10", "0", "1000", 10.0)]
    {
        let predicted = predictions(&unanswered(retries, linear, rto_max)).get(law).copied();
        assert_eq!(predicted, Some(each * 3.0), "{retries}, {linear}, {rto_max}");
    }
    for (retries, linear, rto_max) in [("5", "62", "120000"), ("45", "0", "1000")] {
        let reason = reason(law, &unanswered(retries, linear, rto_max)).expect("it is not applied");
        assert!(reason.contains("timers are late"), "{reason}");
    }
}

#[test]
fn the_linear_timeouts_of_an_unknown_kernel_are_not_assumed() {
    let mut cell = unanswered("3", "4", "120000");
    cell.hosts.client.sysctls.swap_remove("net.ipv4.tcp_syn_linear_timeouts");
    let reason = reason("syn-retry-first-failure", &cell).expect("it is not applied");
    assert!(reason.contains("does not set net.ipv4.tcp_syn_linear_timeouts"), "{reason}");
}

/// Without cookies, M - length < M >> 2 holds for an empty queue if M is below -1.
#[test]
fn a_negative_max_syn_backlog_admits_no_client() {
    for (max_syn_backlog, cookies, capacity, unanswered_clients) in
        [("-1", "0", 11.0, 3.0), ("-2", "0", 0.0, 14.0), ("-2", "1", 11.0, 3.0)]
    {
        let mut cell = unanswered("1", "0", "120000");
        set_sysctl(&mut cell.hosts.server, "tcp_max_syn_backlog", max_syn_backlog);
        set_sysctl(&mut cell.hosts.server, "tcp_syncookies", cookies);
        let predictions = predictions(&cell);
        assert_eq!(predictions["accept-queue-capacity"], capacity, "{max_syn_backlog}");
        let failures = predictions["syn-retry-attempt-fails"];
        assert_eq!(failures, unanswered_clients, "{max_syn_backlog}");
    }
}

#[test]
fn each_stage_of_an_orphan_lasts_at_least_three_and_a_half_timeouts() {
    let law = "fin-wait-2-length";
    let mut orphans = cell(false, 3);
    orphans.server.chat_mut().closes_first = ClosesFirst::Server;
    orphans.server.chat_mut().close_after = 0;
    orphans.server.chat_mut().drain = Duration::ZERO;
    orphans.load.messages = 0;
    orphans.load.linger = Duration::from_secs(60);
    set_sysctl(&mut orphans.hosts.server, "tcp_max_tw_buckets", "4096");
    set_sysctl(&mut orphans.hosts.server, "tcp_rto_min_us", "1000000");
    set_sysctl(&mut orphans.hosts.server, "tcp_fin_timeout", "64");
    assert_eq!(predictions(&orphans)[law], 8.0, "stages of 4 s, and 3.6 s is the minimum");
    let mut usual_rto = orphans.clone();
    set_sysctl(&mut usual_rto.hosts.server, "tcp_rto_min_us", "200000");
    set_sysctl(&mut usual_rto.hosts.server, "tcp_fin_timeout", "61");
    assert_eq!(predictions(&usual_rto)[law], 2.0);
    assert_not_applied_after(
        law,
        &orphans,
        &[
            |cell| set_sysctl(&mut cell.hosts.server, "tcp_fin_timeout", "63"),
            |cell| set_sysctl(&mut cell.hosts.server, "tcp_rto_min_us", "1200000"),
            // More orphans than every machine allows.
            |cell| cell.load.clients = 513,
        ],
    );
}

#[test]
fn a_request_counts_at_most_127_timeouts() {
    let mut deferred = cell(false, 4);
    deferred.server.chat_mut().backlog = 64;
    deferred.server.chat_mut().defer_accept = 14_527;
    deferred.load.messages = 0;
    deferred.load.linger = Duration::from_secs(24 * 3600);
    set_sysctl(&mut deferred.hosts.server, "tcp_syncookies", "0");
    assert_eq!(predictions(&deferred)["defer-accept-first"], 14_527.0);
    deferred.server.chat_mut().defer_accept += 1;
    let reason_of = |law, cell| reason(law, cell).expect("it is not applied");
    let reason = reason_of("defer-accept-first", &deferred);
    assert!(reason.contains("never ends"), "{reason}");

    let mut held = cell(true, 4);
    held.server.chat_mut().backlog = 64;
    held.server.chat_mut().hold_acks = true;
    held.server.chat_mut().release_backlog = Some(0);
    held.load.messages = 0;
    held.load.linger = Duration::from_secs(24 * 3600);
    held.load.connect_deadline = Duration::from_millis(900);
    set_sysctl(&mut held.hosts.server, "tcp_synack_retries", "127");
    assert_eq!(predictions(&held)["held-acks-listen-overflows"], 3.0 * 127.0);
    set_sysctl(&mut held.hosts.server, "tcp_synack_retries", "128");
    let reason = reason_of("held-acks-listen-overflows", &held);
    assert!(reason.contains("at most 127 timeouts"), "{reason}");
}
