//! A client's socket, and the only place that writes to one.

use std::io::ErrorKind;
use std::net::Shutdown;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use nix::sys::socket::MsgFlags;
use socket2::Socket;

use crate::counters::Counters;
use crate::lock::lock;
use crate::sigpipe::Sigpipe;

/// A client's number, in the order of its accept loop's accept(2): never reused, unlike
/// its file descriptor.
pub(crate) type ClientId = u64;

/// A client. Every thread that may still write to it has an `Arc` of it, and the last one
/// closes the socket: the descriptor cannot be reused for another client before.
#[derive(Debug)]
pub(crate) struct Client {
    id: ClientId,
    socket: Socket,
    send_flags: i32,
    /// Locked from a frame's first byte to its last: a large frame takes several writes,
    /// and those of two threads must not mix.
    writing: Mutex<()>,
    /// Nothing more is written: a write has failed, or it is leaving.
    dead: AtomicBool,
}

impl Client {
    pub(crate) fn new(id: ClientId, socket: Socket, sigpipe: Sigpipe) -> Self {
        let send_flags = match sigpipe {
            Sigpipe::Ignore => MsgFlags::MSG_NOSIGNAL.bits(),
            Sigpipe::Default => 0,
        };
        Self { id, socket, send_flags, writing: Mutex::default(), dead: AtomicBool::new(false) }
    }

    pub(crate) fn id(&self) -> ClientId {
        self.id
    }

    /// For reading, by its own thread.
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Shuts down both directions at once: a thread that is blocked in a read or write of
    /// this client returns.
    pub(crate) fn abort(&self) {
        self.dead.store(true, Relaxed);
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
    /// result. Blocks while the client's window is full.
    pub(crate) fn deliver(&self, client: &Client) {
        if client.id == self.sender || client.dead.load(Relaxed) {
            return;
        }
        let _turn = lock(&client.writing);
        let mut rest = self.frame;
        // The client may have died while this thread waited for the lock.
        while !rest.is_empty() && !client.dead.load(Relaxed) {
            match client.socket.send_with_flags(rest, client.send_flags) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
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
