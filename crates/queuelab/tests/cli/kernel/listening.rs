//! `queuelab listening`: a health check that does not disturb.

use crate::support::{queuelab, said, server, terminate, text};

#[test]
fn a_listener_is_found_without_a_connection() {
    let (mut server, address) = server(&["--accept-paused=true"]);
    let port = address.port().to_string();
    let output = queuelab(&["listening", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    terminate(&server.child);
    let stopped = server.event();
    assert_eq!(stopped["accepted"].as_array().unwrap().len(), 0, "{stopped}");
    server.child.wait().unwrap();

    let output = queuelab(&["listening", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains(&format!("failed to find a listener on port {port}")), "{stderr}");
}

#[test]
fn it_is_no_command_for_people() {
    let help = queuelab(&["--help"]).output().unwrap();
    assert!(!text(&help.stdout).contains("listening"), "{}", said(&help));
    assert!(text(&help.stdout).contains("serve"), "{}", said(&help));
}
