//! A load with several destinations: the listeners of one program.

use linux_net::Counter;
use run_record::{Outcome, TrialRecord};

use super::{SERVER, Scenario};
use crate::support::{all_output, in_one_line, runs, text};

/// A server on three ports, each with its own backlog. It closes a connection after its client.
const LISTENERS: &str = "
import select, socket
backlogs = {8080: {server.backlog}, 8081: {server.backlogs.8081}, 8082: 99}
listeners = [socket.create_server(('', port), backlog=b) for port, b in backlogs.items()]
kept = []
while True:
    for ready in select.select(listeners + kept, [], [])[0]:
        if ready in listeners:
            kept.append(ready.accept()[0])
        elif not ready.recv(100):
            kept.remove(ready)
            ready.close()
";

const BACKLOGS: &str = "backlog: 5\nbacklogs: { 8081: 64 }\n";

/// Checks what must hold for the destinations of each trial.
fn check_sums(trial: &TrialRecord) {
    let all = || trial.destinations.iter();
    assert_eq!(all().map(|it| it.attempts).sum::<u64>(), trial.attempts);
    for outcome in Outcome::ALL {
        let sum: u64 = all().map(|it| it.outcomes.get(outcome)).sum();
        assert_eq!(sum, trial.outcomes.get(outcome), "{outcome}");
    }
    // The kernel's counter is the namespace's, and the drops are each listener's own.
    let drops: Option<u64> = all().map(|it| it.drops).sum();
    assert_eq!(drops, Some(trial.evidence.at_server(Counter::ListenDrops)));
}

#[test]
fn each_listener_of_a_paused_program_holds_its_own_limit_and_one_more() {
    let rest = "load:\n  clients: 200\n  dialogue: none\n  connect_deadline: 500ms\n  \
                linger: 100ms\n  destinations: [8080, 8081]\n\
                record: { attempts: true }\n\
                expect:\n\
                - that: destinations[\"8080\"].queue.depth == 6 && \
                destinations[\"8081\"].queue.depth == 65\n\
                - that: destinations[\"8080\"].outcomes.timed_out == 94 && queue.drops >= 129";
    let scenario = Scenario::new(LISTENERS, &format!("{BACKLOGS}paused: true"), rest);
    let output = scenario.run(&["--full"]);
    let trials = scenario.trials();
    let [trial] = &trials[..] else { panic!("{}", all_output(&output)) };
    check_sums(trial);
    let again = trial.evidence.at_client(Counter::TcpSynRetrans);
    let mut dropped = 0;
    for (destination, (port, limit)) in trial.destinations.iter().zip([(8080, 5), (8081, 64)]) {
        assert_eq!((destination.address.port(), destination.attempts), (port, 100));
        let queue = destination.accept_queue.expect("it listens");
        assert_eq!((u64::from(queue.depth), u64::from(queue.limit)), (limit + 1, limit));
        assert_eq!(destination.deepest.map(u64::from), Some(limit + 1));
        assert_eq!(destination.listeners, Some(1));
        let timed_out = destination.outcomes.get(Outcome::TimedOut);
        assert_eq!(timed_out, 100 - limit - 1, "{:?}", destination.outcomes);
        let drops = destination.drops.unwrap();
        assert!((timed_out..=timed_out + again).contains(&drops), "{drops} of {timed_out}");
        dropped += timed_out;
        // Whose socket the kernel showed, by its port.
        assert_eq!(destination.outcomes.get(Outcome::Ok), limit + 1, "{:?}", destination.outcomes);
    }
    assert_eq!(trial.evidence.at_server(Counter::ListenDrops), dropped + again);
    assert_eq!(trial.evidence.accept_queue, None, "there is not only one");
    assert_eq!(trial.evidence.deepest_queue, None, "a sum of queues is the depth of none");
    assert_eq!(trial.evidence.accept_pace, None);
    let laws: Vec<_> =
        trial.laws.iter().map(|law| (law.id.as_str(), law.predicted, law.held)).collect();
    let held = Some(true);
    assert_eq!(
        laws,
        [
            ("listen-limit-port-8080", 5.0, held),
            ("listen-limit-port-8081", 64.0, held),
            ("accept-queue-capacity-port-8080", 6.0, held),
            ("accept-queue-capacity-port-8081", 65.0, held),
        ]
    );
    assert!(trial.held(), "{:?}", trial.violations().collect::<Vec<_>>());

    let rows = runs(scenario.out.path())[0].join("attempts");
    let rows = std::fs::read_dir(rows).unwrap().next().unwrap().unwrap().path();
    let rows = std::fs::read_to_string(rows).unwrap();
    let of_port = |port: u16| {
        let end = format!(":{port}");
        rows.lines().filter(|row| row.rsplit(',').next().unwrap().ends_with(&end)).count()
    };
    assert_eq!((of_port(8080), of_port(8081)), (100, 100), "in turn: {rows}");
    let printed = in_one_line(&text(&output.stdout)).replace('\u{a0}', " ");
    let drops: Vec<_> = trial.destinations.iter().filter_map(|it| it.drops).collect();
    let why = format!(
        "Full was that of port 8080 (limit 5, server.command.backlog; {} segments dropped) and \
         port 8081 (limit 64, server.command.backlogs.8081; {} segments dropped).",
        drops[0], drops[1]
    );
    let remedy = "A backlog of 99, which the server passes to listen(2), has room for all 100 \
                  clients of each of port 8080 and port 8081.";
    for expected in [&why, remedy, "accept queue holds min(backlog, somaxconn) + 1 (port 8081)"] {
        assert!(printed.contains(expected), "{expected}: {printed}");
    }
}

