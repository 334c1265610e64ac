//! Bare loops of system calls, each in a process of its own: what a server or a load can reach
//! at most.
//!
//! They use one thread, blocking writes and epoll; they check only numbers of bytes.

mod accept;
mod connect;
mod fan_out;
mod reader;
mod relay;
mod visit;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use serde::{Deserialize, Serialize};
use socket2::{Domain, Socket, Type};
use worker::metrics::ResourceUsage;
use worker::{Failure, Message, Output, OutputError, Protocol};

/// Bytes of a message with its header: the load's default.
pub(crate) const FRAME: usize = 34;

/// The body of such a message, bytes.
pub(crate) const BODY: u32 = FRAME as u32 - 4;

/// Connections that a loop accepts, at most, if it does not know their number.
const MOST_ACCEPTED: u32 = 9_000;

/// The backlog of every listener: no queue of these loops overflows.
const BACKLOG: i32 = 32_768;

/// A bare loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "loop", rename_all = "snake_case")]
pub(crate) enum BareLoop {
    /// Accepts connections, and keeps them.
    Peer,
    /// Calls connect(2) without waiting for the handshakes, and keeps the sockets.
    Connect {
        /// The peer.
        target: SocketAddr,
        /// The number of connections.
        connections: u32,
    },
    /// Accepts `sockets` connections, then sends `messages` to all but one of them.
    FanOut {
        /// The number of connections.
        sockets: u32,
        /// The number of messages.
        messages: u32,
        /// Messages that one send(2) contains.
        at_once: u32,
    },
    /// Accepts `sockets` connections, then sends each message that one sends to all others.
    Relay {
        /// The number of connections.
        sockets: u32,
        /// Messages that one send(2) contains, at most.
        at_once: u32,
    },
    /// Connects, sends and reads.
    Reader {
        /// The server.
        target: SocketAddr,
        /// The number of connections.
        sockets: u32,
        /// Messages that each connection sends first.
        send: u32,
        /// Messages that arrive, in all.
        expect: u64,
    },
    /// Accepts connections; closes each when it has read from it.
    Accept,
    /// Connects, sends a message, waits for the end of file, and closes.
    Visit {
        /// The server.
        target: SocketAddr,
        /// The number of connections.
        connections: u32,
        /// Connections that are open at once.
        at_once: u32,
    },
}

/// What a loop has measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct BareReport {
    /// When its work began, CLOCK_MONOTONIC nanoseconds.
    pub(crate) began_ns: u64,
    /// When its work ended.
    pub(crate) ended_ns: u64,
    /// Connections, or messages read.
    pub(crate) count: u64,
    /// The resources that its process has used.
    pub(crate) usage: ResourceUsage,
}

/// An event of a loop.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum BareEvent {
    /// It accepts connections.
    Listening {
        /// Its address.
        address: SocketAddr,
    },
    /// The last one.
    Done(BareReport),
}

/// A loop neither takes commands nor responds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum Nothing {}

/// The protocol of a loop's process.
#[derive(Debug)]
pub(crate) struct BareProtocol;

impl Protocol for BareProtocol {
    const NAME: &'static str = "bare";
    type Command = Nothing;
    type Response = Nothing;
    type Event = BareEvent;
}

/// Why a loop ended early.
#[derive(Debug, thiserror::Error)]
#[error("run a bare loop: {0}")]
pub(crate) struct BareError(#[from] io::Error);

impl From<&BareError> for Failure {
    fn from(error: &BareError) -> Self {
        let BareError(source) = error;
        Self { reason: error.to_string(), errno: source.raw_os_error(), ..Self::default() }
    }
}

impl From<OutputError> for BareError {
    fn from(OutputError(source): OutputError) -> Self {
        Self(source)
    }
}

/// Runs a loop in this process, which its end of standard input does not stop: it is killed.
///
/// # Errors
/// If a system call fails.
pub(crate) fn run_worker(config: &BareLoop) -> Result<(), BareError> {
    worker::serve(true, |output: Output<BareProtocol>| {
        let files = match *config {
            BareLoop::FanOut { sockets, .. }
            | BareLoop::Relay { sockets, .. }
            | BareLoop::Reader { sockets, .. }
            | BareLoop::Connect { connections: sockets, .. } => sockets,
            BareLoop::Peer | BareLoop::Accept => MOST_ACCEPTED,
            BareLoop::Visit { at_once, .. } => at_once,
        };
        linux_net::raise_open_files(u64::from(files) + 64).map_err(io::Error::other)?;
        let listen = || -> Result<TcpListener, BareError> {
            let listener = listen()?;
            output.event(BareEvent::Listening { address: listener.local_addr()? })?;
            Ok(listener)
        };
        let mut report = match *config {
            BareLoop::Peer => connect::accept_and_keep(&listen()?)?,
            BareLoop::Connect { target, connections } => connect::connect(target, connections)?,
            BareLoop::FanOut { sockets, messages, at_once } => {
                fan_out::fan_out(&accept(&listen()?, sockets)?, messages, at_once)?
            }
            BareLoop::Relay { sockets, at_once } => {
                relay::relay(&accept(&listen()?, sockets)?, at_once)?
            }
            BareLoop::Reader { target, sockets, send, expect } => {
                reader::read(target, sockets, send, expect)?
            }
            BareLoop::Accept => accept::accept_and_close(&listen()?)?,
            BareLoop::Visit { target, connections, at_once } => {
                visit::visit(target, connections, at_once)?
            }
        };
        report.usage = ResourceUsage::current();
        Ok(output.write(&Message::Event(BareEvent::Done(report)))?)
    })
}

fn listen() -> io::Result<TcpListener> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    listener.listen(BACKLOG)?;
    Ok(listener.into())
}

fn accept(listener: &TcpListener, sockets: u32) -> io::Result<Vec<TcpStream>> {
    (0..sockets).map(|_| Ok(listener.accept()?.0)).collect()
}
