//! A program that is stopped (SIGSTOP) holds exactly what the kernel's rule says.

use linux_net::Counter;
use run_record::Outcome;

use super::{SERVER, Scenario};
use crate::support::{all_output, in_one_line, text};

#[test]
fn a_paused_program_holds_its_limit_and_one_more() {
    let program = SERVER.replace("backlog=5", "backlog={server.backlog}");
    let rest = "load: { clients: 100, messages: 0, connect_deadline: 500ms, linger: 100ms }\n\
                hosts: { server: { sysctls: { net.core.somaxconn: 30 } } }\n\
                matrix: { server.command.backlog: [5, 64] }";
    let scenario = Scenario::new(&program, "paused: true", rest);
    let output = scenario.run(&["--full"]);
    let trials = scenario.trials();
    assert_eq!(trials.len(), 2, "{}", all_output(&output));
    // What to change, for a program that is not known.
    let printed = in_one_line(&text(&output.stdout)).replace('\u{a0}', " ");
    let advice = "A backlog of 99, which the server passes to listen(2), and a net.core.somaxconn";
    assert!(printed.contains(advice), "{printed}");
    for trial in &trials {
        let backlog = trial.point["server.command.backlog"].as_u64().unwrap();
        let holds = backlog.min(30) + 1;
        let queue = trial.evidence.accept_queue.expect("it listens");
        assert_eq!((u64::from(queue.depth), u64::from(queue.limit)), (holds, holds - 1));
        assert_eq!(trial.outcomes.get(Outcome::TimedOut), 100 - holds, "{:?}", trial.outcomes);
        // The kernel's counter is the namespace's, and the drops are the listener's own.
        // A client that a busy machine lets give up late has sent its SYN again.
        let again = trial.evidence.at_client(Counter::TcpSynRetrans);
        let drops = trial.evidence.probe.as_ref().unwrap().drops();
        assert_eq!(trial.evidence.at_server(Counter::ListenDrops), 100 - holds + again);
        assert_eq!(drops, Some(100 - holds + again));
        let laws: Vec<_> = trial.laws.iter().map(|law| (law.id.as_str(), law.held)).collect();
        assert!(laws.iter().all(|(_, held)| *held == Some(true)), "{laws:?}");
        assert_eq!(laws.len(), 2, "{laws:?}");
    }
}

#[test]
fn a_paused_program_is_simulated_exactly() {
    let program = SERVER.replace("backlog=5", "backlog={server.backlog}");
    let rest = "load: { clients: 60, dialogue: none, pattern: rate, connect_rate: 1000, \
                connect_deadline: 500ms, linger: 100ms }\n\
                hosts:\n  server: { sysctls: { net.ipv4.tcp_syncookies: 0 } }\n  client: { sysctls: \
                { net.ipv4.tcp_syn_linear_timeouts: 4 } }\nmatrix: { server.command.backlog: [5, 64] }";
    let scenario = Scenario::new(&program, "paused: true", rest);
    let output = scenario.run(&[]);
    for trial in scenario.trials() {
        let simulated = trial.simulated.as_ref();
        // A client that a busy machine lets give up just at a timer is the only reason.
        let Some(simulated) = simulated else {
            let reason = trial.not_simulated.as_deref().unwrap_or_default();
            assert!(reason.contains("(load.connect_deadline)"), "{reason}");
            continue;
        };
        let accepted = trial.point["server.command.backlog"].as_u64().unwrap().min(59) + 1;
        assert_eq!(simulated.accepted, accepted, "{}", all_output(&output));
        assert_eq!(simulated.listen_drops, trial.evidence.at_server(Counter::ListenDrops));
        assert_eq!(simulated.retransmissions(), trial.evidence.at_client(Counter::TcpSynRetrans));
        assert_eq!(trial.known_accepts(), Some(accepted), "{:?}", trial.evidence.ledger);
    }
}
