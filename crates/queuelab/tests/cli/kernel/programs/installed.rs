//! The scenarios of the catalogue with a server that is not the lab's own: nginx, Redis, HAProxy
//! and two of Python.

use std::path::Path;

use linux_net::Counter;
use run_record::{Outcome, RunDirectory, TrialRecord};

use crate::support::ordinary_user::{Sandbox, as_ordinary_user};
use crate::support::{
    all_output, axis_value, has_passed_in, is_installed, out_directory, queuelab, repository, runs,
};

const BACKLOG: &str = "server.command.backlog";
const SOMAXCONN: &str = "hosts.server.sysctls.net.core.somaxconn";

/// The trials of a scenario's quick form, as the user of the tests and as an ordinary user; none
/// if the program is not installed, which fails in CI.
fn trials(scenario: &str, program: &str) -> Vec<TrialRecord> {
    if !is_installed(program) {
        return Vec::new();
    }
    let out = out_directory();
    let arguments = ["run", scenario, "--quick", "--retry", "2", "--out"];
    let output = queuelab(&arguments).arg(out.path()).output().unwrap();
    assert!(has_passed_in(output.status.code(), out.path()), "{}", all_output(&output));
    let mut all = trials_in(out.path());

    let sandbox = Sandbox::new();
    let mut run = sandbox.queuelab(&arguments);
    run.arg(&sandbox.out);
    let output = as_ordinary_user(run).output().unwrap();
    assert!(has_passed_in(output.status.code(), &sandbox.out), "{}", all_output(&output));
    all.extend(trials_in(&sandbox.out));
    all
}

/// The last executions of the trials of the only run.
fn trials_in(out: &Path) -> Vec<TrialRecord> {
    let runs = runs(out);
    assert_eq!(runs.len(), 1, "{runs:?}");
    let (_, trials) = RunDirectory::read(&runs[0]).unwrap();
    let last = |trial: &&TrialRecord| {
        !trials.iter().any(|other| other.id == trial.id && other.retry > trial.retry)
    };
    trials.iter().filter(last).cloned().collect()
}

/// Asserts that a server that was stopped while clients connected held `limit` and one more, that
/// those were served later, and that the others are counted as drops.
fn assert_holds(trial: &TrialRecord, limit: u64) {
    let queue = trial.evidence.accept_queue.expect("it listens");
    assert_eq!((u64::from(queue.limit), u64::from(queue.depth)), (limit, limit + 1));
    assert_eq!(trial.outcomes.get(Outcome::Ok), limit + 1, "{:?}", trial.outcomes);
    assert_eq!(trial.outcomes.get(Outcome::TimedOut), trial.attempts - limit - 1);
    assert_eq!(trial.response_latency.count, limit + 1, "each has its answer");
    assert_drops_are_those_that_timed_out(trial);
    for law in ["listen-limit", "accept-queue-capacity"] {
        let law = trial.laws.iter().find(|check| check.id == law).expect(law);
        assert_eq!(law.held, Some(true), "{law:?}");
    }
}

fn assert_drops_are_those_that_timed_out(trial: &TrialRecord) {
    let timed_out = trial.outcomes.get(Outcome::TimedOut);
    assert!(timed_out > 0);
    // A client that a busy machine lets give up late has sent its SYN again.
    let dropped = timed_out + trial.evidence.at_client(Counter::TcpSynRetrans);
    // The counters are those of the namespace, the drops the listener's own.
    for counter in [Counter::ListenOverflows, Counter::ListenDrops] {
        assert_eq!(trial.evidence.at_server(counter), dropped, "{counter}");
    }
    assert_eq!(trial.evidence.probe.as_ref().unwrap().drops(), Some(dropped));
}

fn smaller(trial: &TrialRecord) -> u64 {
    axis_value(trial, BACKLOG).min(axis_value(trial, SOMAXCONN)).unsigned_abs()
}

