//! Runs like those of the scenarios in the catalogue about a listener's queues.

use crate::fixture::Made;
use run_record::Outcome::{Ok, Phantom, Reset, TimedOut};
use serde_json::json;

use crate::fixture::{Change, Fixture, paused};

pub(crate) fn accept_queue_capacity() -> Made {
    let cell = |fixture: Fixture, somaxconn: i64, backlog: i64| {
        let held = backlog.min(somaxconn) as usize + 1;
        let point = [
            (sysctl!("server", "core.somaxconn"), json!(somaxconn)),
            ("server.backlog", json!(backlog)),
        ];
        fixture.cell(point, |trial| {
            let lost = (150 - held) as i64;
            trial
                .set_outcomes(&[(Ok, held), (TimedOut, 150 - held)])
                .set_syn_retransmits(&[(0, held as u64), (1, lost as u64)])
                .add_server_counters(&[("ListenOverflows", 2 * lost), ("ListenDrops", 2 * lost)])
                .add_client_counters(&[("TCPSynRetrans", lost)])
                .set_accept_queue(held as u32, held as u32 - 1);
        })
    };
    let fixture = Fixture::new(paused(0, "2s"));
    [(4096, 5), (4096, 128), (64, 5), (64, 128)]
        .into_iter()
        .fold(fixture, |fixture, (somaxconn, backlog)| cell(fixture, somaxconn, backlog))
        .run()
}

pub(crate) fn syn_queue_capacity() -> Made {
    let cell = |fixture: Fixture, cookies: i64, maximum: i64, counted: [i64; 5], syn_recv: u32| {
        let [drops, full, wanted, sent, received] = counted;
        let point = [
            (sysctl!("server", "ipv4.tcp_syncookies"), json!(cookies)),
            (sysctl!("server", "ipv4.tcp_max_syn_backlog"), json!(maximum)),
        ];
        fixture.cell(point, |trial| {
            trial
                .set_outcomes(&[(TimedOut, 149)])
                .set_syn_retransmits(&[(0, 149)])
                .add_server_counters(&[
                    ("ListenDrops", drops),
                    ("TCPReqQFullDrop", full),
                    ("TCPReqQFullDoCookies", wanted),
                    ("SyncookiesSent", sent),
                    ("SyncookiesRecv", received),
                ])
                .set_accept_queue(0, 128)
                .add_state("syn_recv", syn_recv, 0.8, 0);
        })
    };
    let settings = json!({
        "server": { "backlog": 128 },
        "load": { "pattern": "burst", "half_open": 149, "connect_deadline": "900ms" },
    });
    let fixture = Fixture::new(settings);
    let fixture = cell(fixture, 0, 1024, [20, 20, 0, 0, 0], 129);
    let fixture = cell(fixture, 0, 64, [100, 0, 0, 0, 0], 49);
    cell(fixture, 1, 1024, [0, 0, 20, 20, 0], 129).run()
}

pub(crate) fn syn_cookies() -> Made {
    let settings = json!({
        "server": { "backlog": 4 },
        "load": { "pattern": "rate", "half_open": 5, "connect_deadline": "700ms" },
    });
    let cookies = sysctl!("server", "ipv4.tcp_syncookies");
    Fixture::new(settings)
        .cell([(cookies, json!(0))], |trial| {
            trial
                .set_outcomes(&[(TimedOut, 13)])
                .add_server_counters(&[("ListenDrops", 8), ("TCPReqQFullDrop", 8)])
                .set_accept_queue(0, 4);
        })
        .cell([(cookies, json!(1))], |trial| {
            trial
                .set_outcomes(&[(Ok, 5), (TimedOut, 8)])
                .add_server_counters(&[
                    ("ListenDrops", 3),
                    ("ListenOverflows", 3),
                    ("TCPReqQFullDoCookies", 8),
                    ("SyncookiesSent", 5),
                    ("SyncookiesRecv", 5),
                ])
                .set_accept_queue(5, 4);
        })
        .run()
}

pub(crate) fn overflow_policy() -> Made {
    let settings = json!({
        "server": { "backlog": 8, "hold_acks": true, "release_backlog": 0, "accept_paused": true },
        "load": { "pattern": "burst", "connect_deadline": "2s", "linger": "16s" },
        "hosts": { "server": { "sysctls": { "net.ipv4.tcp_synack_retries": 3 } } },
    });
    let abort = sysctl!("server", "ipv4.tcp_abort_on_overflow");
    Fixture::new(settings)
        .cell([(abort, json!(0))], |trial| {
            trial.sysctls.server.insert("net.ipv4.tcp_synack_retries".to_owned(), "3".to_owned());
            trial
                .set_outcomes(&[(Ok, 1), (Phantom, 5)])
                .set_syn_retransmits(&[(0, 6)])
                .add_server_counters(&[
                    ("ListenDrops", 15),
                    ("ListenOverflows", 15),
                    ("TCPSynRetrans", 15),
                ])
                .set_accept_queue(1, 0);
        })
        .cell([(abort, json!(1))], |trial| {
            trial
                .set_outcomes(&[(Ok, 1), (Reset, 5)])
                .set_syn_retransmits(&[(0, 6)])
                .add_server_counters(&[
                    ("ListenDrops", 5),
                    ("ListenOverflows", 5),
                    ("EmbryonicRsts", 5),
                ])
                .set_accept_queue(1, 0)
                .connect_latency
                .count = 6;
        })
        .run()
}

pub(crate) fn reuseport_listeners() -> Made {
    let mut settings = paused(2, "900ms");
    settings["server"]["listeners"] = json!(1);
    Fixture::new(settings)
        .cell([("server.listeners", json!(1))], |trial| {
            trial
                .set_outcomes(&[(Ok, 3), (TimedOut, 17)])
                .add_server_counters(&[("ListenOverflows", 17), ("ListenDrops", 17)])
                .set_accept_queue(3, 2)
                .add_listeners(&[(3, 2)]);
        })
        .cell([("server.listeners", json!(4))], |trial| {
            trial
                .set_outcomes(&[(Ok, 11), (TimedOut, 9)])
                .add_server_counters(&[("ListenOverflows", 9), ("ListenDrops", 9)])
                .set_accept_queue(11, 2)
                .add_listeners(&[(3, 2), (3, 2), (2, 2), (3, 2)]);
        })
        .run()
}

pub(crate) fn defer_accept() -> Made {
    let settings = json!({
        "server": { "backlog": 128 },
        "load": { "pattern": "burst", "connect_deadline": "2s", "messages": 0 },
    });
    let cell = |fixture: Fixture, seconds: i64, wait: f64| {
        fixture.cell([("server.defer_accept", json!(seconds))], |trial| {
            trial.set_outcomes(&[(Ok, 5)]).set_accept_wait(wait);
            trial.add_server_counters(&[("TCPDeferAcceptDrop", if seconds > 0 { 5 } else { 0 })]);
        })
    };
    [(0, 0.000_2), (1, 1.07), (2, 3.08), (8, 15.4)]
        .into_iter()
        .fold(Fixture::new(settings), |fixture, (seconds, wait)| cell(fixture, seconds, wait))
        .run()
}
