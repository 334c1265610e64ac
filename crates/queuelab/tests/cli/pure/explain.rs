//! `queuelab explain`: a page on standard output, or a wrong usage that offers
//! the nearest names.

use crate::support::{queuelab, said, text};

#[test]
fn a_topic_is_explained_in_plain_text_whatever_it_is_called() {
    for words in [["tcp.listenoverflows"].as_slice(), &["accept", "queue"], &["PHANTOM"]] {
        let output = queuelab(&[&["explain"], words].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let told = text(&output.stdout);
        assert!(told.rsplit("\n\n").next().unwrap().starts_with("See also: "), "{told}");
        assert!(!told.contains('\u{1b}'), "{told}");
    }
}

#[test]
fn without_a_topic_they_are_listed() {
    let output = queuelab(&["explain"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = text(&output.stdout);
    for line in ["Sysctls\n", "Scenarios\n", "\n  TcpExt.ListenDrops  ", "\n  backlog-sweep  "] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(told.lines().all(|line| line.chars().count() <= 100), "{told}");
}

#[test]
fn an_unknown_topic_is_wrong_usage() {
    let output = queuelab(&["explain", "somaxcon"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(output.stdout.is_empty(), "{}", said(&output));
    assert!(text(&output.stderr).contains("net.core.somaxconn"), "{}", said(&output));
}
