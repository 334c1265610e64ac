//! `queuelab size`: the backlog that a burst needs.

use crate::support::{all_output, queuelab, text};

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
    let half = format!("At half of it, {}, ", strict / 2);
    assert!(answer.contains(&half) && answer.contains("wait a second or more"), "{answer}");
    assert_eq!(size(&["--target", "1e-3"]).1, answer, "the same bursts each time");
    assert_ne!(size(&["--target", "1e-3", "--seed", "2"]).1, answer);
}

#[test]
fn an_invalid_rate_is_a_usage_error() {
    let wrong = ["size", "--arrivals", "many", "--burst", "10", "--accept", "5/s"];
    let output = queuelab(&wrong).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("such as 30000/s"), "{}", all_output(&output));
}
