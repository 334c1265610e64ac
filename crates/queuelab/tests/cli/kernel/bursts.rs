//! Bursts whose results the kernel's rules decide.

use crate::support::retried::report_repeated;
use crate::support::{assert_passed, axis_value, out_directory, run};
use run_record::{Outcome, TrialRecord};

const BACKLOG: &str = "server.backlog";
const SOMAXCONN: &str = "hosts.server.sysctls.net.core.somaxconn";

#[test]
fn a_paused_listener_holds_its_limit_plus_one() {
    let out = out_directory();
    let (output, _, trials) =
        run(out.path(), &["accept-queue-capacity", "--set", "load.connect_deadline=1500ms"]);
    assert_passed(&output);
    let cells: Vec<_> =
        trials.iter().map(|t| (axis_value(t, BACKLOG), axis_value(t, SOMAXCONN))).collect();
    for backlog in [0, 1, 5, 128] {
        for somaxconn in [4096, 64] {
            assert!(cells.contains(&(backlog, somaxconn)), "{backlog}, {somaxconn}: {cells:?}");
        }
    }
    for trial in &trials {
        let (backlog, somaxconn) = (axis_value(trial, BACKLOG), axis_value(trial, SOMAXCONN));
        let limit = backlog.min(somaxconn) as u64;
        let queue = trial.evidence.accept_queue.unwrap();
        assert_eq!(u64::from(queue.limit), limit, "{:?}", trial.point);
        assert_eq!(u64::from(queue.depth), limit + 1, "{:?}", trial.point);
        assert_eq!(trial.outcomes.get(Outcome::Ok), limit + 1, "{:?}", trial.outcomes);
        assert_eq!(
            trial.outcomes.get(Outcome::TimedOut),
            trial.attempts - limit - 1,
            "every excess attempt, and none refused: {:?}",
            trial.outcomes
        );
        assert!(
            trial
                .laws
                .iter()
                .any(|law| law.predicted == (limit + 1) as f64 && law.held == Some(true))
        );
    }
}

#[test]
fn a_backlog_as_large_as_the_burst_drops_no_client() {
    let flags = [
        "backlog-sweep",
        "--set",
        "matrix.server.backlog=[400]",
        "--set",
        "matrix.load.clients=[400]",
        "--set",
        "load.messages=1",
        // All clients are registered before the first writes, so that each receives everything.
        "--set",
        "load.chat=after_connect",
    ];
    // The load does not wait for a server that stalls for longer than its quiet time.
    let is_complete = |trial: &TrialRecord| trial.rates.deliveries == 400 * 399;
    let trials = (0..3)
        .map(|repeated| {
            let out = out_directory();
            let (output, _, trials) = run(out.path(), &flags);
            report_repeated("a run", repeated, "some clients left before a last message");
            assert_passed(&output);
            trials
        })
        .find(|trials| trials.iter().all(is_complete))
        .expect("every message is delivered");
    let designs: Vec<_> = trials.iter().map(|trial| trial.point["server.design"].clone()).collect();
    assert_eq!(designs.len(), 2, "{designs:?}");
    for trial in &trials {
        assert_eq!(trial.outcomes.get(Outcome::Ok), 400, "{:?}", trial.outcomes);
        assert_eq!(trial.ok_first_try, 400, "{:?}", trial.syn_retransmits);
        assert_eq!(trial.evidence.server.get("TcpExt.ListenOverflows"), None);
    }
}

#[test]
fn a_trial_waits_for_a_slow_server_whose_clients_have_left() {
    // All clients have connected, written and left long before the server has accepted half
    // of them. What it accepts and reads afterwards still counts.
    let out = out_directory();
    let (output, _, trials) = run(
        out.path(),
        &[
            "smoke",
            "--only",
            "server.backlog=64",
            "--set",
            "server.accept_delay=20ms",
            // It accepts none before the last client has connected, and so before the others
            // have written, also if the load stalls.
            "--set",
            "server.accept_paused=true",
            "--set",
            "load.clients=40",
            "--set",
            "load.leave=after_sending",
            "--set",
            "load.send_delay=0s",
            "--set",
            "load.interval=0s",
        ],
    );
    assert_passed(&output);
    for trial in &trials {
        assert_eq!(trial.outcomes.get(Outcome::Ok), 40, "{:?}", trial.outcomes);
        assert_eq!(trial.accepted, Some(40));
        assert_eq!(trial.rates.messages_written, 40 * 3);
        assert_eq!(trial.rates.messages_ingested, Some(40 * 3));
        assert!(trial.rates.window_seconds > 0.5, "until the server had read: {:?}", trial.rates);
    }
}

#[test]
fn a_backlog_of_10_drops_clients_of_400_and_the_counters_show_it() {
    let out = out_directory();
    let (output, _, trials) = run(
        out.path(),
        &[
            "backlog-sweep",
            "--only",
            "server.backlog=10",
            "--only",
            "load.clients=400",
            "--set",
            "load.messages=1",
            // The accept loop is always slower than the burst.
            "--set",
            "server.accept_delay=10ms",
        ],
    );
    assert_passed(&output);
    for trial in &trials {
        assert!(trial.success_rate() < 1.0, "{:?}", trial.outcomes);
        assert_eq!(trial.outcomes.get(Outcome::Refused), 0, "an overflow is silent");
        let counter = |name: &str| trial.evidence.server.get(name).copied().unwrap_or(0);
        let overflows = counter("TcpExt.ListenOverflows");
        let timed_out = trial.outcomes.get(Outcome::TimedOut) as i64;
        assert!(timed_out > 0 && overflows >= timed_out, "{overflows} overflows, {timed_out}");
        assert!(counter("TcpExt.ListenDrops") >= overflows, "overflows are drops");
        assert!(trial.evidence.client["TcpExt.TCPSynRetrans"] >= timed_out);
        assert!(trial.syn_retransmits.keys().any(|&n| n > 0), "{:?}", trial.syn_retransmits);
    }
}
