//! The sockets of a server as the kernel lists them.

use std::net::{IpAddr, SocketAddr};

use netlink_packet_sock_diag::inet::InetResponseHeader;

use crate::tcp_info::TcpState;

/// A socket of a server, in this namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerSocket {
    /// Its own address.
    pub local: SocketAddr,
    /// The client's address.
    pub peer: SocketAddr,
    /// Its state.
    pub state: TcpState,
    /// Its inode, as in /proc/PID/fd; 0 if no file has it: accept(2) has not taken it, or
    /// its file was closed.
    pub inode: u32,
    /// Identifies the connection on this machine, from SYN_RECV until its socket is gone
    /// (`inet_csk_clone_lock` in net/ipv4/inet_connection_sock.c copies that of the request):
    /// another connection with the same addresses has another. TIME_WAIT, and FIN_WAIT_2
    /// without a socket, have their own (`inet_twsk_alloc`).
    pub cookie: u64,
}

impl ServerSocket {
    /// `None` in a state that this program does not know. Addresses of IPv4 in a socket of
    /// IPv6 are those of IPv4.
    pub(crate) fn new(socket: &InetResponseHeader) -> Option<Self> {
        let id = &socket.socket_id;
        let canonical = |ip: IpAddr, port| SocketAddr::new(ip.to_canonical(), port);
        Some(Self {
            local: canonical(id.source_address, id.source_port),
            peer: canonical(id.destination_address, id.destination_port),
            state: TcpState::from_kernel(socket.state)?,
            inode: socket.inode,
            cookie: u64::from_ne_bytes(id.cookie),
        })
    }

    /// Whether accept(2) has taken the connection. One that it has not taken has no file
    /// and can only be in these three states: only a program sends the FIN that leads to
    /// the others, and a listener that closes resets what is queued
    /// (`inet_child_forget` in net/ipv4/inet_connection_sock.c).
    pub fn is_accepted(&self) -> bool {
        use TcpState::{CloseWait, Established, SynRecv};
        self.inode != 0 || !matches!(self.state, Established | CloseWait | SynRecv)
    }
}
