//! The limit of issuing attempts, and the peer that accepts them.

use std::io;
use std::net::{SocketAddr, TcpListener};

use linux_net::monotonic_ns;
use nix::errno::Errno;
use socket2::{Domain, SockAddr, Socket, Type};

use super::BareReport;

/// Accepts until the process is killed, as long as there are descriptors.
pub(super) fn accept_and_keep(listener: &TcpListener) -> io::Result<BareReport> {
    let mut kept = Vec::new();
    loop {
        kept.push(listener.accept()?);
    }
}

/// Measures from the first connect(2) to after the last one. The sockets are there before, as
/// those of the generator are.
pub(super) fn connect(target: SocketAddr, connections: u32) -> io::Result<BareReport> {
    let target = SockAddr::from(target);
    let new = || Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), None);
    let sockets = (0..connections).map(|_| new()).collect::<io::Result<Vec<_>>>()?;
    let began_ns = monotonic_ns();
    for socket in &sockets {
        match socket.connect(&target) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(Errno::EINPROGRESS as i32) => {}
            Err(error) => return Err(error),
        }
    }
    let ended_ns = monotonic_ns();
    Ok(BareReport { began_ns, ended_ns, count: connections.into(), ..BareReport::default() })
}
