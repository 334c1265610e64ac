//! Answers to full runs with made-up figures: those of laws are predictions, the others of the size
//! that a busy machine with two CPUs measured, with a variation of 2 % between trials.

use queue_model::law::Law;
use queue_model::{accept_queue, bind, syn_retry, time_wait};
use report::{Run, answer};
use run_record::{
    AcceptQueue, ClosedBecause, DeliveryCost, DurationSummary, LawCheck, Outcome, ProgramReport,
    ServerMetrics, TrialRecord,
};
use scenario::Overrides;

use super::answers;
use super::planned::{applies, at, plan, run, run_of};

/// A law of a count that held.
fn count(law: &Law, number: f64) -> LawCheck {
    LawCheck { measured: Some(number), held: Some(true), ..LawCheck::new(law, number, None) }
}

/// A law of a time that held, a little late.
fn time(law: &Law, predicted: f64) -> LawCheck {
    let check = LawCheck::new(law, predicted, Some(predicted * 1.04));
    LawCheck { measured: Some(predicted * 1.001), held: Some(true), ..check }
}

/// Sets how many attempts ended in these ways; the others succeeded.
fn outcomes(trial: &mut TrialRecord, others: &[(Outcome, u64)]) {
    let attempts = trial.attempts - others.iter().map(|(_, number)| number).sum::<u64>();
    let others = others.iter().flat_map(|&(outcome, number)| (0..number).map(move |_| outcome));
    trial.outcomes = (0..attempts).map(|_| Outcome::Ok).chain(others).collect();
}

/// A repetition's share of the variation between trials.
fn varied(value: f64, trial: &TrialRecord) -> f64 {
    value * (1.0 + 0.02 * f64::from(trial.repetition))
}

fn accept_queue_capacity() -> Run {
    run("accept-queue-capacity", |trial| {
        let backlog = at(trial, "backlog").as_f64().unwrap();
        let somaxconn = at(trial, "somaxconn").as_f64().unwrap();
        trial.laws = vec![count(&accept_queue::CAPACITY, backlog.min(somaxconn) + 1.0)];
    })
}

fn fin_timeout() -> Run {
    run("fin-timeout", |trial| {
        let timeout = at(trial, "tcp_fin_timeout").as_f64().unwrap();
        trial.laws = match at(trial, "linger").as_str().unwrap() {
            "0s" => vec![time(&time_wait::TIME_WAIT_LENGTH, 60.0)],
            _ => vec![time(&time_wait::FIN_WAIT_2_LENGTH, timeout)],
        };
    })
}

fn syn_retry_ladder() -> Run {
    run("syn-retry-ladder", |trial| {
        let retries = at(trial, "tcp_syn_retries").as_u64().unwrap() as u8;
        let linear = at(trial, "tcp_syn_linear_timeouts").as_u64().unwrap() as u8;
        let fails = syn_retry::SynRetry::new(retries, linear).timed_out.as_secs_f64();
        trial.laws = vec![time(&syn_retry::FIRST_FAILURE, fails)];
    })
}

fn time_wait_restart() -> Run {
    run("time-wait-restart", |trial| {
        let server_closes = at(trial, "closes_first") == "server";
        let has_option = |axis| at(trial, axis).as_bool().unwrap();
        let both = has_option("server.reuse_address") && has_option("restart_reuse_address");
        let is_refused = server_closes && !both;
        let seconds = Some(if is_refused { 60.041 } else { 0.0012 });
        trial.restart = Some(run_record::Restart { seconds, ..Default::default() });
        applies(trial, "restart.refused == 0", !server_closes);
        applies(trial, "restart.seconds >= 60.0", is_refused);
        if is_refused {
            trial.laws = vec![time(&bind::FREE_AGAIN, 60.0)];
        }
    })
}

fn lock_designs() -> Run {
    run("lock-designs", |trial| {
        let design = at(trial, "design").as_str().unwrap();
        let clients = at(trial, "clients").as_u64().unwrap();
        let (delivered, latency) = match (clients, design) {
            (20, _) => (32_700.0, 42.2e6),
            (100, "global-lock") => (97_400.0, 1.82e9),
            (_, "global-lock") => (119_000.0, 5.94e9),
            (100, "event-loop") => (942_000.0, 24.1e6),
            (_, "event-loop") => (1_890_000.0, 0.21e9),
            (100, "writer-queues") => (411_000.0, 0.33e9),
            (_, "writer-queues") => (476_000.0, 1.33e9),
            (100, _) => (237_000.0, 0.63e9),
            _ => (225_000.0, 3.31e9),
        };
        let cost = varied(1.9 / delivered, trial);
        let cost = DeliveryCost { cpu_seconds: cost * 1e4, deliveries: 10_000 };
        server(trial).delivery_cost = Some(cost);
        trial.rates.delivered = varied(delivered, trial);
        trial.delivery_latency.count = 1;
        trial.delivery_latency.p99_ns = varied(latency, trial) as u64;
    })
}

