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

/// A client's number, in the order of its accept loop's accept(2): never used
/// again, unlike its file descriptor.
pub(crate) type ClientId = u64;

/// A client. Whoever may still write to it holds an `Arc` of it, and the last
/// of them closes the socket: its descriptor cannot be another client's while
/// somebody has it for this one.
#[derive(Debug)]
pub(crate) struct Client {
    id: ClientId,
    socket: Socket,
    send_flags: i32,
    /// Held from a frame's first byte to its last: a socket takes a large
    /// frame in pieces, and two threads' pieces must not mix.
    writing: Mutex<()>,
    /// Nothing is written any more: a write has failed, or it is leaving.
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

    /// Ends both directions at once, whatever is being written: a thread that
    /// blocks in a read or write of this client returns.
    pub(crate) fn abort(&self) {
        self.dead.store(true, Relaxed);
        self.shut_down(Shutdown::Both);
    }

    /// Sends a FIN after the last whole frame; what comes in can still be read.
    pub(crate) fn finish_writing(&self) {
        let _turn = lock(&self.writing);
        self.dead.store(true, Relaxed);
        self.shut_down(Shutdown::Write);
    }

    fn shut_down(&self, how: Shutdown) {
        // ENOTCONN: the client has already reset it, which is as good.
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
    /// Writes the message to `client`, unless it is the sender or dead, and
    /// counts what came of it. Blocks while the client's window is full.
    pub(crate) fn deliver(&self, client: &Client) {
        if client.id == self.sender || client.dead.load(Relaxed) {
            return;
        }
        let _turn = lock(&client.writing);
        let mut rest = self.frame;
        // Dead may have come true while waiting for the turn.
        while !rest.is_empty() && !client.dead.load(Relaxed) {
            match client.socket.send_with_flags(rest, client.send_flags) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    // Where the server itself has aborted it, nothing failed.
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
