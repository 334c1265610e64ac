//! The server as a child process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use chat_server::{AcceptedConnection, ServerEvent, ServerMessage, ServerReport, ServerResponse};
use linux_net::testing::wait_until;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use worker::{Message, Started};

use crate::common::TIMEOUT;

/// `cargo test` builds examples into the folder next to this test's executable.
pub(crate) fn example() -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let folder = own.ancestors().nth(2).expect("target/.../deps/server");
    let example = folder.join("examples/serve");
    assert!(example.exists(), "build it first: cargo build -p chat-server --example serve");
    example
}

const ADDRESS: [&str; 4] = ["--address", "127.0.0.1", "--port", "0"];

/// A server with a limit of the shell's `ulimit`, both soft and hard.
fn limited(flag: &str, limit: u64) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit {flag} {limit}; exec \"$@\""), "sh"]).arg(example());
    command
}

/// A running server; it is killed when it is dropped.
pub(crate) struct ServerProcess {
    pub(crate) child: Child,
    pub(crate) events: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    /// The connections that it has reported as accepted.
    pub(crate) announced: Vec<AcceptedConnection>,
    last_id: u64,
}

impl ServerProcess {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_as(Command::new(example()), arguments)
    }

    /// A server with a limit of the shell's `ulimit`.
    pub(crate) fn start_limited(flag: &str, limit: u64, arguments: &[&str]) -> Self {
        Self::start_as(limited(flag, limit), arguments)
    }

    /// Why a server with such a limit does not start.
    pub(crate) fn fail_limited(flag: &str, limit: u64) -> String {
        let output = limited(flag, limit).args(ADDRESS).output().expect("it was built");
        match next_message(&mut &output.stdout[..]) {
            Message::Failed(failure) => failure.reason,
            other => panic!("{other:?}"),
        }
    }

    fn start_as(mut command: Command, arguments: &[&str]) -> Self {
        let mut child = command
            .args(ADDRESS)
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

    pub(crate) fn write(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().expect("it is piped");
        stdin.write_all(line.as_bytes()).expect("it reads");
    }

    /// Writes `piece` and waits until the server has read it.
    pub(crate) fn write_piece(&mut self, piece: &str) {
        let stdin = self.child.stdin.as_mut().expect("it is piped");
        // A pipe of one page can be written to again once that page has been read.
        fcntl(&*stdin, FcntlArg::F_SETPIPE_SZ(4096)).expect("it is empty");
        stdin.write_all(piece.as_bytes()).expect("it reads");
        let mut writable = [PollFd::new(stdin.as_fd(), PollFlags::POLLOUT)];
        let timeout = PollTimeout::try_from(TIMEOUT).expect("it fits");
        assert_eq!(poll(&mut writable, timeout), Ok(1), "timeout: {piece:?} is not read");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("it runs");
    }

    /// The next message that does not report an accepted connection.
    pub(crate) fn message(&mut self) -> ServerMessage {
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
    pub(crate) fn response_without_id(&mut self) -> ServerResponse {
        let line = next_line(&mut self.events);
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    pub(crate) fn request(&mut self, command: &str) -> ServerResponse {
        self.last_id += 1;
        let sent = self.last_id;
        self.write(&format!("{{\"id\":{sent},\"command\":\"{command}\"}}\n"));
        match self.message() {
            Message::Response { id, response } if id == Some(sent) => response,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn status(&mut self) -> (u64, u64) {
        match self.request("status") {
            ServerResponse::Status(status) => (status.accepted, status.messages_ingested),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn wait_for_status(
        &mut self,
        what: &str,
        mut happened: impl FnMut(u64, u64) -> bool,
    ) {
        wait_until(what, || {
            let (accepted, ingested) = self.status();
            happened(accepted, ingested)
        });
    }

    pub(crate) fn connect(&mut self) -> TcpStream {
        let (before, _) = self.status();
        let stream = TcpStream::connect(self.address).expect("it listens");
        self.wait_for_status("the client is registered", |accepted, _| accepted > before);
        stream
    }

    /// Waits until it exits. Its standard input stays open: closing it is a clean stop.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the server has exited", || {
            status = self.child.try_wait().expect("it is our child");
            status.is_some()
        });
        status.expect("it has exited")
    }

    /// Its report, which is the last message, and its exit status.
    pub(crate) fn end(mut self) -> (ServerReport, ExitStatus) {
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
        // If the test has failed; otherwise it has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next_line(events: &mut impl BufRead) -> String {
    let mut line = String::new();
    events.read_line(&mut line).expect("UTF-8");
    assert!(line.ends_with('\n'), "a complete line, not {line:?}");
    line
}

pub(crate) fn next_message(events: &mut impl BufRead) -> ServerMessage {
    let line = next_line(events);
    Message::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"))
}