/// The server's metrics, to be changed.
fn server(trial: &mut TrialRecord) -> &mut ServerMetrics {
    trial.server.as_mut().expect("the lab's server")
}

fn designs_at_scale() -> Run {
    run("designs-at-scale", |trial| {
        let clients = at(trial, "clients").as_f64().unwrap();
        // Microseconds: CPU time a delivery, a delivery's time, the hold of a lock for a client.
        let (cpu, time, hold) = match at(trial, "design").as_str().unwrap() {
            "global-lock" => (5.1, 5.4, 5.3),
            "snapshot" => (5.9, 3.4, 0.03),
            "sharded" => (5.8, 3.4, 0.33),
            "writer-queues" => (4.1, 3.9, 0.4),
            _ => (0.5, 0.7, 0.0),
        };
        let cost = DeliveryCost { cpu_seconds: varied(cpu / 1e6, trial), deliveries: 1 };
        let hold = DurationSummary {
            count: u64::from(hold > 0.0),
            mean_ns: varied(hold * 1e3 * clients, trial),
            ..DurationSummary::default()
        };
        let memory = (varied(8e6, trial) + clients * 22e3) as u64;
        let server = server(trial);
        (server.delivery_cost, server.message_hold) = (Some(cost), hold);
        server.most_memory_bytes = Some(memory);
        trial.rates.delivered = varied(1e6 / time, trial);
    })
}

fn full_queue() -> Run {
    run("full-queue", |trial| {
        let when_full = at(trial, "when_full").as_str().unwrap().to_owned();
        let holds = when_full == "hold_sender";
        trial.rates.delivered = varied(if holds { 4_100.0 } else { 30_200.0 }, trial);
        outcomes(trial, &[(Outcome::Incomplete, if holds { trial.attempts } else { 1 })]);
        let dropped = if when_full == "drop_message" { 391 } else { 0 };
        server(trial).dropped = dropped;
        let closed = (when_full == "close_client").then_some((ClosedBecause::QueueFull, 1));
        server(trial).closed = closed.into_iter().collect();
        for expectation in &mut trial.expectations {
            expectation.held = None;
        }
    })
}

fn slow_reader() -> Run {
    run("slow-reader", slow_reader_trial)
}

fn slow_reader_trial(trial: &mut TrialRecord) {
    let is_slow = at(trial, "slow_readers").as_u64().unwrap() == 1;
    let is_locked = ["global-lock", "sharded"].map(Into::into).contains(at(trial, "design"));
    trial.rates.delivered = varied(if is_slow { 1.6 } else { 7_730.0 }, trial);
    let wait = if is_slow && is_locked { 3.754e9 } else { 0.128e6 };
    trial.accept_wait.count = 40;
    trial.accept_wait.max_ns = varied(wait, trial) as u64;
}

fn backlog_sweep() -> Run {
    run("backlog-sweep", |trial| {
        let backlog = at(trial, "backlog").as_u64().unwrap();
        let all = trial.attempts;
        applies(trial, "outcomes.ok == attempts", backlog >= all);
        let accepted = if at(trial, "design") == "snapshot" { 24 } else { 40 };
        outcomes(trial, &[(Outcome::TimedOut, all.saturating_sub(2 * backlog + accepted))]);
    })
}

fn socket_buffers() -> Run {
    run("socket-buffers", |trial| {
        let largest =
            |axis| at(trial, axis).as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
        let held = match (largest("tcp_wmem").as_str(), largest("tcp_rmem").as_str()) {
            ("16384", "16384") => 30_248,
            ("16384", "131072") => 169_048,
            ("16384", _) => 1_060_224,
            ("65536", "16384") => 62_264,
            ("65536", "131072") => 198_792,
            ("65536", _) => 1_097_184,
            ("262144", "16384") => 198_792,
            ("262144", "131072") => 331_320,
            ("262144", _) => 1_259_016,
            (_, "16384") => 596_376,
            (_, "131072") => 861_432,
            _ => 1_722_864,
        };
        trial.held_bytes = Some(held);
    })
}

