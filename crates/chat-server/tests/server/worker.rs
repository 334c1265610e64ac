//! The server as a worker process: its messages, commands, signals and exit.

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

use crate::common::designs;
use chat_server::ServerResponse;
use linux_net::SocketDiag;
use nix::sys::signal::Signal;
use worker::{Failure, Message};

use crate::server_process::{ServerProcess, example, next_message};

#[test]
fn commands_are_handled_and_invalid_lines_are_reported() {
    let mut server = ServerProcess::start(&["--control", "--accept-paused", "true"]);
    let mut client = TcpStream::connect(server.address).expect("it listens");
    assert_eq!(server.status(), (0, 0));
    // A line in two pieces, an empty one, and two that are no command.
    server.write_piece("{\"comm");
    server.write("and\":\"resume\"}\n\nsing\n{\"command\":\"sing\"}\n");
    for line in ["sing", "{\"command\":\"sing\"}"] {
        let Message::Failed(Failure { reason, errno: None, id: None }) = server.message() else {
            panic!("an invalid line is reported");
        };
        assert!(reason.starts_with(&format!("read the command `{line}`: ")), "{reason}");
    }
    server.wait_for_status("it has resumed", |accepted, _| accepted == 1);
    client.write_all(b"\0\0\0\x02hi").expect("it reads");
    server.wait_for_status("the message is in", |_, ingested| ingested == 1);
    server.write("{\"command\":\"report\"}\n");
    let ServerResponse::Report(report) = server.response_without_id() else {
        panic!("a report was requested")
    };
    assert_eq!(report.accepted[0].peer, client.local_addr().expect("connected"));
    assert_eq!((report.bytes_in, report.deliveries), (6, 0));
    server.write("{\"command\":\"stop\"}\n");
    let (report, status) = server.end();
    assert_eq!(report.messages_ingested, 1);
    assert!(status.success(), "{status}");
}

#[test]
fn the_end_of_standard_input_stops_the_server() {
    let mut server = ServerProcess::start(&["--control"]);
    drop(server.child.stdin.take());
    assert!(server.end().1.success());
}

#[test]
fn without_control_standard_input_is_ignored() {
    let mut server = ServerProcess::start(&[]);
    server.write("{\"command\":\"stop\"}\n");
    drop(server.child.stdin.take());
    server.signal(Signal::SIGUSR1);
    assert!(matches!(server.response_without_id(), ServerResponse::Report(_)), "it continues");
    server.signal(Signal::SIGTERM);
    assert!(server.end().1.success());
}

#[test]
fn signals_stop_resume_and_report() {
    let stops = [Signal::SIGTERM, Signal::SIGINT];
    for (stop, design) in stops.into_iter().flat_map(|s| designs().map(move |d| (s, d))) {
        let design = ["--design", design.as_str()];
        let arguments = [&["--control", "--accept-paused", "true"][..], &design].concat();
        let mut server = ServerProcess::start(&arguments);
        let _client = TcpStream::connect(server.address).expect("it listens");
        assert_eq!(server.status(), (0, 0));
        server.signal(Signal::SIGUSR2);
        server.wait_for_status("it has resumed", |accepted, _| accepted == 1);
        server.signal(Signal::SIGUSR1);
        let ServerResponse::Report(report) = server.response_without_id() else {
            panic!("a report was requested")
        };
        assert_eq!(report.accepted.len(), 1);
        server.signal(stop);
        let (report, status) = server.end();
        assert_eq!(report.metrics.most_clients, 1);
        assert!(status.success(), "{stop}: {status}");
    }
}

fn syn_recv(server: &ServerProcess) -> u32 {
    let mut diag = SocketDiag::open().expect("inet_diag");
    diag.count_by_state(Some(server.address.port())).expect("inet_diag").syn_recv
}

#[test]
fn kernel_held_acks_are_let_in_by_a_command_and_by_a_signal() {
    const HELD: [&str; 5] = ["--control", "--listeners", "3", "--hold-acks", "true"];
    for by_signal in [false, true] {
        let mut server = ServerProcess::start(&HELD);
        let mut clients: Vec<_> =
            (0..6).map(|_| TcpStream::connect(server.address).expect("it listens")).collect();
        assert_eq!((syn_recv(&server), server.status()), (6, (0, 0)));
        let let_in = match by_signal {
            true => {
                server.signal(Signal::SIGUSR2);
                server.response_without_id()
            }
            false => server.request("let_in"),
        };
        assert_eq!(let_in, ServerResponse::LetIn);
        for client in &mut clients {
            client.write_all(b"\0\0\0\x02hi").expect("it is connected");
        }
        server.wait_for_status("all are in", |accepted, ingested| (accepted, ingested) == (6, 6));
        assert_eq!(syn_recv(&server), 0);
        server.signal(Signal::SIGTERM);
        assert!(server.end().1.success());
    }
}

#[test]
fn let_in_without_hold_acks_fails_and_the_server_continues() {
    let mut server = ServerProcess::start(&["--control"]);
    server.write("{\"id\":90,\"command\":\"let_in\"}\n");
    let reason = "let ACKs in: none are held (set hold_acks)".to_owned();
    assert_eq!(server.message(), Message::Failed(Failure { id: Some(90), reason, errno: None }));
    assert_eq!(server.status(), (0, 0));
    server.write("{\"command\":\"stop\"}\n");
    assert!(server.end().1.success());
}

#[test]
fn a_server_that_cannot_start_reports_the_reason() {
    let first = ServerProcess::start(&["--control"]);
    let port = first.address.port().to_string();
    let output = Command::new(example())
        .args(["--address", "127.0.0.1", "--port", &port])
        .output()
        .expect("it was built");
    let Message::Failed(Failure { reason, errno, id: None }) =
        next_message(&mut &output.stdout[..])
    else {
        panic!("it cannot listen there");
    };
    assert_eq!(errno, Some(nix::libc::EADDRINUSE));
    assert!(reason.contains(&port) && reason.contains("choose another port"), "{reason}");
    assert_eq!(output.status.code(), Some(1));
    first.signal(Signal::SIGTERM);
    first.end();
}
