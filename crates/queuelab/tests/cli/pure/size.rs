//! `queuelab size`: the backlog that a burst needs.

use crate::support::{all_output, in_one_line, queuelab, text};

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

fn size_json(flags: &[&str]) -> serde_json::Value {
    let burst =
        ["size", "--json", "--arrivals", "50000/s", "--burst", "400", "--accept", "20000/s"];
    let output = queuelab(&burst).args(flags).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
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
