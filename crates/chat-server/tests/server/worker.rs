//! The server as a worker process: its messages, its commands and signals, its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use chat_server::{AcceptedConnection, ServerEvent, ServerMessage, ServerReport, ServerResponse};
use linux_net::SocketDiag;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use socket2::{Domain, Socket, Type};
use worker::{Failure, Message, Started};

const TIMEOUT: Duration = Duration::from_secs(20);

/// `cargo test` builds examples; this file's executable lies beside theirs.
fn example() -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let folder = own.ancestors().nth(2).expect("target/.../deps/server");
    let example = folder.join("examples/serve");
    assert!(example.exists(), "build it first: cargo build -p chat-server --example serve");
    example
}

struct ServerProcess {
    child: Child,
    events: BufReader<ChildStdout>,
    address: SocketAddr,
    announced: Vec<AcceptedConnection>,
    last_id: u64,
}

impl ServerProcess {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(example())
            .args(["--address", "127.0.0.1", "--port", "0"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was built");
        let mut events = BufReader::new(child.stdout.take().expect("it is piped"));
        if arguments.contains(&"--control") {
            assert_eq!(next_message(&mut events), Message::Started(Started::new("server")));
        }
        let Message::Event(ServerEvent::Listening { address, pid }) = next_message(&mut events)
        else {
            panic!("the first event is Listening");
        };
        assert_eq!(pid, child.id());
        Self { child, events, address, announced: Vec::new(), last_id: 0 }
    }

    fn write(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("it is piped");
        stdin.write_all(line.as_bytes()).expect("it reads");
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("it runs");
    }

    /// The next message; connections announced before it are put aside.
    fn message(&mut self) -> ServerMessage {
        loop {
            match next_message(&mut self.events) {
                Message::Event(ServerEvent::Accepted(connection)) => {
                    self.announced.push(connection);
                }
                message => return message,
            }
        }
    }

    /// The next message, which answers a signal or a line without an id.
    fn response_without_id(&mut self) -> ServerResponse {
        let line = next_line(&mut self.events);
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn request(&mut self, command: &str) -> ServerResponse {
        self.last_id += 1;
        let sent = self.last_id;
        self.write(&format!("{{\"id\":{sent},\"command\":\"{command}\"}}\n"));
        match self.message() {
            Message::Response { id, response } if id == Some(sent) => response,
            other => panic!("{other:?}"),
        }
    }

    fn status(&mut self) -> (u64, u64) {
        match self.request("status") {
            ServerResponse::Status(status) => (status.accepted, status.messages_ingested),
            other => panic!("{other:?}"),
        }
    }

    fn wait_for_status(&mut self, what: &str, mut happened: impl FnMut(u64, u64) -> bool) {
        let start = Instant::now();
        loop {
            let (accepted, ingested) = self.status();
            if happened(accepted, ingested) {
                return;
            }
            assert!(start.elapsed() < TIMEOUT, "timeout: {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn connect(&mut self) -> TcpStream {
        let (before, _) = self.status();
        let stream = TcpStream::connect(self.address).expect("it listens");
        self.wait_for_status("the client is registered", |accepted, _| accepted > before);
        stream
    }

    /// Waits for its end, with its standard input open: whose end would be a
    /// clean stop.
    fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(start.elapsed() < TIMEOUT, "timeout: the server did not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Reads the last line; nothing follows it.
    fn end(mut self) -> (ServerReport, ExitStatus) {
        let report = match self.message() {
            Message::Event(ServerEvent::Stopped(report)) => *report,
            other => panic!("{other:?}"),
        };
        let mut rest = String::new();
        self.events.read_to_string(&mut rest).expect("UTF-8");
        assert_eq!(rest, "");
        (report, self.wait())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Where a test has failed; otherwise it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next_line(events: &mut impl BufRead) -> String {
    let mut line = String::new();
    events.read_line(&mut line).expect("UTF-8");
    assert!(line.ends_with('\n'), "a whole line, not {line:?}");
    line
}

fn next_message(events: &mut impl BufRead) -> ServerMessage {
    let line = next_line(events);
    Message::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn commands_are_handled_and_invalid_lines_are_reported() {
    let mut server = ServerProcess::start(&["--control", "--accept-paused", "true"]);
    let mut client = TcpStream::connect(server.address).expect("it listens");
    assert_eq!(server.status(), (0, 0));
    // Two lines in pieces, an empty one, and one that is no command.
    server.write("{\"comm");
    thread::sleep(Duration::from_millis(20));
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
    for stop in [Signal::SIGTERM, Signal::SIGINT] {
        let mut server = ServerProcess::start(&["--control", "--accept-paused", "true"]);
        let _client = TcpStream::connect(server.address).expect("it listens");
        assert_eq!(server.status(), (0, 0));
        server.signal(Signal::SIGUSR2);
        server.wait_for_status("it has resumed", |accepted, _| accepted == 1);
        server.signal(Signal::SIGUSR1);
        let ServerResponse::Report(report) = server.response_without_id() else {
            panic!("a report was requested")
        };
        assert_eq!(report.accepted.len(), 1);
        let start = Instant::now();
        server.signal(stop);
        let (report, status) = server.end();
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        assert_eq!(report.metrics.most_threads, 1);
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

/// The first client, with the least receive buffer there is.
fn connect_narrow(server: &mut ServerProcess) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(1).expect("the kernel takes its least");
    socket.connect(&server.address.into()).expect("it listens");
    server.wait_for_status("it is registered", |accepted, _| accepted == 1);
    socket
}

/// Waits until nothing more is read: the sender's thread blocks in a write.
fn wait_until_stuck(server: &mut ServerProcess) {
    let (mut before, mut still) = (0, 0);
    server.wait_for_status("the server is stuck", |_, ingested| {
        still = if ingested == before && ingested > 0 { still + 1 } else { 0 };
        before = ingested;
        // More than a second: a busy machine stands still too.
        still > 200
    });
}

/// Makes the server write to a client whose RST has come, for certain: the
/// sender's thread sits in a write to `deaf`, with the registry locked, so
/// that `gone` cannot leave the registry before it is its turn.
fn write_to_a_reset_connection(server: &mut ServerProcess) -> (Socket, TcpStream) {
    let deaf = connect_narrow(server);
    let gone = server.connect();
    let sender = server.connect();
    let mut flood = sender.try_clone().expect("a descriptor");
    let flooding = thread::spawn(move || {
        let frame = [&60_000u32.to_be_bytes()[..], &[b'x'; 60_000]].concat();
        for _ in 0..400 {
            if flood.write_all(&frame).is_err() {
                return;
            }
        }
    });
    // `gone` reads, or the server could block on it instead.
    let reading = gone.try_clone().expect("a descriptor");
    let reader = thread::spawn(move || {
        let _ = std::io::copy(&mut &reading, &mut std::io::sink());
    });
    wait_until_stuck(server);
    let gone = Socket::from(gone);
    gone.set_linger(Some(Duration::ZERO)).expect("a live socket");
    // Ends the reader without a FIN; the close then sends the RST.
    gone.shutdown(std::net::Shutdown::Read).expect("a live socket");
    reader.join().expect("it only reads");
    drop(gone);
    thread::sleep(Duration::from_millis(50));
    let unblock = deaf.try_clone().expect("a descriptor");
    thread::spawn(move || {
        let _ = std::io::copy(&mut &unblock, &mut std::io::sink());
    });
    drop(flooding);
    (deaf, sender)
}

#[test]
fn the_default_disposition_of_sigpipe_kills_the_server() {
    let mut server = ServerProcess::start(&["--control", "--sigpipe", "default"]);
    let clients = write_to_a_reset_connection(&mut server);
    let status = server.wait();
    assert_eq!(status.signal(), Some(Signal::SIGPIPE as i32), "{status}");
    let mut rest = String::new();
    server.events.read_to_string(&mut rest).expect("UTF-8");
    assert_eq!(rest, "", "no last line");
    // The announced connections are not lost.
    let sender = clients.1.local_addr().expect("a bound socket");
    assert!(server.announced.iter().any(|known| known.peer == sender), "{:?}", server.announced);
    assert_eq!(server.announced.len(), 3);
}

#[test]
fn with_sigpipe_ignored_the_write_fails_and_the_server_continues() {
    let mut server = ServerProcess::start(&["--control", "--sigpipe", "ignore"]);
    let _clients = write_to_a_reset_connection(&mut server);
    server.wait_for_status("all of the sender's messages are read", |_, ingested| ingested == 400);
    server.write("{\"command\":\"stop\"}\n");
    let (report, status) = server.end();
    assert_eq!(report.metrics.failed_writes, 1);
    assert!(report.deliveries >= 400, "all of it came to the deaf one: {}", report.deliveries);
    assert!(status.success(), "{status}");
}

#[test]
fn with_the_default_disposition_a_stop_is_still_clean() {
    let mut server = ServerProcess::start(&["--control", "--sigpipe", "default"]);
    let deaf = connect_narrow(&mut server);
    let mut sender = server.connect();
    let flooding = thread::spawn(move || {
        // Small messages: the write that blocks has written nothing of its
        // own yet, and so ends with the signal, not with a part written.
        let frames = b"\0\0\0\x04tiny".repeat(10_000);
        while sender.write_all(&frames).is_ok() {}
    });
    wait_until_stuck(&mut server);
    server.signal(Signal::SIGTERM);
    let (_, status) = server.end();
    assert!(status.success(), "{status}");
    flooding.join().expect("its writes fail, no more");
    drop(deaf);
}
