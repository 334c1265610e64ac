//! `queuelab explain`: a page on standard output, or a usage error with similar names.

use crate::support::{all_output, queuelab, text};

#[test]
fn a_topic_is_found_by_part_of_its_name_in_any_case() {
    for words in [["tcp.listenoverflows"].as_slice(), &["accept", "queue"], &["PHANTOM"]] {
        let output = queuelab(&[&["explain"], words].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        let printed = text(&output.stdout);
        assert!(printed.rsplit("\n\n").next().unwrap().starts_with("See also: "), "{printed}");
        assert!(!printed.contains('\u{1b}'), "{printed}");
    }
}

#[test]
fn without_a_topic_all_are_listed() {
    let output = queuelab(&["explain"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let printed = text(&output.stdout);
    for line in ["Sysctls\n", "Scenarios\n", "\n  TcpExt.ListenDrops  ", "\n  backlog-sweep  "] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
}

#[test]
fn an_unknown_topic_is_a_usage_error() {
    let output = queuelab(&["explain", "somaxcon"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(output.stdout.is_empty(), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("net.core.somaxconn"), "{}", all_output(&output));
}
