//! The limit of receiving: epoll and read(2), without a look at what was read.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use linux_net::monotonic_ns;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::{BareReport, FRAME};

/// Milliseconds after which what has not arrived is lost.
const PATIENCE: u16 = 60_000;

/// Measures until the last of `expect` messages has arrived.
pub(super) fn read(
    target: SocketAddr,
    sockets: u32,
    send: u32,
    expect: u64,
) -> io::Result<BareReport> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let sockets: Vec<_> = (0..sockets.into())
        .map(|index| {
            let socket = TcpStream::connect(target)?;
            socket.set_nonblocking(true)?;
            epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, index))?;
            Ok(socket)
        })
        .collect::<io::Result<_>>()?;
    let began_ns = monotonic_ns();
    if send > 0 {
        let messages = vec![b'x'; FRAME * send as usize];
        for mut socket in &sockets {
            socket.write_all(&messages)?;
        }
    }
    let mut missing = expect * FRAME as u64;
    let mut events = [EpollEvent::empty(); 256];
    let mut buffer = vec![0; 64 * 1024];
    while missing > 0 {
        let ready = epoll.wait(&mut events, EpollTimeout::from(PATIENCE))?;
        if ready == 0 {
            return Err(io::Error::new(
                ErrorKind::TimedOut,
                format!("{missing} bytes are missing"),
            ));
        }
        for event in &events[..ready] {
            let mut socket = &sockets[event.data() as usize];
            match socket.read(&mut buffer) {
                // The server has sent everything; what was for others may still come.
                Ok(0) => epoll.delete(socket)?,
                Ok(read) => missing = missing.saturating_sub(read as u64),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
    let ended_ns = monotonic_ns();
    Ok(BareReport { began_ns, ended_ns, count: expect, ..BareReport::default() })
}
