//! Trials compared with their simulations.

use std::process::Output;

use crate::support::retried::report_repeated;
use crate::support::{all_output, assert_passed, out_directory, queuelab, run, text};
use run_record::{Agreement, Outcome, RunRecord, TrialRecord};

/// Runs until every trial is simulated, at most three times: on a busy machine, a client may
/// close its socket so late that it coincides with a timer. Reports the repetitions.
fn run_until_simulated(flags: &[&str]) -> (Output, RunRecord, Vec<TrialRecord>) {
    let mut reasons = Vec::new();
    for repeated in 0..3 {
        let out = out_directory();
        let (output, record, trials) = run(out.path(), flags);
        assert_passed(&output);
        let not_simulated: Vec<_> =
            trials.iter().filter_map(|trial| trial.not_simulated.clone()).collect();
        if not_simulated.is_empty() {
            report_repeated("simulation", repeated, &reasons.join("; "));
            return (output, record, trials);
        }
        reasons.extend(not_simulated);
    }
    panic!("three runs had trials that were not simulated: {reasons:?}");
}

#[test]
fn deterministic_trials_are_simulated_exactly() {
    let (output, record, trials) =
        run_until_simulated(&["accept-queue-capacity", "--set", "load.connect_deadline=300ms"]);
    for trial in &trials {
        let simulated = trial.simulated.as_ref().expect("a trial that the simulator covers");
        assert_eq!(Some(simulated.accepted), trial.accepted, "{:?}", trial.point);
        assert_eq!(simulated.timed_out, trial.outcomes.get(Outcome::TimedOut), "{:?}", trial.point);
        assert_eq!(simulated.syn_retransmits, trial.syn_retransmits, "{:?}", trial.point);
        let dropped = trial.evidence.server.get("TcpExt.ListenDrops").copied().unwrap_or(0);
        assert_eq!(i64::try_from(simulated.listen_drops), Ok(dropped), "{:?}", trial.point);
    }
    // The report counts only undisturbed trials; these agree in any.
    let counted = trials.iter().filter(|trial| !trial.is_disturbed()).count();
    let line = format!("within 5 points of success in {counted} of {counted} trials");
    let has_line = text(&output.stdout).contains(&line);
    assert_eq!(has_line, counted > 0, "{}", all_output(&output));
    let undisturbed: Vec<_> =
        trials.iter().map(|trial| TrialRecord { disturbance: None, ..trial.clone() }).collect();
    let all = trials.len() as u64;
    let agreements = Agreement::by_design(&undisturbed);
    assert_eq!((agreements[0].simulated, agreements[0].agreeing), (all, all), "{agreements:?}");

    let rule = record.kernel_rules.syn_queue_full;
    assert!(
        matches!(rule.as_deref(), Some("more_than_limit" | "at_limit")),
        "the kernel's rule was determined: {rule:?}"
    );
}

/// Why the trial of a scenario of one cell is not simulated; nothing if it is.
fn not_simulated(sections: &str) -> String {
    let out = out_directory();
    let file = out.path().join("cell.yaml");
    let head = "name: cell\nquestion: Is it simulated?\n";
    std::fs::write(&file, format!("{head}{sections}")).unwrap();
    let (output, _, trials) = run(out.path(), &[file.to_str().unwrap()]);
    assert_passed(&output);
    trials[0].not_simulated.clone().unwrap_or_default()
}

/// Measured on Linux 6.18: without SACK, with fewer retries of closed sockets or with a
/// window of 0, fewer segments of the phantoms find the queue full.
#[test]
fn phantoms_with_other_timers_are_not_simulated() {
    for (host, name, value) in [
        ("client", "net.ipv4.tcp_sack", "0"),
        ("server", "net.ipv4.tcp_timestamps", "0"),
        ("client", "net.ipv4.tcp_orphan_retries", "1"),
        ("server", "net.ipv4.tcp_rmem", "1 1 1"),
    ] {
        let stated = format!("      {name}: {value}\n");
        let of = |side| if side == host { stated.as_str() } else { "" };
        let sections = format!(
            "hosts:\n  server:\n    sysctls:\n      net.ipv4.tcp_syncookies: 0\n{}  client:\n    \
             sysctls:\n      net.ipv4.tcp_no_metrics_save: 1\n{}server: {{ backlog: 20, \
             accept_delay: 100ms }}\nload: {{ clients: 40, messages: 0, connect_deadline: \
             1500ms }}\n",
            of("server"),
            of("client")
        );
        let expected = format!("({name} of the {host})");
        // On a busy machine, a client may close its socket so late that this is the reason.
        let mut others = Vec::new();
        let mut reason = not_simulated(&sections);
        while !reason.contains(&expected) {
            others.push(reason);
            assert!(others.len() < 3, "{name}: {others:?}");
            reason = not_simulated(&sections);
        }
        report_repeated(name, others.len(), &others.join("; "));
    }
}

#[test]
fn clients_that_the_server_gives_up_are_not_simulated() {
    let reason = not_simulated(
        "server: { idle_timeout: 10ms }\nload: { clients: 3, messages: 0, linger: 5s }\n",
    );
    assert!(reason.contains("gave up clients (idle_timeout, 3 times)"), "{reason}");
}

/// The pace of a run includes the real cost of its delay; a server that it did not measure
/// has no pace.
#[test]
fn a_simulation_from_a_run_has_its_accept_pace() {
    let out = out_directory();
    let flags = [
        "lock-designs",
        "--quick",
        "--set",
        "server.accept_paused=true",
        "--set",
        "server.accept_delay=1ms",
        "--set",
        "load.messages=0",
        "--only",
        "server.design=snapshot",
    ];
    let (output, _, trials) = run(out.path(), &flags);
    assert_passed(&output);
    let intervals = trials[0].accept_interval;
    assert!(intervals.count > 40 && intervals.p50_ns > 1_000_000, "{intervals:?}");

    let scenario = out.path().join("lock-designs");
    let directory = std::fs::read_dir(scenario).unwrap().next().unwrap().unwrap().path();
    let from = ["--from", directory.to_str().unwrap()];
    let predict = |delay: &str| {
        let delay = format!("server.accept_delay={delay}");
        let set = ["--quick", "--only", "server.design=snapshot", "--set", &delay];
        let predicted = queuelab(&["predict", "lock-designs", "--simulate"])
            .args(set)
            .args(from)
            .output()
            .unwrap();
        assert_eq!(predicted.status.code(), Some(0), "{}", all_output(&predicted));
        text(&predicted.stdout).to_owned()
    };
    let measured = predict("1ms");
    assert!(measured.contains("measured in") && measured.contains("snapshot 1"), "{measured}");
    assert!(predict("2ms").contains("has not measured"), "{}", predict("2ms"));

    let burst = ["size", "--json", "--arrivals", "5000/s", "--burst", "50"];
    let sized = queuelab(&burst).args(from).output().unwrap();
    assert_eq!(sized.status.code(), Some(0), "{}", all_output(&sized));
    let sized: serde_json::Value = serde_json::from_slice(&sized.stdout).expect("JSON");
    let rate = sized["accepts_per_second"].as_f64().expect("a rate");
    assert!(rate < 1000.0, "slower than its delay: {rate}");
}
