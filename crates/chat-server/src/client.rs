//! A client's socket, and the only place that writes to one.

use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use linux_net::{coarse_monotonic_ns, monotonic_ns};
use nix::sys::socket::MsgFlags;
use socket2::Socket;
use worker::metrics::ClosedBecause;

use crate::counters::Counters;
use crate::lock::lock;
use crate::pace::Pace;
use crate::settings::ServerSettings;
use crate::sigpipe::Sigpipe;

/// A client's number, in the order of its accept loop's accept(2): never reused, unlike
/// its file descriptor.
pub(crate) type ClientId = u64;

/// The shortest wait that is not endless: SO_SNDTIMEO and SO_RCVTIMEO of 0 are.
pub(crate) const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// A client. Every thread that may still write to it has an `Arc` of it, and the last one
/// closes the socket: the descriptor cannot be reused for another client before.
#[derive(Debug)]
pub(crate) struct Client {
    id: ClientId,
    socket: Socket,
    send_flags: i32,
    /// 0 is endless.
    write_timeout: Duration,
    /// Locked from a frame's first byte to its last: a large frame takes several writes,
    /// and those of two threads must not mix.
    writing: Mutex<Pace>,
    /// When its socket last took bytes, nanoseconds of CLOCK_MONOTONIC_COARSE: each delivery
    /// reads the clock. At first, when it was accepted.
    last_write_ns: AtomicU64,
    /// Nothing more is written: a write has failed, or it is leaving.
    dead: AtomicBool,
}

impl Client {
    pub(crate) fn new(id: ClientId, socket: Socket, settings: &ServerSettings) -> Self {
        let send_flags = match settings.sigpipe {
            Sigpipe::Ignore => MsgFlags::MSG_NOSIGNAL.bits(),
            Sigpipe::Default => 0,
        };
        Self {
            id,
            socket,
            send_flags,
            write_timeout: settings.write_timeout,
            writing: Mutex::default(),
            last_write_ns: AtomicU64::new(coarse_monotonic_ns()),
            dead: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> ClientId {
        self.id
    }

    /// For reading, by its own thread.
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Time since its socket last took bytes.
    pub(crate) fn since_last_write(&self) -> Duration {
        Duration::from_nanos(coarse_monotonic_ns().saturating_sub(self.last_write_ns.load(Relaxed)))
    }

    /// Shuts down both directions at once: a thread that is blocked in a read or write of
    /// this client returns.
    pub(crate) fn abort(&self) {
        self.dead.store(true, Relaxed);
        self.shut_down(Shutdown::Both);
    }

    /// Aborts it and counts the cause, unless it has already been ended.
    pub(crate) fn close(&self, cause: ClosedBecause, counters: &Counters) {
        if self.dead.swap(true, Relaxed) {
            return;
        }
        counters.closed.add(cause);
        if let ClosedBecause::WriteTimeout | ClosedBecause::QueueFull = cause {
            // It has not taken what is queued for it, which would stay in the kernel's memory:
            // close(2) drops it and sends a RST (tcp_disconnect).
            let _ = self.socket.set_linger(Some(Duration::ZERO));
        }
        self.shut_down(Shutdown::Both);
    }

    /// Sends a FIN after the last complete frame; data can still be read.
    pub(crate) fn finish_writing(&self) {
        let _turn = lock(&self.writing);
        self.dead.store(true, Relaxed);
        self.shut_down(Shutdown::Write);
    }

    fn shut_down(&self, how: Shutdown) {
        // ENOTCONN: the client has already reset it.
        let _ = self.socket.shutdown(how);
    }

    /// Waits until no other thread writes to it, and lets this one write.
    pub(crate) fn turn<'a>(&'a self, counters: &'a Counters) -> Turn<'a> {
        Turn { client: self, counters, pace: lock(&self.writing) }
    }

    /// Whether nothing more is written to it.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Relaxed)
    }

    /// How long a write may wait; `None` is endless. What it has not taken since its last
    /// write, while another client was waited for, counts: its buffer has been full since.
    fn allowed_wait(&self) -> Option<Duration> {
        let left = || self.write_timeout.saturating_sub(self.since_last_write());
        (!self.write_timeout.is_zero()).then(|| left().max(SHORTEST_WAIT))
    }
}

/// The right to write to a client, from a frame's first byte to its last.
pub(crate) struct Turn<'a> {
    client: &'a Client,
    counters: &'a Counters,
    pace: MutexGuard<'a, Pace>,
}

