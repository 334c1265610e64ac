//! Moves bytes with epoll(7), and a system call for each read and write.

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{MsgFlags, recv};
use socket2::Socket;

use super::transport::{Event, PIECES, Received, Transport, Unwritten, Waited, Writer};
use crate::client_thread::READ_BYTES;
use crate::error::ServerError;

/// Events of one epoll_wait(2), at most.
const EVENTS: usize = 1024;

/// What epoll_wait(2) returns for the inbox instead of a client's key.
const INBOX: u64 = u64::MAX;

/// Moves bytes with epoll(7), and a system call for each read and write.
#[derive(Debug)]
pub(crate) struct Readiness {
    poller: Epoll,
    events: Vec<EpollEvent>,
    /// Events of the last wait.
    count: usize,
    buffer: Vec<u8>,
}

impl Transport for Readiness {
    fn new(wake: BorrowedFd<'_>) -> Result<Self, ServerError> {
        let poller = watching(wake).map_err(|errno| ServerError::Start(errno.into()))?;
        let events = vec![EpollEvent::empty(); EVENTS];
        Ok(Self { poller, events, count: 0, buffer: vec![0; READ_BYTES] })
    }

    fn add(&mut self, key: usize, socket: &Socket) -> io::Result<()> {
        // Edges: no system call to change what is waited for, and none to find that nothing is
        // left to read.
        let events = EpollFlags::EPOLLIN
            | EpollFlags::EPOLLOUT
            | EpollFlags::EPOLLRDHUP
            | EpollFlags::EPOLLET;
        // ENOMEM, or ENOSPC at fs.epoll.max_user_watches.
        Ok(self.poller.add(socket, EpollEvent::new(events, key as u64))?)
    }

    fn wait(&mut self, timeout_ns: Option<u64>) -> Waited {
        let timeout = timeout_ns.map_or(EpollTimeout::NONE, |left| {
            EpollTimeout::try_from(left.div_ceil(1_000_000)).unwrap_or(EpollTimeout::MAX)
        });
        self.count = match self.poller.wait(&mut self.events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => panic!("epoll_wait: {error}"),
        };
        Waited { has_come: self.count > 0, is_all: self.count < EVENTS }
    }

    fn take_events(&mut self, mut each: impl FnMut(Event)) {
        let events = &self.events[..std::mem::take(&mut self.count)];
        for event in events.iter().filter(|event| event.data() != INBOX) {
            let events = event.events();
            let has_failed = events.intersects(EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR);
            let has_ended = has_failed || events.contains(EpollFlags::EPOLLRDHUP);
            each(Event {
                key: event.data() as usize,
                is_readable: has_ended || events.contains(EpollFlags::EPOLLIN),
                is_writable: has_failed || events.contains(EpollFlags::EPOLLOUT),
                has_ended,
            });
        }
    }

    fn receive(&mut self, _: usize, socket: &Socket) -> Received<'_> {
        let Self { buffer, .. } = self;
        let received = loop {
            match recv(socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT) {
                Err(Errno::EINTR) => {}
                other => break other,
            }
        };
        match received {
            Ok(0) => Received::End,
            Ok(count) => {
                Received::Bytes { bytes: &buffer[..count], has_more: count == buffer.len() }
            }
            Err(Errno::EAGAIN) => Received::Nothing,
            Err(_) => Received::Failed,
        }
    }

    fn write<W: Writer>(
        &mut self,
        writers: impl Iterator<Item = W>,
        flags: i32,
        mut wrote: impl FnMut(&mut W, io::Result<usize>) -> Unwritten,
    ) {
        for mut writer in writers {
            loop {
                let result = write_once(&writer, flags);
                if wrote(&mut writer, result) == Unwritten::None {
                    break;
                }
            }
        }
    }
}

fn watching(wake: BorrowedFd<'_>) -> nix::Result<Epoll> {
    let poller = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let edges = EpollFlags::EPOLLIN | EpollFlags::EPOLLET;
    poller.add(wake, EpollEvent::new(edges, INBOX))?;
    Ok(poller)
}

fn write_once(writer: &impl Writer, flags: i32) -> io::Result<usize> {
    let mut pieces = [IoSlice::new(&[]); PIECES];
    let count = writer.pieces(&mut pieces);
    match &pieces[..count] {
        [] => Ok(0),
        [one] => writer.socket().send_with_flags(one, flags),
        several => writer.socket().send_vectored_with_flags(several, flags),
    }
}
