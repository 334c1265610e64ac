//! Sockets with descriptors as the kernel gives them: the lowest that is free.

use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::time::Duration;

use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard};

use super::nix::sys::socket::MsgFlags;

/// The connections of a server, by descriptor.
#[derive(Debug, Default)]
pub(crate) struct Network {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: Vec<Option<Connection>>,
    closed: Vec<Received>,
    /// Windows do not limit writes any more.
    unlimited: bool,
}

#[derive(Debug)]
struct Connection {
    received: Received,
    /// Bytes that can be written without waiting.
    window: usize,
    shut: bool,
}

/// What a client received until its connection was closed.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) client: u64,
    pub(crate) bytes: Vec<u8>,
    /// Frames that were broadcast before it came.
    pub(crate) ended_before: Vec<u8>,
}

impl Network {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    /// Makes room in every window, one byte at a time, until there are no windows.
    pub(crate) fn open_windows(&self) {
        loop {
            let mut state = self.state();
            if state.unlimited {
                return;
            }
            state.open.iter_mut().flatten().for_each(|connection| connection.window += 1);
            drop(state);
            self.changed.notify_all();
            shuttle::thread::yield_now();
        }
    }

    pub(crate) fn end_of_windows(&self) {
        self.state().unlimited = true;
        self.changed.notify_all();
    }

    /// What was received on every connection, all of which must be closed.
    pub(crate) fn all_closed(&self) -> Vec<Received> {
        let mut state = self.state();
        assert!(state.open.iter().all(Option::is_none), "a descriptor is still open");
        std::mem::take(&mut state.closed)
    }
}

/// A descriptor: a number, which another connection gets once it is closed.
#[derive(Debug)]
pub(crate) struct Socket {
    network: Arc<Network>,
    descriptor: usize,
}

impl Socket {
    pub(crate) fn connected(
        network: &Arc<Network>,
        client: u64,
        window: usize,
        ended_before: Vec<u8>,
    ) -> Self {
        let received = Received { client, bytes: Vec::new(), ended_before };
        let connection = Some(Connection { received, window, shut: false });
        let mut state = network.state();
        let free = state.open.iter().position(Option::is_none);
        let descriptor = free.unwrap_or(state.open.len());
        match free {
            Some(free) => state.open[free] = connection,
            None => state.open.push(connection),
        }
        drop(state);
        Self { network: Arc::clone(network), descriptor }
    }

    /// Takes two bytes at most: a frame needs several writes.
    pub(crate) fn send_with_flags(&self, bytes: &[u8], flags: i32) -> io::Result<usize> {
        let mut state = self.network.state();
        loop {
            let unlimited = state.unlimited;
            let connection = state.open[self.descriptor].as_mut().expect("it is open");
            if connection.shut {
                return Err(ErrorKind::BrokenPipe.into());
            }
            let room = if unlimited { bytes.len() } else { connection.window };
            let taken = room.min(bytes.len()).min(2);
            if taken > 0 {
                connection.window = connection.window.saturating_sub(taken);
                connection.received.bytes.extend_from_slice(&bytes[..taken]);
                return Ok(taken);
            }
            if flags & MsgFlags::MSG_DONTWAIT.bits() != 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            state = self.network.changed.wait(state).expect("no panic");
        }
    }

    /// As [`send_with_flags`](Self::send_with_flags), of several pieces.
    pub(crate) fn send_vectored_with_flags(
        &self,
        pieces: &[IoSlice<'_>],
        flags: i32,
    ) -> io::Result<usize> {
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        self.send_with_flags(&bytes, flags)
    }

    /// Blocks until it is shut down.
    pub(crate) fn read_to_end(&self) {
        let is_open =
            |state: &mut State| !state.open[self.descriptor].as_ref().expect("it is open").shut;
        drop(self.network.changed.wait_while(self.network.state(), is_open).expect("no panic"));
    }

    pub(crate) fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        self.network.state().open[self.descriptor].as_mut().expect("it is open").shut = true;
        self.network.changed.notify_all();
        Ok(())
    }

    pub(crate) fn set_linger(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn set_write_timeout(&self, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let mut state = self.network.state();
        let connection = state.open[self.descriptor].take().expect("it is closed once");
        state.closed.push(connection.received);
    }
}