#[test]
fn nginx_holds_the_smaller_of_its_backlog_and_somaxconn_and_one_more() {
    for trial in trials("nginx-backlog", "nginx") {
        assert_holds(&trial, smaller(&trial));
    }
}

/// The default of which the scenario speaks.
#[test]
fn nginx_without_a_backlog_has_511() {
    if !is_installed("nginx") {
        return;
    }
    let place = out_directory();
    let text = std::fs::read_to_string(repository().join("scenarios/nginx-backlog.yaml")).unwrap();
    let without = text.replace(" backlog={server.backlog};", ";");
    assert_ne!(text, without);
    let file = place.path().join("nginx-backlog.yaml");
    std::fs::write(&file, without).unwrap();
    let file = file.to_str().unwrap();
    let arguments = ["run", file, "--allow-commands", "--only", "backlog=511", "--out"];
    let out = place.path().join("runs");
    let output = queuelab(&arguments).arg(&out).output().unwrap();
    assert!(has_passed_in(output.status.code(), &out), "{}", all_output(&output));
    for trial in trials_in(&out) {
        assert_holds(&trial, smaller(&trial));
    }
}

#[test]
fn redis_warns_of_a_smaller_somaxconn_which_is_the_limit() {
    for trial in trials("redis-backlog", "redis-server") {
        assert_holds(&trial, smaller(&trial));
        let (backlog, somaxconn) = (axis_value(&trial, BACKLOG), axis_value(&trial, SOMAXCONN));
        let output = &trial.program.as_ref().unwrap().output.head;
        let warning = format!("The TCP backlog setting of {backlog} cannot be enforced because");
        assert_eq!(output.contains(&warning), somaxconn < backlog, "{output}");
    }
}

#[test]
fn asyncio_holds_101_connections_unless_it_has_another_backlog() {
    for trial in trials("asyncio-backlog", "python3") {
        assert_holds(&trial, axis_value(&trial, BACKLOG).unsigned_abs());
    }
}

#[test]
fn a_burst_at_http_server_loses_seconds_unless_its_backlog_has_room() {
    for trial in trials("http-server-threads", "python3") {
        let backlog = axis_value(&trial, BACKLOG);
        assert_eq!(i64::from(trial.evidence.accept_queue.unwrap().limit), backlog);
        let drops = trial.evidence.server.get("TcpExt.ListenDrops").copied().unwrap_or(0);
        if backlog + 1 >= axis_value(&trial, "load.clients") {
            assert_eq!(drops, 0);
            assert_eq!(trial.outcomes.get(Outcome::Ok), trial.attempts, "{:?}", trial.outcomes);
        } else if drops > 0 {
            let slowest = trial.connect_latency.max_ns;
            assert!(slowest >= 1_000_000_000, "the first retransmission is after 1 s: {slowest}");
        }
    }
}

#[test]
fn haproxy_at_its_maxconn_leaves_clients_in_a_full_queue_and_idles() {
    for trial in trials("haproxy-maxconn", "haproxy") {
        let limit = axis_value(&trial, BACKLOG).unsigned_abs();
        let queue = trial.evidence.accept_queue.expect("it listens");
        assert_eq!((u64::from(queue.limit), u64::from(queue.depth)), (limit, limit + 1));
        let waited_or_served = 50 + limit + 1;
        assert_eq!(trial.outcomes.get(Outcome::Ok), waited_or_served, "{:?}", trial.outcomes);
        assert_eq!(trial.outcomes.get(Outcome::TimedOut), trial.attempts - waited_or_served);
        assert_drops_are_those_that_timed_out(&trial);
        let program = trial.program.as_ref().unwrap();
        let cpu_seconds = program.cpu_seconds.unwrap();
        let share = cpu_seconds / trial.duration_seconds;
        assert!(share < 0.5, "{} s of CPU time in {} s", cpu_seconds, trial.duration_seconds);
    }
}
