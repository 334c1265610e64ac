//! `queuelab size`: the backlog that a burst needs.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use nix::sys::signal::Signal;
use run_record::{AcceptPace, RunDirectory};
use serde_json::{Value, json};

use crate::support::{all_output, in_one_line, queuelab, repository, send_signal, text};

fn size(flags: &[&str]) -> (u32, String) {
    let burst = ["size", "--arrivals", "50000/s", "--burst", "400", "--accept", "20000/s"];
    let output = queuelab(&burst).args(flags).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let answer = text(&output.stdout);
    let backlog = answer.split("a backlog of ").nth(1).unwrap().split(' ').next().unwrap();
    (backlog.parse().unwrap(), answer)
}

#[test]
fn a_stricter_target_needs_a_larger_backlog() {
    let (strict, answer) = size(&["--target", "1e-3"]);
    let (lax, _) = size(&["--target", "0.2"]);
    // The server accepts two of five arrivals: about 240 of 400 are queued.
    assert!((200..300).contains(&strict), "{answer}");
    assert!(lax < strict, "{lax} and {strict}");
    let half = format!("At half of the backlog, {}, ", strict / 2);
    let words = in_one_line(&answer);
    assert!(words.contains(&half) && words.contains("waits a second or more"), "{answer}");
    assert_eq!(size(&["--target", "1e-3"]).1, answer, "the same bursts each time");
    assert_ne!(size(&["--target", "1e-3", "--seed", "2"]).1, answer);
}

/// On a link without a round-trip time, no connection stays half-open.
#[test]
fn only_with_a_round_trip_time_max_syn_backlog_matters() {
    assert!(!size(&["--target", "0.01"]).1.contains("tcp_max_syn_backlog"));
    let (backlog, answer) = size(&["--target", "0.01", "--rtt", "20ms"]);
    assert!(answer.contains("tcp_max_syn_backlog must be at least"), "{answer}");
    let json = size_json(&["--target", "0.01", "--rtt", "20ms"]);
    assert_eq!(json["backlog"], backlog);
    let needs = &json["without_syncookies"];
    // All 400 arrive within 8 ms, before the first ACK, but 1 % need not be admitted.
    assert_eq!(needs["backlog"], 395);
    assert_eq!(needs["half_open"], 396, "one more than the backlog");
    assert_eq!(needs["tcp_max_syn_backlog"], 526, "526 - 526/4 = 395");
}

