//! Runs like those of the scenarios in the catalogue, with plausible records.

use crate::fixture::Made;
use queue_model::syn_retry;
use run_record::Outcome::{Incomplete, NoPort, Ok, ServerDown, TimedOut};
use run_record::{LawCheck, Restart};
use serde_json::json;

use crate::fixture::{Change, Fixture, paused};
pub(crate) use crate::queue_runs::{
    accept_queue_capacity, defer_accept, overflow_policy, reuseport_listeners, syn_cookies,
    syn_queue_capacity,
};

pub(crate) fn syn_retry_ladder() -> Made {
    let fixture = Fixture::new(paused(0, "30s"));
    let linear = sysctl!("client", "ipv4.tcp_syn_linear_timeouts");
    let retries = sysctl!("client", "ipv4.tcp_syn_retries");
    let cell = |fixture: Fixture, n: i64, l: i64, retransmits: u32, gives_up: f64| {
        fixture.cell([(retries, json!(n)), (linear, json!(l))], |trial| {
            let dropped = 4 * (i64::from(retransmits) + 1);
            trial
                .set_outcomes(&[(Ok, 1), (TimedOut, 4)])
                .set_syn_retransmits(&[(0, 1), (retransmits, 4)])
                .add_server_counters(&[("ListenOverflows", dropped), ("ListenDrops", dropped)])
                .add_client_counters(&[("TCPSynRetrans", 4 * i64::from(retransmits))])
                .set_accept_queue(1, 0)
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

pub(crate) fn time_wait_restart() -> Made {
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
            trial.set_outcomes(&[(Ok, 10)]).add_state("time_wait", 10, 60.4, 0).restart =
                refused(60.3);
        })
        .cell([(old, json!(false)), (new, json!(true))], |trial| {
            trial.set_outcomes(&[(Ok, 10)]).add_state("time_wait", 10, 60.5, 0).restart =
                refused(60.4);
        })
        .cell([(old, json!(true)), (new, json!(true))], |trial| {
            trial.set_outcomes(&[(Ok, 10)]).add_state("time_wait", 10, 60.4, 0).restart = at_once;
        })
        .run()
}

pub(crate) fn time_wait_buckets() -> Made {
    let settings = json!({
        "server": { "backlog": 128, "closes_first": "server" },
        "load": { "pattern": "one_by_one", "connect_deadline": "2s" },
    });
    let cap = sysctl!("server", "ipv4.tcp_max_tw_buckets");
    Fixture::new(settings)
        .cell([(cap, json!(10))], |trial| {
            trial
                .set_outcomes(&[(Ok, 30)])
                .add_server_counters(&[("TCPTimeWaitOverflow", 20)])
                .add_state("time_wait", 10, 1.0, 10);
        })
        .cell([(cap, json!(100))], |trial| {
            trial.set_outcomes(&[(Ok, 30)]).add_state("time_wait", 30, 1.0, 30);
        })
        .run()
}

pub(crate) fn fin_timeout() -> Made {
    let settings = json!({
        "server": { "backlog": 128, "closes_first": "server" },
        "load": { "pattern": "burst", "connect_deadline": "2s" },
        "after": { "watch_closing": "70s" },
    });
    let timeout = sysctl!("server", "ipv4.tcp_fin_timeout");
    Fixture::new(settings)
        .cell([(timeout, json!(5))], |trial| {
            trial.set_outcomes(&[(Ok, 20)]).add_state("time_wait", 10, 60.7, 0).add_state(
                "fin_wait_2",
                10,
                5.2,
                0,
            );
        })
        .cell([(timeout, json!(20))], |trial| {
            trial.set_outcomes(&[(Ok, 20)]).add_state("time_wait", 10, 60.6, 0).add_state(
                "fin_wait_2",
                10,
                20.4,
                0,
            );
        })
        .run()
}

pub(crate) fn port_exhaustion() -> Made {
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
            trial.set_outcomes(&[(Ok, 20), (NoPort, 30)]).add_client_counters(&[("TW", 20)]);
            trial.errors.insert("EADDRNOTAVAIL".to_owned(), 30);
        })
        .cell([(range, json!("20000 20019")), (reuse, json!(1))], |trial| {
            trial.set_outcomes(&[(Ok, 40), (NoPort, 10)]);
            trial.add_client_counters(&[("TW", 40), ("TWRecycled", 20)]);
            trial.errors.insert("EADDRNOTAVAIL".to_owned(), 10);
        })
        .run()
}

