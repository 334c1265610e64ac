//! The limit of serving short connections: accept, one read, close.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read};
use std::net::TcpListener;
use std::os::fd::AsRawFd;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::BareReport;

const LISTENER: u64 = u64::MAX;

/// Serves until the process is killed.
pub(super) fn accept_and_close(listener: &TcpListener) -> io::Result<BareReport> {
    listener.set_nonblocking(true)?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    let mut sockets = HashMap::new();
    let mut events = [EpollEvent::empty(); 256];
    let mut buffer = [0; 4096];
    loop {
        let ready = epoll.wait(&mut events, EpollTimeout::NONE)?;
        for event in &events[..ready] {
            if event.data() == LISTENER {
                loop {
                    match listener.accept() {
                        Ok((socket, _)) => {
                            let id = socket.as_raw_fd() as u64;
                            epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, id))?;
                            sockets.insert(id, socket);
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error),
                    }
                }
            } else if let Some(mut socket) = sockets.remove(&event.data()) {
                // Closing it removes it from epoll.
                let _ = socket.read(&mut buffer);
            }
        }
    }
}
