//! Runs of each kind that the catalogue has, with plausible records.

use queue_model::syn_retry;
use report::Run;
use run_record::Outcome::{Incomplete, NoPort, Ok, Phantom, Reset, ServerDown, TimedOut};
use run_record::{LawCheck, Restart};
use serde_json::json;

use crate::fixture::{Change, Fixture, paused};

pub(crate) fn accept_queue_capacity() -> Run {
    let cell = |fixture: Fixture, somaxconn: i64, backlog: i64| {
        let held = backlog.min(somaxconn) as usize + 1;
        let point = [
            (sysctl!("server", "core.somaxconn"), json!(somaxconn)),
            ("server.backlog", json!(backlog)),
        ];
        fixture.cell(point, |trial| {
            let lost = (150 - held) as i64;
            trial
                .ended(&[(Ok, held), (TimedOut, 150 - held)])
                .retransmitted(&[(0, held as u64), (1, lost as u64)])
                .server_counted(&[("ListenOverflows", 2 * lost), ("ListenDrops", 2 * lost)])
                .client_counted(&[("TCPSynRetrans", lost)])
                .queued(held as u32, held as u32 - 1);
        })
    };
    let fixture = Fixture::new(paused(0, "2s"));
    [(4096, 5), (4096, 128), (64, 5), (64, 128)]
        .into_iter()
        .fold(fixture, |fixture, (somaxconn, backlog)| cell(fixture, somaxconn, backlog))
        .run()
}