pub(crate) fn lock_designs() -> Made {
    let settings = json!({
        "server": { "backlog": 400 },
        "load": { "pattern": "burst", "connect_deadline": "2s", "slow_readers": 0 },
    });
    let cell = |fixture: Fixture, design: &str, hold, wait, delivered: f64| {
        fixture.cell([("server.design", json!(design))], |trial| {
            trial
                .set_outcomes(&[(Ok, 100)])
                .set_syn_retransmits(&[(0, 100)])
                .set_lock_times(hold, wait, 9_000);
            trial.rates.deliveries = 99_000;
            trial.rates.delivered = delivered;
        })
    };
    let fixture = cell(Fixture::new(settings), "global-lock", 1_680, 340_000, 224_000.0);
    cell(fixture, "snapshot", 7, 3, 235_000.0).run()
}

pub(crate) fn slow_reader() -> Made {
    let settings = json!({
        "server": { "backlog": 128 },
        "load": { "pattern": "burst", "connect_deadline": "2s", "slow_readers": 1 },
    });
    let readers = |n: i64| ("load.slow_readers", json!(n));
    let design = |name: &str| ("server.design", json!(name));
    Fixture::new(settings)
        .cell([readers(0), design("global-lock")], |trial| {
            trial
                .set_outcomes(&[(Ok, 40)])
                .set_lock_times(889, 740, 3_069)
                .set_accept_wait(0.002_8);
            trial.rates.deliveries = 9_108;
        })
        .cell([readers(0), design("snapshot")], |trial| {
            trial.set_outcomes(&[(Ok, 40)]).set_lock_times(2, 1, 61).set_accept_wait(0.000_4);
            trial.rates.deliveries = 9_122;
        })
        .cell([readers(1), design("global-lock")], |trial| {
            trial
                .set_outcomes(&[(Incomplete, 40)])
                .set_lock_times(35, 2_877, 4_789_000)
                .set_accept_wait(4.753);
            trial.rates.deliveries = 8;
        })
        .cell([readers(1), design("snapshot")], |trial| {
            trial
                .set_outcomes(&[(Incomplete, 40)])
                .set_lock_times(2, 1, 32)
                .set_accept_wait(0.001_8);
            trial.rates.deliveries = 10;
        })
        .run()
}

pub(crate) fn socket_buffers() -> Made {
    let settings = json!({
        "server": { "backlog": 128, "accept_paused": true },
        "load": { "pattern": "rate", "connect_deadline": "2s" },
    });
    let (send, receive) = (sysctl!("client", "ipv4.tcp_wmem"), sysctl!("server", "ipv4.tcp_rmem"));
    Fixture::new(settings)
        .cell([(send, json!("4096 16384 16384")), (receive, json!("4096 8192 8192"))], |trial| {
            trial.set_outcomes(&[(Ok, 2)]).held_bytes = Some(2 * 13_000);
        })
        .cell([(send, json!("4096 65536 65536")), (receive, json!("4096 65536 65536"))], |trial| {
            trial.set_outcomes(&[(Ok, 2)]).held_bytes = Some(2 * 98_304);
        })
        .run()
}

pub(crate) fn sigpipe() -> Made {
    let settings = json!({
        "server": { "backlog": 128 },
        "load": { "pattern": "burst", "connect_deadline": "2s", "leave": "after_sending" },
        "server_may_die": true,
    });
    Fixture::new(settings)
        .cell([("server.sigpipe", json!("default"))], |trial| {
            trial.set_outcomes(&[(Ok, 61), (ServerDown, 39)]).server_died =
                Some("SIGPIPE".to_owned());
            trial.evidence.client.insert("TcpExt.TCPAbortOnClose".to_owned(), 96);
            trial.evidence.client.insert("TcpExt.TCPAbortOnData".to_owned(), 1);
        })
        .cell([("server.sigpipe", json!("ignore"))], |trial| {
            trial
                .set_outcomes(&[(Ok, 100)])
                .set_lock_times(1, 1, 1)
                .server
                .as_mut()
                .unwrap()
                .failed_writes = 341;
        })
        .run()
}

pub(crate) fn nothing_happened() -> Made {
    let settings = json!({
        "server": { "backlog": 64 },
        "load": { "pattern": "burst", "connect_deadline": "2s" },
    });
    Fixture::new(settings)
        .cell([], |trial| {
            trial
                .set_outcomes(&[(Ok, 20)])
                .set_syn_retransmits(&[(0, 20)])
                .add_listeners(&[(17, 64)]);
            trial.evidence.server.insert("Tcp.PassiveOpens".to_owned(), 20);
        })
        .run()
}

/// No counter shows why an attempt did not end ok.
pub(crate) fn unexplained() -> Made {
    Fixture::new(json!({ "load": { "pattern": "burst", "connect_deadline": "2s" } }))
        .cell([], |trial| {
            trial.set_outcomes(&[(Ok, 19), (ServerDown, 1)]).set_syn_retransmits(&[(0, 20)]);
        })
        .run()
}

type Kind = (&'static str, fn() -> Made);
/// All of them, with the name of the similar scenario.
pub(crate) const ALL_KINDS: [Kind; 17] = [
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
    ("unexplained", unexplained),
];
