//! How bytes move between the sockets of a thread's clients and its memory.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;

use socket2::Socket;

use crate::error::ServerError;

/// Something that has happened to a client's socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    /// The client's key.
    pub(crate) key: usize,
    /// There is something to receive, or the end.
    pub(crate) is_readable: bool,
    /// It takes bytes again, or has failed.
    pub(crate) is_writable: bool,
    /// The client's side has ended.
    pub(crate) has_ended: bool,
}

/// What a client has sent.
#[derive(Debug)]
pub(crate) enum Received<'a> {
    /// Bytes.
    Bytes {
        /// What was received.
        bytes: &'a [u8],
        /// More may be there.
        has_more: bool,
    },
    /// Nothing now.
    Nothing,
    /// The end.
    End,
    /// The connection has failed.
    Failed,
}

/// What a wait has found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waited {
    /// Something came, rather than the end of the time.
    pub(crate) has_come: bool,
    /// Nothing is left that would have ended a further wait.
    pub(crate) is_all: bool,
}

/// Whether there is more to write to a client now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwritten {
    Some,
    None,
}

/// A client to which something may be written.
pub(crate) trait Writer {
    fn socket(&self) -> &Socket;

    /// The next bytes to write, in as many pieces as there is room for; how many pieces.
    fn pieces<'a>(&'a self, pieces: &mut [IoSlice<'a>]) -> usize;
}

/// Pieces of one vectored write, at most.
pub(crate) const PIECES: usize = 64;

/// Moves bytes between the sockets of a thread's clients and its memory.
pub(crate) trait Transport: Debug + Send + Sized + 'static {
    /// A transport that also watches `wake`, which wakes the thread.
    ///
    /// # Errors
    /// If the kernel does not permit it, or there is no descriptor or memory left.
    fn new(wake: BorrowedFd<'_>) -> Result<Self, ServerError>;

    /// In the thread that uses it from now on.
    fn begin(&mut self) {}

    /// Watches a client's socket.
    ///
    /// # Errors
    /// If there is no memory.
    fn add(&mut self, key: usize, socket: &Socket) -> io::Result<()>;

    /// Watches these clients' sockets no more. They are closed after this.
    fn remove(&mut self, _keys: impl Iterator<Item = usize>) {}

    /// Waits until there are events, the thread is woken, or so many nanoseconds have passed, if
    /// they are limited.
    fn wait(&mut self, timeout_ns: Option<u64>) -> Waited;

    /// Calls `each` with the events of the last wait, and of what was done since.
    fn take_events(&mut self, each: impl FnMut(Event));

    /// Receives once from a client.
    fn receive(&mut self, key: usize, socket: &Socket) -> Received<'_>;

    /// What the client sends from now on, up to its end, may be thrown away.
    fn discard(&mut self, _key: usize) {}

    /// Writes to each client, as much as its socket takes at once, with the flags of send(2), and
    /// calls `wrote` with the result, until that returns [`Unwritten::None`].
    fn write<W: Writer>(
        &mut self,
        writers: impl Iterator<Item = W>,
        flags: i32,
        wrote: impl FnMut(&mut W, io::Result<usize>) -> Unwritten,
    );

    /// A client's socket is full: there is to be an event when it takes bytes again.
    fn await_room(&mut self, _key: usize) {}
}
