//! The accept pace of a program: measured, simulated, and used by other commands.

use serde_json::Value;

use super::{SERVER, Scenario};
use crate::support::{all_output, in_one_line, queuelab, runs, text};

/// It accepts one connection each 50 ms, at most.
fn slow_server() -> String {
    SERVER
        .replace("backlog=5", "backlog={server.backlog}")
        .replace("import socket", "import socket, time")
        .replace("    s.accept", "    time.sleep(0.05)\n    s.accept")
}

const REST: &str = "load: { clients: 60, dialogue: none, pattern: rate, connect_rate: 1000, \
                    connect_deadline: 1500ms }\n\
                    hosts:\n  server: { sysctls: { net.ipv4.tcp_syncookies: 0 } }\n  client: { sysctls: \
                    { net.ipv4.tcp_syn_linear_timeouts: 4 } }\n\
                    matrix: { server.command.backlog: [64] }";

/// What a command prints, in one line.
fn printed(arguments: &[&str]) -> String {
    let output = queuelab(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    in_one_line(&text(&output.stdout))
}

#[test]
fn the_pace_of_a_program_is_simulated_and_sizes_a_backlog() {
    let scenario = Scenario::new(&slow_server(), "", REST);
    let output = scenario.run(&[]);
    let trial = scenario.trials().remove(0);
    let pace = trial.evidence.accept_pace.as_ref().expect("most of them wait");
    assert!(pace.most_ns >= 50e6, "sleep(3) returns never early: {pace:?}");
    let at_pace = trial.simulated_at_pace.as_ref();
    let at_pace = at_pace.unwrap_or_else(|| panic!("{:?}", trial.not_simulated));
    assert_eq!((at_pace.least_ns, at_pace.most_ns), (pace.least_ns, pace.most_ns));
    assert_eq!(at_pace.accepts, pace.accepted);
    // There is room for all.
    let accepted = [&at_pace.fastest, &at_pace.slowest].map(|simulated| simulated.accepted);
    assert_eq!(accepted, [60; 2], "{at_pace:?}");
    assert!(trial.simulated.is_none());

    let directory = runs(scenario.out.path()).remove(0);
    let run = directory.to_str().unwrap();
    let shown = printed(&["show", run]);
    assert!(shown.contains("Simulated at the accept pace"), "{shown}, {}", all_output(&output));

    let size = ["size", "--arrivals", "1000/s", "--burst", "60", "--from", run];
    let sized = printed(&size);
    assert!(sized.contains("python3 server.py"), "{sized}");
    let sized = queuelab(&[&size[..], &["--json"]].concat()).output().unwrap();
    let sized: Value = serde_json::from_slice(&sized.stdout).expect("JSON");
    let bounds = &sized["accept_bounds"];
    let slowest = bounds["slowest_per_second"].as_f64().unwrap();
    assert!((slowest * pace.most_ns / 1e9 - 1.0).abs() < 1e-9, "{sized}");
    assert_eq!(bounds["accepts"].as_u64(), Some(pace.accepted), "{sized}");
    match pace.is_known() {
        true => assert!(bounds["fastest_per_second"].as_f64() > Some(slowest), "{sized}"),
        false => assert_eq!(bounds["backlog_if_slowest"], sized["backlog"], "{sized}"),
    }

    let file = scenario.file();
    let predict = ["predict", file.to_str().unwrap(), "--simulate", "--from", run];
    let other_backlog = [&predict[..], &["--set", "matrix.server.command.backlog=[3]"]].concat();
    let predicted = printed(&other_backlog);
    assert!(
        predicted.contains("between accept(2) calls while connections wait: python3 server.py")
    );
    assert!(predicted.contains("Both bounds are simulated"), "{predicted}");
    assert!(!predicted.contains("does not cover"), "{predicted}");
    let changed = "server.command.env.WORKERS=4";
    let predicted = printed(&[&predict[..], &["--set", changed]].concat());
    assert!(predicted.contains("has not measured the accept pace of this server"), "{predicted}");
}
