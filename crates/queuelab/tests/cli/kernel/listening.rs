//! `queuelab listening`: a health check without a connection.

use crate::support::{all_output, queuelab, start_server, terminate, text};

#[test]
fn a_listener_is_found_without_a_connection() {
    let (mut server, address) = start_server(&["--accept-paused=true"]);
    let port = address.port().to_string();
    let output = queuelab(&["listening", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    terminate(&server.child);
    let stopped = server.next_event();
    assert_eq!(stopped["accepted"].as_array().unwrap().len(), 0, "{stopped}");
    server.child.wait().unwrap();

    let output = queuelab(&["listening", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains(&format!("failed to find a listener on port {port}")), "{stderr}");
}

#[test]
fn the_command_is_hidden_from_the_help() {
    let help = queuelab(&["--help"]).output().unwrap();
    assert!(!text(&help.stdout).contains("listening"), "{}", all_output(&help));
    assert!(text(&help.stdout).contains("serve"), "{}", all_output(&help));
}