fn sigpipe() -> Run {
    run("sigpipe", |trial| {
        let is_default = at(trial, "sigpipe") == "default";
        applies(trial, "server_died == \"\"", !is_default);
        applies(trial, "server_died == \"SIGPIPE\"", is_default);
        applies(trial, "outcomes.server_down > 0", is_default);
        let lost = [270, 204, 296][trial.repetition as usize];
        outcomes(trial, &[(Outcome::ServerDown, if is_default { lost } else { 0 })]);
    })
}

fn smoke() -> Run {
    run("smoke", |trial| {
        let fits = at(trial, "backlog").as_u64().unwrap() >= trial.attempts;
        applies(trial, "outcomes.ok == attempts", fits);
        outcomes(trial, &[(Outcome::TimedOut, if fits { 0 } else { 9 })]);
    })
}

/// A paused server, whose queue holds the smaller of backlog and somaxconn, and one more.
fn paused(scenario: &str) -> Run {
    run(scenario, |trial| {
        let somaxconn = trial.point.iter().find(|(path, _)| path.ends_with("somaxconn"));
        let somaxconn = somaxconn.map_or(4096.0, |(_, value)| value.as_f64().unwrap());
        let backlog = at(trial, "backlog").as_f64().unwrap();
        trial.laws = vec![count(&accept_queue::CAPACITY, backlog.min(somaxconn) + 1.0)];
    })
}

fn asyncio_backlog() -> Run {
    paused("asyncio-backlog")
}

fn nginx_backlog() -> Run {
    paused("nginx-backlog")
}

fn redis_backlog() -> Run {
    paused("redis-backlog")
}

fn http_server_threads() -> Run {
    run("http-server-threads", |trial| {
        let backlog = at(trial, "backlog").as_u64().unwrap();
        let fits = backlog + 1 >= trial.attempts;
        applies(trial, "counters.server[\"TcpExt.ListenDrops\"] == 0", fits);
        trial.ok_first_try = if fits { trial.attempts } else { 7 };
        trial.connect_latency.max_ns = varied(if fits { 0.4e6 } else { 4.09e9 }, trial) as u64;
    })
}

fn haproxy_maxconn() -> Run {
    run("haproxy-maxconn", |trial| {
        let limit = at(trial, "backlog").as_u64().unwrap() as u32;
        trial.evidence.accept_queue = Some(AcceptQueue { depth: limit + 1, limit });
        let timed_out = trial.attempts - 50 - u64::from(limit) - 1;
        outcomes(trial, &[(Outcome::TimedOut, timed_out)]);
        let cpu_seconds = Some(if limit == 50 { 0.048 } else { 0.054 });
        trial.program = Some(ProgramReport { cpu_seconds, ..ProgramReport::default() });
    })
}

/// The runs.
pub(super) const RUNS: [fn() -> Run; 17] = [
    accept_queue_capacity,
    asyncio_backlog,
    backlog_sweep,
    designs_at_scale,
    fin_timeout,
    full_queue,
    haproxy_maxconn,
    http_server_threads,
    lock_designs,
    nginx_backlog,
    redis_backlog,
    sigpipe,
    slow_reader,
    smoke,
    socket_buffers,
    syn_retry_ladder,
    time_wait_restart,
];

#[test]
fn the_answers_to_full_runs() {
    insta::assert_snapshot!(answers(&RUNS.map(|run| run())));
}

#[test]
fn a_quick_run_has_one_trial_per_cell_and_no_winner() {
    let overrides = Overrides { quick: true, ..Overrides::default() };
    let run = run_of(&plan("slow-reader", &overrides), slow_reader_trial);
    let designs = ["global-lock", "snapshot", "sharded", "writer-queues", "event-loop"];
    let clauses = |of: &dyn Fn(&str) -> String| {
        let clauses = designs.map(|design| format!("with {design} {}", of(design))).join("; ");
        format!("W{} (one trial per cell: variation unknown).", &clauses[1..])
    };
    let delivered = clauses(&|_| {
        "all clients together receive 2 messages per second instead of 7.73k".to_owned()
    });
    let waited = clauses(&|design| {
        let is_locked = ["global-lock", "sharded"].contains(&design);
        let longest = if is_locked { "3.75 s" } else { "128 µs" };
        format!("a new client waits up to {longest} for accept(2) instead of 128 µs")
    });
    assert_eq!(answer(&run), format!("{delivered} {waited}"));
}
