//! One attempt, and the connection that it may become.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::Arc;

use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use worker::metrics::EndedBy;

use crate::control::{Attempt, Ending};
use crate::roles::Role;

/// The state of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// connect(2) was not called yet.
    NotStarted,
    /// connect(2) was called and is not decided.
    Connecting,
    /// Established.
    Open,
    /// Over; its socket is closed.
    Ended,
}

/// Where an attempt goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Aim {
    pub(crate) address: SocketAddr,
    /// The position of the address among those of the load.
    pub(crate) number: usize,
    /// Other attempts go elsewhere.
    pub(crate) is_one_of_several: bool,
}

/// One attempt.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) role: Role,
    pub(crate) state: State,
    pub(crate) socket: Option<Arc<Socket>>,
    pub(crate) destination: Aim,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) start_ns: u64,
    pub(crate) connect_ns: Option<u64>,
    pub(crate) syn_retransmits: Option<u32>,
    /// Data or an end of file arrived, as far as is known here: see also
    /// [`Receiver`](crate::receiver_part::Receiver).
    pub(crate) answered: bool,
    /// The first bytes of an answer.
    pub(crate) answer_start: Vec<u8>,
    /// Bytes of started messages; those before `sent` are already written.
    pub(crate) out: Vec<u8>,
    pub(crate) sent: usize,
    pub(crate) bytes_written: u64,
    /// When the socket last had room again after it was full, nanoseconds: messages
    /// intended before then were late because of the server.
    pub(crate) unblocked_ns: u64,
    /// Whether the load's own thread has it in its epoll instance.
    pub(crate) is_watched: bool,
    /// Whether epoll reports room to write.
    pub(crate) waits_to_write: bool,
    /// Whether epoll reports data to read.
    pub(crate) reads: bool,
    /// It has shut down its sending half, and reads until the server's end of file.
    pub(crate) half_closed: bool,
    /// It has read the server's end of file, but has not left.
    pub(crate) read_to_end: bool,
    /// It stays until its own linger, in a closed loop, is over.
    pub(crate) lingers: bool,
    /// Who is ending it, if that does not follow from its ending.
    pub(crate) ended_by: Option<EndedBy>,
    pub(crate) end: Option<End>,
}

/// What an attempt has done besides connecting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptProgress {
    pub(crate) messages_written: u32,
    pub(crate) deliveries: u64,
    pub(crate) answers: u32,
    pub(crate) has_received: bool,
}

/// How and when an attempt ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) ending: Ending,
    pub(crate) ended_by: EndedBy,
    pub(crate) errno: Option<i32>,
    pub(crate) at_ns: u64,
}

impl Client {
    pub(crate) fn new(role: Role, destination: Aim) -> Self {
        Self {
            role,
            state: State::NotStarted,
            socket: None,
            destination,
            local: None,
            start_ns: 0,
            connect_ns: None,
            syn_retransmits: None,
            answered: false,
            answer_start: Vec::new(),
            out: Vec::new(),
            sent: 0,
            bytes_written: 0,
            unblocked_ns: 0,
            is_watched: false,
            waits_to_write: false,
            reads: true,
            half_closed: false,
            read_to_end: false,
            lingers: false,
            ended_by: None,
            end: None,
        }
    }

    /// The socket of an attempt that has one.
    pub(crate) fn socket(&self) -> &Arc<Socket> {
        self.socket.as_ref().expect("an attempt has its socket until it ends")
    }

    /// The record of an attempt that has ended.
    pub(crate) fn attempt(&self, index: usize, progress: AttemptProgress) -> Attempt {
        let end = self.end.expect("every attempt has ended before the report");
        let aim = self.destination;
        Attempt {
            index: index as u32,
            local: self.local,
            destination: aim.is_one_of_several.then_some(aim.address),
            start_ns: self.start_ns,
            connect_ns: self.connect_ns,
            end_ns: end.at_ns,
            syn_retransmits: self.syn_retransmits,
            ending: end.ending,
            ended_by: Some(end.ended_by),
            errno: end.errno,
            messages_written: progress.messages_written,
            deliveries: progress.deliveries,
            answers: progress.answers,
            answered: self.answered || progress.has_received,
        }
    }
}

/// A classic BPF program that keeps 0 bytes of every segment: TCP drops it
/// (`tcp_filter`, called by `tcp_v4_rcv` before the segment has any effect).
const DROP_ALL: [SockFilter; 1] = [SockFilter::new(0x06, 0, 0, 0)];

/// A non-blocking socket for a connection to `target`, bound to `source`; that of a
/// half-open attempt receives nothing.
///
/// connect(2) chooses the port (IP_BIND_ADDRESS_NO_PORT), so a source address changes
/// only the address: as without one, ports are counted for each destination and
/// `tcp_tw_reuse` applies.
pub(crate) fn create_socket(
    target: SocketAddr,
    source: Option<IpAddr>,
    nodelay: bool,
    role: Role,
) -> io::Result<Result<Socket, io::Error>> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(target), kind, Some(Protocol::TCP))?;
    if nodelay {
        socket.set_tcp_nodelay(true)?;
    }
    if role == Role::HalfOpen {
        socket.attach_filter(&DROP_ALL).map_err(|source| {
            let why = "filter it, which needs CAP_NET_ADMIN in this network namespace";
            io::Error::new(source.kind(), format!("{why}: {source}"))
        })?;
    }
    if let Some(source) = source {
        setsockopt(&socket.as_fd(), sockopt::IpBindAddressNoPort, &true)?;
        if let Err(error) = socket.bind(&SocketAddr::new(source, 0).into()) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(socket))
}

/// The ending that an error of a system call means; `None` if it is a fault of the
/// testbed.
pub(crate) fn ending_of(error: &io::Error) -> Option<Ending> {
    match Errno::from_raw(error.raw_os_error()?) {
        Errno::ECONNREFUSED => Some(Ending::Refused),
        Errno::ETIMEDOUT => Some(Ending::TimedOut),
        Errno::ECONNRESET | Errno::EPIPE => Some(Ending::Reset),
        Errno::EADDRNOTAVAIL | Errno::EADDRINUSE => Some(Ending::NoPort),
        _ => None,
    }
}
