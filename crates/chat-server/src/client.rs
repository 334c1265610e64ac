//! A client's socket, and the only place that writes to one.

use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use linux_net::{coarse_monotonic_ns, monotonic_ns};
use nix::sys::socket::MsgFlags;
use socket2::Socket;
use worker::metrics::ClosedBecause;

use crate::counters::Counters;
use crate::lock::lock;
use crate::settings::ServerSettings;
use crate::sigpipe::Sigpipe;

/// A client's number, in the order of its accept loop's accept(2): never reused, unlike
/// its file descriptor.
pub(crate) type ClientId = u64;

/// A client that takes less than this while writes wait for it is too slow, bytes per second.
const LEAST_RATE: f64 = 1024.0;

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
    writing: Mutex<Waits>,
    /// When its socket last took bytes, nanoseconds of CLOCK_MONOTONIC_COARSE: each delivery
    /// reads the clock. At first, when it was accepted.
    last_write_ns: AtomicU64,
    /// Nothing more is written: a write has failed, or it is leaving.
    dead: AtomicBool,
}

/// Writes to a client since the last time that its rate was judged.
#[derive(Debug, Default)]
struct Waits {
    /// How long writes have waited for it.
    time: Duration,
    /// What its socket has taken, bytes.
    taken: u64,
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
        if cause == ClosedBecause::WriteTimeout {
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

    /// Writes some of `bytes`, and waits while the client's window is full.
    fn write(
        &self,
        bytes: &[u8],
        waits: &mut Waits,
        counters: &Counters,
    ) -> Result<usize, WriteFailure> {
        let flags = self.send_flags | MsgFlags::MSG_DONTWAIT.bits();
        let mut result = self.socket.send_with_flags(bytes, flags);
        let must_wait = is_timeout(&result);
        if must_wait {
            let allowed = self.allowed_wait();
            // It fails only on a connection that has ended.
            let _ = self.socket.set_write_timeout(allowed);
            let start_ns = monotonic_ns();
            result = self.socket.send_with_flags(bytes, self.send_flags);
            let waited_ns = monotonic_ns() - start_ns;
            lock(&counters.write_waits).record(waited_ns);
            waits.time += Duration::from_nanos(waited_ns);
            if allowed.is_some() && is_timeout(&result) {
                return Err(WriteFailure::TooSlow);
            }
        }
        match result {
            Ok(taken) => {
                self.last_write_ns.store(coarse_monotonic_ns(), Relaxed);
                waits.taken += taken as u64;
                match must_wait && self.is_too_slow(waits) {
                    true => Err(WriteFailure::TooSlow),
                    false => Ok(taken),
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            Err(_) => Err(WriteFailure::Gone),
        }
    }

    /// How long a write may wait; `None` is endless. What it has not taken since its last
    /// write, while another client was waited for, counts: its buffer has been full since.
    fn allowed_wait(&self) -> Option<Duration> {
        let left = || self.write_timeout.saturating_sub(self.since_last_write());
        (!self.write_timeout.is_zero()).then(|| left().max(SHORTEST_WAIT))
    }

    /// Whether it has taken too little, once writes have waited for the timeout in total: one
    /// that reads a byte now and then is never waited for that long at once.
    fn is_too_slow(&self, waits: &mut Waits) -> bool {
        if self.write_timeout.is_zero() || waits.time < self.write_timeout {
            return false;
        }
        let Waits { time, taken } = std::mem::take(waits);
        (taken as f64) < time.as_secs_f64() * LEAST_RATE
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
    /// Writes the message to `client`, unless it is the sender or dead, and counts the
    /// result. Blocks while the client's window is full, for `write_timeout` at most.
    pub(crate) fn deliver(&self, client: &Client) {
        if client.id == self.sender || client.dead.load(Relaxed) {
            return;
        }
        let mut waits = lock(&client.writing);
        let mut rest = self.frame;
        // The client may have died while this thread waited for the lock.
        while !rest.is_empty() && !client.dead.load(Relaxed) {
            match client.write(rest, &mut waits, self.counters) {
                Ok(taken) => rest = &rest[taken..],
                Err(WriteFailure::TooSlow) => {
                    client.close(ClosedBecause::WriteTimeout, self.counters);
                }
                Err(WriteFailure::Gone) => {
                    // It is not a failure if the server itself has aborted it.
                    if !client.dead.swap(true, Relaxed) {
                        Counters::add(&self.counters.failed_writes, 1);
                        client.shut_down(Shutdown::Both);
                    }
                }
            }
        }
        Counters::add(&self.counters.bytes_out, (self.frame.len() - rest.len()) as u64);
        if rest.is_empty() {
            Counters::add(&self.counters.deliveries, 1);
        }
    }
}