/// A server with one listener on 8080 and four on 8081. It closes a connection after its client.
const FOUR_ON_A_PORT: &str = "
import select, socket
def listen(port, backlog):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(('', port))
    listener.listen(backlog)
    return listener
listeners = [listen(8080, 2)] + [listen(8081, 60) for _ in range(4)]
kept = []
while True:
    for ready in select.select(listeners + kept, [], [])[0]:
        if ready in listeners:
            kept.append(ready.accept()[0])
        elif not ready.recv(100):
            kept.remove(ready)
            ready.close()
";

#[test]
fn the_queues_of_several_listeners_on_a_port_are_not_one() {
    // More than one queue of 8081 holds, and fewer than would fill any of the four.
    let rest = "load:\n  clients: 84\n  dialogue: none\n  connect_deadline: 500ms\n  \
                linger: 100ms\n  destinations: [8080, { port: 8081, share: 20 }]\n";
    let scenario = Scenario::new(FOUR_ON_A_PORT, "backlog: 2\npaused: true", rest);
    let output = scenario.run(&["--full"]);
    let trials = scenario.trials();
    let [trial] = &trials[..] else { panic!("{}", all_output(&output)) };
    check_sums(trial);
    let [one, four] = &trial.destinations[..] else { panic!("{:?}", trial.destinations) };
    assert_eq!((one.listeners, four.listeners), (Some(1), Some(4)));
    let queue = four.accept_queue.expect("they listen");
    assert_eq!((queue.depth, queue.limit), (80, 60), "the sum, and the limit of each");
    assert!(four.deepest.is_some_and(|deepest| deepest <= 61), "{four:?}");
    assert_eq!((one.capacity(), four.capacity()), (Some(3), None));
    let printed = in_one_line(&text(&output.stdout)).replace('\u{a0}', " ");
    assert_eq!(four.drops, Some(0));
    let why = "Port 8081: nothing was dropped there.";
    assert!(printed.contains(why) && printed.contains("Full was that of port 8080"), "{printed}");
}

#[test]
fn shares_are_exact_and_the_ports_without_attempts_are_not_concerned() {
    let rest = "load:\n  clients: 40\n  dialogue: none\n  linger: 100ms\n\
                matrix:\n  load.destinations:\n  - [8080]\n  - [8081]\n  \
                - [8081, { port: 8082, share: 3 }]\n\
                expect:\n\
                - that: destinations[\"8082\"].attempts == 30\n  \
                when: '\"8082\" in destinations'\n\
                - that: size(destinations) == 0 && queue.limit == 64\n  \
                when: has(queue.limit)\n";
    let scenario = Scenario::new(LISTENERS, "backlog: 64\nbacklogs: { 8081: 64 }", rest);
    let output = scenario.run(&["--full"]);
    let trials = scenario.trials();
    assert_eq!(trials.len(), 3, "{}", all_output(&output));
    for trial in &trials {
        assert_eq!(trial.outcomes.get(Outcome::Ok), 40, "{:?}", trial.outcomes);
        // A disturbed trial does not decide them, and has the facts nonetheless.
        let [of_port, of_only] = &trial.expectations[..] else { panic!("{trial:?}") };
        let (applies, excluded, facts) = match trial.cell {
            2 => (of_port, of_only, "destinations[\"8082\"].attempts was 30"),
            _ => (of_only, of_port, "destinations was {}, queue.limit was 64"),
        };
        assert!(applies.held != Some(false) && applies.detail.ends_with(facts), "{applies:?}");
        assert!(
            excluded.held.is_none() && !excluded.detail.contains("not decided"),
            "{excluded:?}"
        );
        let listeners = &trial.evidence.probe.as_ref().unwrap().listeners;
        let mut ports: Vec<_> = listeners.iter().filter_map(|it| it.port()).collect();
        ports.sort_unstable();
        let laws: Vec<_> = trial.laws.iter().map(|law| (&*law.id, law.held)).collect();
        match trial.cell {
            0 => assert_eq!(ports, [8080]),
            1 => assert_eq!(ports, [8081]),
            _ => {
                assert_eq!(ports, [8081, 8082]);
                let shares: Vec<_> =
                    trial.destinations.iter().map(|it| (it.address.port(), it.attempts)).collect();
                assert_eq!(shares, [(8081, 10), (8082, 30)]);
                check_sums(trial);
                // The backlog of 8082 is not stated.
                assert_eq!(laws, [("listen-limit-port-8081", Some(true))]);
                let reasons: Vec<_> = trial
                    .laws_not_applied
                    .iter()
                    .filter(|law| law.id == "listen-limit-port-8082")
                    .collect();
                let [unknown] = reasons[..] else { panic!("{:?}", trial.laws_not_applied) };
                let named = "(server.command.backlogs.8082)";
                assert!(unknown.reason.contains(named), "{unknown:?}");
                continue;
            }
        }
        assert!(trial.destinations.is_empty(), "there is only one");
        assert_eq!(laws, [("listen-limit", Some(true))]);
        assert_eq!(trial.evidence.accept_queue.unwrap().limit, 64);
    }
}

#[test]
fn a_destination_on_which_nothing_listens_is_an_error() {
    let load = "load: { clients: 20, messages: 0, destinations: [8080, 8083] }";
    let error = Scenario::new(SERVER, "ready: { within: 2s }", load).error();
    let expected = "it listens on 0.0.0.0:8080, not on port 8083 (load.destinations)";
    assert!(error.contains(expected), "{error}");
}