impl Turn<'_> {
    /// Writes some of `pieces`, none of which is empty, and returns how many bytes; `None` if
    /// the client is dead. Blocks while the client's window is full, for `write_timeout` at
    /// most, and then writes only of the first piece.
    pub(crate) fn write(&mut self, pieces: &[IoSlice<'_>]) -> Option<usize> {
        // The client may have died while this thread waited for its turn.
        if self.client.is_dead() {
            return None;
        }
        match self.send(pieces) {
            Ok(taken) => return Some(taken),
            Err(WriteFailure::TooSlow) => {
                self.client.close(ClosedBecause::WriteTimeout, self.counters);
            }
            Err(WriteFailure::Gone) => {
                // It is not a failure if the server itself has aborted it.
                if !self.client.dead.swap(true, Relaxed) {
                    Counters::add(&self.counters.failed_writes, 1);
                    self.client.shut_down(Shutdown::Both);
                }
            }
        }
        None
    }

    fn send(&mut self, pieces: &[IoSlice<'_>]) -> Result<usize, WriteFailure> {
        let Client { socket, send_flags, write_timeout, last_write_ns, .. } = self.client;
        let flags = send_flags | MsgFlags::MSG_DONTWAIT.bits();
        let mut result = match pieces {
            [piece] => socket.send_with_flags(piece, flags),
            several => socket.send_vectored_with_flags(several, flags),
        };
        let must_wait = is_timeout(&result);
        if must_wait {
            let allowed = self.client.allowed_wait();
            // It fails only on a connection that has ended.
            let _ = socket.set_write_timeout(allowed);
            let start_ns = monotonic_ns();
            result = socket.send_with_flags(&pieces[0], *send_flags);
            let waited_ns = monotonic_ns() - start_ns;
            lock(&self.counters.write_waits).record(waited_ns);
            self.pace.add_wait(Duration::from_nanos(waited_ns));
            if allowed.is_some() && is_timeout(&result) {
                return Err(WriteFailure::TooSlow);
            }
        }
        match result {
            Ok(taken) => {
                last_write_ns.store(coarse_monotonic_ns(), Relaxed);
                Counters::add(&self.counters.bytes_out, taken as u64);
                self.pace.add_taken(taken as u64);
                match must_wait && self.pace.is_too_slow(*write_timeout) {
                    true => Err(WriteFailure::TooSlow),
                    false => Ok(taken),
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            Err(_) => Err(WriteFailure::Gone),
        }
    }
}

fn is_timeout(result: &io::Result<usize>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// Why nothing can be written to a client.
enum WriteFailure {
    /// It takes too little for `write_timeout`.
    TooSlow,
    /// The connection has ended.
    Gone,
}

/// A message on its way from one client to the others.
pub(crate) struct Message<'a> {
    pub(crate) sender: ClientId,
    /// Header and body.
    pub(crate) frame: &'a [u8],
    pub(crate) counters: &'a Counters,
}

impl Message<'_> {
    /// Whether the message goes to `client`: it is not the sender, and not dead.
    pub(crate) fn is_for(&self, client: &Client) -> bool {
        client.id != self.sender && !client.is_dead()
    }

    /// Writes the message to `client`, if it is for it, and counts the result. Blocks while
    /// the client's window is full, for `write_timeout` at most.
    pub(crate) fn deliver(&self, client: &Client) {
        if !self.is_for(client) {
            return;
        }
        let mut turn = client.turn(self.counters);
        let mut rest = self.frame;
        while !rest.is_empty() {
            match turn.write(&[IoSlice::new(rest)]) {
                Some(taken) => rest = &rest[taken..],
                None => return,
            }
        }
        Counters::add(&self.counters.deliveries, 1);
    }
}