fn size_json(flags: &[&str]) -> Value {
    let burst =
        ["size", "--json", "--arrivals", "50000/s", "--burst", "400", "--accept", "20000/s"];
    let output = queuelab(&burst).args(flags).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A link that loses segments makes connections late whatever the backlog.
#[test]
fn no_backlog_is_said_to_be_enough_for_a_link_that_loses_segments() {
    let burst = ["size", "--arrivals", "1e9", "--burst", "5000", "--accept", "20000/s"];
    let output = queuelab(&burst).args(["--target", "1e-7"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let words = in_one_line(&text(&output.stdout));
    assert!(words.contains("no backlog that was tried is enough"), "{words}");
    assert!(!words.contains("is enough, with"), "{words}");
    let json = queuelab(&burst).args(["--target", "1e-7", "--json"]).output().unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["is_enough"], false);
    assert_eq!(size_json(&[])["is_enough"], true);
}

/// Two million bursts of one connection are two million connections, of which one in a million
/// would be two.
#[test]
fn a_share_that_the_bursts_do_not_show_is_named() {
    let one = ["size", "--arrivals", "50000/s", "--burst", "1", "--accept", "20000/s"];
    let answer = |target| {
        let output = queuelab(&one).args(["--target", target]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        in_one_line(&text(&output.stdout))
    };
    let words = answer("1e-6");
    assert!(words.contains("do not show that at most 0.0001 % are late"), "{words}");
    assert!(words.contains("no less than 0.0025 %"), "{words}");
    assert!(!answer("1e-4").contains("do not show"));
}

/// Its progress says that the search has begun.
#[test]
fn ctrl_c_ends_a_long_search() {
    let long = ["size", "--arrivals", "50000/s", "--burst", "1000000", "--accept", "30000/s"];
    let mut command = queuelab(&long);
    command.args(["--target", "1e-7"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("/500 random bursts"), "{line}");
    send_signal(&child, Signal::SIGINT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn an_older_kernel_has_a_smaller_syn_queue() {
    let needs = |rules| {
        let flags = ["--target", "0.01", "--rtt", "20ms", "--kernel-rules", rules];
        size_json(&flags)["without_syncookies"]["backlog"].as_u64().unwrap()
    };
    assert_eq!(needs("4.10-to-2024"), needs("since-2025-01") + 1);
}

#[test]
fn a_rate_is_given_or_measured() {
    let burst = ["size", "--arrivals", "50000/s", "--burst", "400"];
    for wrong in [&[][..], &["--accept", "5/s", "--from", "runs"], &["--from", "no-such-run"]] {
        let output = queuelab(&burst).args(wrong).output().unwrap();
        assert_ne!(output.status.code(), Some(0), "{}", all_output(&output));
    }
}

#[test]
fn an_invalid_rate_is_a_usage_error() {
    let wrong = ["size", "--arrivals", "many", "--burst", "10", "--accept", "5/s"];
    let output = queuelab(&wrong).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("such as 30000/s"), "{}", all_output(&output));
}

/// Stores a run of a program with these paces, one for each trial, and sizes from it.
fn size_from(paces: &[AcceptPace], out: &Path) -> Output {
    let recorded = repository().join("crates/report/tests/runs/sweep");
    let (mut run, trials) = RunDirectory::read(&recorded).unwrap();
    run.scenario.name = "uneven".to_owned();
    run.scenario.resolved = json!({
        "name": "uneven", "question": "How fast does it accept?",
        "server": { "command": { "program": ["uneven-server"], "port": 8080 } },
        "load": { "clients": 300, "dialogue": "none" }
    });
    (run.axes, run.verdict) = (Vec::new(), None);
    let mut directory = RunDirectory::create(out, &run).unwrap();
    for (at, (mut trial, pace)) in (0..).zip(trials.into_iter().zip(paces)) {
        (trial.id, trial.cell, trial.repetition) = (at, 0, at);
        trial.point.clear();
        trial.evidence.accept_pace = Some(pace.clone());
        directory.append(&trial).unwrap();
    }
    let from = directory.path().to_str().unwrap();
    let burst = ["size", "--json", "--arrivals", "5000/s", "--burst", "450", "--from", from];
    queuelab(&burst).output().unwrap()
}

/// As measured of a server that needs 0.5 ms for an accept, and 50 ms for each 20th.
fn uneven() -> AcceptPace {
    AcceptPace {
        accepted: 255,
        mean_ns: 3_156_079.0,
        least_ns: 2_380_731.0,
        most_ns: 3_835_718.0,
        p50_ns: 832_080,
        ..AcceptPace::default()
    }
}

#[test]
fn an_uneven_server_is_sized_within_the_bounds_of_its_pace() {
    let out = tempfile::tempdir().unwrap();
    let output = size_from(&[uneven(), uneven()], out.path());
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let sized: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let bounds = &sized["accept_bounds"];
    let [slowest, rate, fastest] = [
        &bounds["slowest_per_second"],
        &sized["accepts_per_second"],
        &bounds["fastest_per_second"],
    ]
    .map(|value| value.as_f64().unwrap());
    assert!(slowest < rate && rate < fastest, "{sized}");
    assert!((rate * 3_156_079.0 / 1e9 - 1.0).abs() < 1e-9, "{sized}");
    let [if_fastest, backlog, if_slowest] =
        [&bounds["backlog_if_fastest"], &sized["backlog"], &bounds["backlog_if_slowest"]]
            .map(|value| value.as_u64().unwrap());
    assert!(if_fastest <= backlog && backlog <= if_slowest, "{sized}");
    assert_eq!(bounds["accepts"], 510, "{sized}");
}

#[test]
fn a_pace_of_few_accepts_or_without_possible_bounds_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let few = |accepted| AcceptPace { accepted, ..uneven() };
    let bounds = |least_ns, most_ns| AcceptPace { least_ns, most_ns, ..uneven() };
    let wrong: [&[AcceptPace]; 5] = [
        &[few(4), few(6)],
        &[bounds(-5.0, -3.0)],
        &[bounds(0.0, 0.0)],
        &[bounds(2e6, 1e6)],
        &[bounds(1e18, 1.5e18)],
    ];
    for (at, paces) in wrong.into_iter().enumerate() {
        let output = size_from(paces, &out.path().join(at.to_string()));
        assert_eq!(output.status.code(), Some(2), "{paces:?}: {}", all_output(&output));
        let reason = in_one_line(&text(&output.stderr));
        assert!(reason.contains("no trial has measured"), "{reason}");
    }
    let output = size_from(&[few(u64::MAX), few(u64::MAX)], &out.path().join("many"));
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
}
