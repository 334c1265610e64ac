//! `queuelab server` as a standalone program.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use crate::support::{
    all_output, count_accepted, queuelab, start_server, terminate, text, wait_until,
};
use nix::sys::signal::Signal;

/// Connects, writes, and closes with unread data, so that the server's next write fails with a
/// reset connection.
fn provoke_broken_pipes(address: std::net::SocketAddr) {
    let message = [b"0004spam".as_slice(); 64].concat();
    for _ in 0..50 {
        let mut leaving = TcpStream::connect(address).unwrap();
        let mut writer = TcpStream::connect(address).unwrap();
        let _ = leaving.write_all(&message);
        drop(leaving);
        let _ = writer.write_all(&message);
        let _ = writer.set_read_timeout(Some(Duration::from_millis(20)));
        let _ = writer.read(&mut [0; 4096]);
    }
}

#[test]
fn with_the_default_sigpipe_action_a_lost_client_kills_the_server() {
    let (mut server, address) = start_server(&["--framing", "ascii4", "--sigpipe", "default"]);
    let deadline = Instant::now() + Duration::from_secs(240);
    let status = loop {
        std::panic::catch_unwind(|| provoke_broken_pipes(address)).ok();
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "the server never wrote to a reset connection");
    };
    assert_eq!(status.signal(), Some(Signal::SIGPIPE as i32), "{status}");
}

#[test]
fn with_sigpipe_ignored_the_server_survives_lost_clients() {
    let (mut server, address) = start_server(&["--framing", "ascii4", "--sigpipe", "ignore"]);
    provoke_broken_pipes(address);
    assert!(server.child.try_wait().unwrap().is_none(), "the server is alive");
    wait_until("all are accepted", || count_accepted(&mut server) == 100);
    terminate(&server.child);
    let stopped = server.next_event();
    assert_eq!(stopped["event"], "stopped", "{stopped}");
    assert_eq!(stopped["accepted"].as_array().unwrap().len(), 100, "{stopped}");
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn names_of_yaml_settings_are_flags() {
    let (server, _) = start_server(&["--thread_stack", "65536", "--accept_delay=1ms"]);
    terminate(&server.child);
}

#[test]
fn an_address_in_use_is_reported() {
    let (_server, address) = start_server(&[]);
    let port = address.port().to_string();
    let output = queuelab(&["server", "--address", "127.0.0.1", "--port", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    assert!(text(&output.stderr).contains(&port), "{}", all_output(&output));
}