pub(crate) fn syn_queue_capacity() -> Run {
    let cell = |fixture: Fixture, cookies: i64, maximum: i64, counted: [i64; 5], syn_recv: u32| {
        let [drops, full, wanted, sent, received] = counted;
        let point = [
            (sysctl!("server", "ipv4.tcp_syncookies"), json!(cookies)),
            (sysctl!("server", "ipv4.tcp_max_syn_backlog"), json!(maximum)),
        ];
        fixture.cell(point, |trial| {
            trial
                .ended(&[(TimedOut, 149)])
                .retransmitted(&[(0, 149)])
                .server_counted(&[
                    ("ListenDrops", drops),
                    ("TCPReqQFullDrop", full),
                    ("TCPReqQFullDoCookies", wanted),
                    ("SyncookiesSent", sent),
                    ("SyncookiesRecv", received),
                ])
                .queued(0, 128)
                .stood("syn_recv", syn_recv, 0.8, 0);
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

pub(crate) fn syn_cookies() -> Run {
    let settings = json!({
        "server": { "backlog": 4 },
        "load": { "pattern": "rate", "half_open": 5, "connect_deadline": "700ms" },
    });
    let cookies = sysctl!("server", "ipv4.tcp_syncookies");
    Fixture::new(settings)
        .cell([(cookies, json!(0))], |trial| {
            trial
                .ended(&[(TimedOut, 13)])
                .server_counted(&[("ListenDrops", 8), ("TCPReqQFullDrop", 8)])
                .queued(0, 4);
        })
        .cell([(cookies, json!(1))], |trial| {
            trial
                .ended(&[(Ok, 5), (TimedOut, 8)])
                .server_counted(&[
                    ("ListenDrops", 3),
                    ("ListenOverflows", 3),
                    ("TCPReqQFullDoCookies", 8),
                    ("SyncookiesSent", 5),
                    ("SyncookiesRecv", 5),
                ])
                .queued(5, 4);
        })
        .run()
}

pub(crate) fn overflow_policy() -> Run {
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
                .ended(&[(Ok, 1), (Phantom, 5)])
                .retransmitted(&[(0, 6)])
                .server_counted(&[("ListenDrops", 15), ("ListenOverflows", 15)])
                .queued(1, 0);
        })
        .cell([(abort, json!(1))], |trial| {
            trial
                .ended(&[(Ok, 1), (Reset, 5)])
                .retransmitted(&[(0, 6)])
                .server_counted(&[("ListenDrops", 5), ("ListenOverflows", 5), ("EmbryonicRsts", 5)])
                .queued(1, 0)
                .connect_latency
                .count = 6;
        })
        .run()
}

pub(crate) fn syn_retry_ladder() -> Run {
    let fixture = Fixture::new(paused(0, "30s"));
    let linear = sysctl!("client", "ipv4.tcp_syn_linear_timeouts");
    let retries = sysctl!("client", "ipv4.tcp_syn_retries");
    let cell = |fixture: Fixture, n: i64, l: i64, retransmits: u32, gives_up: f64| {
        fixture.cell([(retries, json!(n)), (linear, json!(l))], |trial| {
            let dropped = 4 * (i64::from(retransmits) + 1);
            trial
                .ended(&[(Ok, 1), (TimedOut, 4)])
                .retransmitted(&[(0, 1), (retransmits, 4)])
                .server_counted(&[("ListenOverflows", dropped), ("ListenDrops", dropped)])
                .client_counted(&[("TCPSynRetrans", 4 * i64::from(retransmits))])
                .queued(1, 0)
                .errors
                .insert("ETIMEDOUT".to_owned(), 4);
            trial.laws.push(LawCheck {
                measured: Some(gives_up * 1.02),
                deviation: Some(gives_up * 0.02),
                held: Some(true),
                ..LawCheck::new(&syn_retry::FIRST_FAILURE, gives_up, Some(gives_up * 1.08))
            });
        })
    };
    [(1, 0, 1, 3.0), (1, 4, 2, 3.0), (3, 0, 3, 15.0), (3, 4, 7, 19.0)]
        .into_iter()
        .fold(fixture, |fixture, (n, l, made, gives_up)| cell(fixture, n, l, made, gives_up))
        .run()
}

pub(crate) fn time_wait_restart() -> Run {
    let settings = json!({
        "server": { "backlog": 128, "reuse_address": false, "closes_first": "server" },
        "load": { "pattern": "burst", "connect_deadline": "2s" },
        "after": { "restart_within": "70s" },
    });
    let (old, new) = ("server.reuse_address", "after.restart_reuse_address");
    let refused = |seconds| {
        let refusal = Some(
            "bind 0.0.0.0:8080: Address already in use (os error 98); choose another port"
                .to_owned(),
        );
        Some(Restart { seconds: Some(seconds), refused: 118, refusal, ..Restart::default() })
    };
    let at_once = Some(Restart { seconds: Some(0.021), ..Restart::default() });
    Fixture::new(settings)
        .cell([(old, json!(false)), (new, json!(false))], |trial| {
            trial.ended(&[(Ok, 10)]).stood("time_wait", 10, 60.4, 0).restart = refused(60.3);
        })
        .cell([(old, json!(false)), (new, json!(true))], |trial| {
            trial.ended(&[(Ok, 10)]).stood("time_wait", 10, 60.5, 0).restart = refused(60.4);
        })
        .cell([(old, json!(true)), (new, json!(true))], |trial| {
            trial.ended(&[(Ok, 10)]).stood("time_wait", 10, 60.4, 0).restart = at_once;
        })
        .run()
}

pub(crate) fn time_wait_buckets() -> Run {
    let settings = json!({
        "server": { "backlog": 128, "closes_first": "server" },
        "load": { "pattern": "one_by_one", "connect_deadline": "2s" },
    });
    let cap = sysctl!("server", "ipv4.tcp_max_tw_buckets");
    Fixture::new(settings)
        .cell([(cap, json!(10))], |trial| {
            trial.ended(&[(Ok, 30)]).server_counted(&[("TCPTimeWaitOverflow", 20)]).stood(
                "time_wait",
                10,
                1.0,
                10,
            );
        })
        .cell([(cap, json!(100))], |trial| {
            trial.ended(&[(Ok, 30)]).stood("time_wait", 30, 1.0, 30);
        })
        .run()
}

pub(crate) fn fin_timeout() -> Run {
    let settings = json!({
        "server": { "backlog": 128, "closes_first": "server" },
        "load": { "pattern": "burst", "connect_deadline": "2s" },
        "after": { "watch_closing": "70s" },
    });
    let timeout = sysctl!("server", "ipv4.tcp_fin_timeout");
    Fixture::new(settings)
        .cell([(timeout, json!(5))], |trial| {
            trial.ended(&[(Ok, 20)]).stood("time_wait", 10, 60.7, 0).stood(
                "fin_wait_2",
                10,
                5.2,
                0,
            );
        })
        .cell([(timeout, json!(20))], |trial| {
            trial.ended(&[(Ok, 20)]).stood("time_wait", 10, 60.6, 0).stood(
                "fin_wait_2",
                10,
                20.4,
                0,
            );
        })
        .run()
}

pub(crate) fn port_exhaustion() -> Run {
    let settings = json!({
        "server": { "backlog": 128, "closes_first": "client" },
        "load": {
            "pattern": "one_by_one", "leave": "half_close", "connect_deadline": "900ms",
            "source_addresses": 1,
        },
    });
    let (range, reuse) =
        (sysctl!("client", "ipv4.ip_local_port_range"), sysctl!("client", "ipv4.tcp_tw_reuse"));
    Fixture::new(settings)
        .cell([(range, json!("20000 20019")), (reuse, json!(0))], |trial| {
            trial.ended(&[(Ok, 20), (NoPort, 30)]).client_counted(&[("TW", 20)]);
            trial.errors.insert("EADDRNOTAVAIL".to_owned(), 30);
        })
        .cell([(range, json!("20000 20019")), (reuse, json!(1))], |trial| {
            trial.ended(&[(Ok, 40), (NoPort, 10)]);
            trial.client_counted(&[("TW", 40), ("TWRecycled", 20)]);
            trial.errors.insert("EADDRNOTAVAIL".to_owned(), 10);
        })
        .run()
}

pub(crate) fn lock_designs() -> Run {
    let settings = json!({
        "server": { "backlog": 400 },
        "load": { "pattern": "burst", "connect_deadline": "2s", "slow_readers": 0 },
    });
    let cell = |fixture: Fixture, design: &str, hold, wait, delivered: f64| {
        fixture.cell([("server.design", json!(design))], |trial| {
            trial.ended(&[(Ok, 100)]).retransmitted(&[(0, 100)]).locked(hold, wait, 9_000);
            trial.rates.deliveries = 99_000;
            trial.rates.delivered = delivered;
        })
    };
    let fixture = cell(Fixture::new(settings), "global-lock", 1_680, 340_000, 224_000.0);
    cell(fixture, "snapshot", 7, 3, 235_000.0).run()
}

pub(crate) fn slow_reader() -> Run {
    let settings = json!({
        "server": { "backlog": 128 },
        "load": { "pattern": "burst", "connect_deadline": "2s", "slow_readers": 1 },
    });
    let readers = |n: i64| ("load.slow_readers", json!(n));
    let design = |name: &str| ("server.design", json!(name));
    Fixture::new(settings)
        .cell([readers(0), design("global-lock")], |trial| {
            trial.ended(&[(Ok, 40)]).locked(889, 740, 3_069).accept_waited(0.002_8);
            trial.rates.deliveries = 9_108;
        })
        .cell([readers(0), design("snapshot")], |trial| {
            trial.ended(&[(Ok, 40)]).locked(2, 1, 61).accept_waited(0.000_4);
            trial.rates.deliveries = 9_122;
        })
        .cell([readers(1), design("global-lock")], |trial| {
            trial.ended(&[(Incomplete, 40)]).locked(35, 2_877, 4_789_000).accept_waited(4.753);
            trial.rates.deliveries = 8;
        })
        .cell([readers(1), design("snapshot")], |trial| {
            trial.ended(&[(Incomplete, 40)]).locked(2, 1, 32).accept_waited(0.001_8);
            trial.rates.deliveries = 10;
        })
        .run()
}

pub(crate) fn socket_buffers() -> Run {
    let settings = json!({
        "server": { "backlog": 128, "accept_paused": true },
        "load": { "pattern": "rate", "connect_deadline": "2s" },
    });
    let (send, receive) = (sysctl!("client", "ipv4.tcp_wmem"), sysctl!("server", "ipv4.tcp_rmem"));
    Fixture::new(settings)
        .cell([(send, json!("4096 16384 16384")), (receive, json!("4096 8192 8192"))], |trial| {
            trial.ended(&[(Ok, 2)]).held_bytes = Some(2 * 13_000);
        })
        .cell([(send, json!("4096 65536 65536")), (receive, json!("4096 65536 65536"))], |trial| {
            trial.ended(&[(Ok, 2)]).held_bytes = Some(2 * 98_304);
        })
        .run()
}

pub(crate) fn reuseport_listeners() -> Run {
    let mut settings = paused(2, "900ms");
    settings["server"]["listeners"] = json!(1);
    Fixture::new(settings)
        .cell([("server.listeners", json!(1))], |trial| {
            trial
                .ended(&[(Ok, 3), (TimedOut, 17)])
                .server_counted(&[("ListenOverflows", 17), ("ListenDrops", 17)])
                .queued(3, 2)
                .listeners(&[(3, 2)]);
        })
        .cell([("server.listeners", json!(4))], |trial| {
            trial
                .ended(&[(Ok, 11), (TimedOut, 9)])
                .server_counted(&[("ListenOverflows", 9), ("ListenDrops", 9)])
                .queued(11, 2)
                .listeners(&[(3, 2), (3, 2), (2, 2), (3, 2)]);
        })
        .run()
}

pub(crate) fn defer_accept() -> Run {
    let settings = json!({
        "server": { "backlog": 128 },
        "load": { "pattern": "burst", "connect_deadline": "2s", "messages": 0 },
    });
    let cell = |fixture: Fixture, seconds: i64, wait: f64| {
        fixture.cell([("server.defer_accept", json!(seconds))], |trial| {
            trial.ended(&[(Ok, 5)]).accept_waited(wait);
            trial.server_counted(&[("TCPDeferAcceptDrop", if seconds > 0 { 5 } else { 0 })]);
        })
    };
    [(0, 0.000_2), (1, 1.07), (2, 3.08), (8, 15.4)]
        .into_iter()
        .fold(Fixture::new(settings), |fixture, (seconds, wait)| cell(fixture, seconds, wait))
        .run()
}

pub(crate) fn sigpipe() -> Run {
    let settings = json!({
        "server": { "backlog": 128 },
        "load": { "pattern": "burst", "connect_deadline": "2s", "leave": "after_sending" },
        "server_may_die": true,
    });
    Fixture::new(settings)
        .cell([("server.sigpipe", json!("default"))], |trial| {
            trial.ended(&[(Ok, 61), (ServerDown, 39)]).server_died = Some("SIGPIPE".to_owned());
            trial.evidence.client.insert("TcpExt.TCPAbortOnClose".to_owned(), 96);
            trial.evidence.client.insert("TcpExt.TCPAbortOnData".to_owned(), 1);
        })
        .cell([("server.sigpipe", json!("ignore"))], |trial| {
            trial.ended(&[(Ok, 100)]).locked(1, 1, 1).server.as_mut().unwrap().failed_writes = 341;
        })
        .run()
}

pub(crate) fn nothing_happened() -> Run {
    let settings = json!({
        "server": { "backlog": 64 },
        "load": { "pattern": "burst", "connect_deadline": "2s" },
    });
    Fixture::new(settings)
        .cell([], |trial| {
            trial.ended(&[(Ok, 20)]).retransmitted(&[(0, 20)]).listeners(&[(17, 64)]);
            trial.evidence.server.insert("Tcp.PassiveOpens".to_owned(), 20);
        })
        .run()
}

type Kind = (&'static str, fn() -> Run);
/// All of them, by the scenario of the catalogue that each is like.
pub(crate) const KINDS: [Kind; 16] = [
    ("accept_queue_capacity", accept_queue_capacity),
    ("syn_queue_capacity", syn_queue_capacity),
    ("syn_cookies", syn_cookies),
    ("overflow_policy", overflow_policy),
    ("syn_retry_ladder", syn_retry_ladder),
    ("time_wait_restart", time_wait_restart),
    ("time_wait_buckets", time_wait_buckets),
    ("fin_timeout", fin_timeout),
    ("port_exhaustion", port_exhaustion),
    ("lock_designs", lock_designs),
    ("slow_reader", slow_reader),
    ("socket_buffers", socket_buffers),
    ("reuseport_listeners", reuseport_listeners),
    ("defer_accept", defer_accept),
    ("sigpipe", sigpipe),
    ("nothing_happened", nothing_happened),
];
