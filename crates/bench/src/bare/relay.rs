//! The least that a chat server does, on one thread: what a load can be measured against.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::{BareReport, FRAME};

/// Relays until the process is killed.
pub(super) fn relay(sockets: &[TcpStream], at_once: u32) -> io::Result<BareReport> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    for (index, socket) in sockets.iter().enumerate() {
        epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
    }
    // The part of a message that was read, of each.
    let mut unsent = vec![Vec::new(); sockets.len()];
    let mut events = [EpollEvent::empty(); 64];
    let mut buffer = [0; 64 * 1024];
    loop {
        let ready = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..ready] {
            let sender = event.data() as usize;
            let mut socket = &sockets[sender];
            let read = match socket.read(&mut buffer) {
                Ok(0) | Err(_) => {
                    epoll.delete(socket)?;
                    continue;
                }
                Ok(read) => read,
            };
            let unsent = &mut unsent[sender];
            unsent.extend_from_slice(&buffer[..read]);
            let whole = unsent.len() / FRAME * FRAME;
            for frames in unsent[..whole].chunks(FRAME * at_once as usize) {
                let others = sockets.iter().enumerate().filter(|(index, _)| *index != sender);
                for (_, mut other) in others {
                    // One that has left gets nothing.
                    let _ = other.write_all(frames);
                }
            }
            unsent.drain(..whole);
        }
    }
}
