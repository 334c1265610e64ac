//! The clients of short connections.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use linux_net::monotonic_ns;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::{BareReport, FRAME};

/// Milliseconds after which a connection has no end.
const PATIENCE: u16 = 60_000;

/// Measures from the first connect(2) to the last end of file.
pub(super) fn visit(target: SocketAddr, connections: u32, at_once: u32) -> io::Result<BareReport> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let message = frame();
    let begin = |place: usize| -> io::Result<TcpStream> {
        let mut socket = TcpStream::connect(target)?;
        socket.write_all(&message)?;
        socket.set_nonblocking(true)?;
        epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, place as u64))?;
        Ok(socket)
    };
    let began_ns = monotonic_ns();
    let mut open = Vec::with_capacity(at_once as usize);
    for place in 0..at_once.min(connections) as usize {
        open.push(begin(place)?);
    }
    let (mut begun, mut ended) = (open.len() as u32, 0);
    let mut events = [EpollEvent::empty(); 256];
    let mut buffer = [0; 4096];
    while ended < connections {
        let ready = epoll.wait(&mut events, EpollTimeout::from(PATIENCE))?;
        if ready == 0 {
            return Err(io::Error::new(ErrorKind::TimedOut, "a connection does not end"));
        }
        for event in &events[..ready] {
            let place = event.data() as usize;
            match open[place].read(&mut buffer) {
                // What another client sent.
                Ok(1..) => continue,
                Ok(0) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            ended += 1;
            if begun < connections {
                begun += 1;
                // Closes the one that has ended.
                open[place] = begin(place)?;
            } else {
                epoll.delete(&open[place])?;
            }
        }
    }
    let ended_ns = monotonic_ns();
    Ok(BareReport { began_ns, ended_ns, count: connections.into(), ..BareReport::default() })
}

/// A message in the default framing of servers: a header of four big-endian bytes.
fn frame() -> Vec<u8> {
    let body = FRAME - 4;
    let mut frame = (body as u32).to_be_bytes().to_vec();
    frame.resize(FRAME, b'x');
    frame
}
