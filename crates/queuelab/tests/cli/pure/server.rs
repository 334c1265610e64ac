//! `queuelab server` as a program of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use crate::support::{accepted, queuelab, said, server, terminate, text, until};
use nix::sys::signal::Signal;

/// Connects, sends for as long as it goes, and leaves with unread data: the
/// server's next write to it meets a reset connection.
fn provoke_a_broken_pipe(address: std::net::SocketAddr) {
    let message = [b"0004spam".as_slice(); 64].concat();
    for _ in 0..50 {
        let mut gone = TcpStream::connect(address).unwrap();
        let mut writer = TcpStream::connect(address).unwrap();
        let _ = gone.write_all(&message);
        drop(gone);
        let _ = writer.write_all(&message);
        let _ = writer.set_read_timeout(Some(Duration::from_millis(20)));
        let _ = writer.read(&mut [0; 4096]);
    }
}

#[test]
fn with_the_default_disposition_a_lost_client_kills_the_server() {
    let (mut server, address) = server(&["--framing", "ascii4", "--sigpipe", "default"]);
    let deadline = Instant::now() + Duration::from_secs(30);
    let status = loop {
        std::panic::catch_unwind(|| provoke_a_broken_pipe(address)).ok();
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "it never met a broken pipe");
    };
    assert_eq!(status.signal(), Some(Signal::SIGPIPE as i32), "{status}");
}

#[test]
fn with_sigpipe_ignored_the_same_clients_are_survived() {
    let (mut server, address) = server(&["--framing", "ascii4", "--sigpipe", "ignore"]);
    provoke_a_broken_pipe(address);
    assert!(server.child.try_wait().unwrap().is_none(), "it is alive");
    until("all are accepted", || accepted(&mut server) == 100);
    terminate(&server.child);
    let stopped = server.event();
    assert_eq!(stopped["event"], "stopped", "{stopped}");
    assert_eq!(stopped["accepted"].as_array().unwrap().len(), 100, "{stopped}");
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn yamls_names_and_flags_are_the_same() {
    let (server, _) = server(&["--thread_stack", "65536", "--accept_delay=1ms"]);
    terminate(&server.child);
}

#[test]
fn an_address_that_is_taken_is_told_with_a_way_out() {
    let (_server, address) = server(&[]);
    let port = address.port().to_string();
    let output = queuelab(&["server", "--address", "127.0.0.1", "--port", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(text(&output.stderr).contains(&port), "{}", said(&output));
}
