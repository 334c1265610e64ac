//! Sockets and queues as the kernel lists them (inet_diag).

use std::io;
use std::net::SocketAddr;

use netlink_packet_core::Parseable;
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags,
};
use netlink_packet_sock_diag::{AF_INET, AF_INET6, IPPROTO_TCP, SockDiagMessage};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use serde::{Deserialize, Serialize};

use crate::netlink::Netlink;
use crate::{NamespaceError, NetworkNamespace, TcpState};

/// The sockets of a namespace could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum DiagError {
    /// The namespace could not be entered.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// This kernel has no inet_diag for TCP.
    #[error(
        "list TCP sockets: this kernel has no inet_diag for TCP \
         (try `sudo modprobe tcp_diag`)"
    )]
    NotBuilt,
    /// Any other failure.
    #[error("list TCP sockets: {0}")]
    System(#[from] io::Error),
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Where it listens.
    pub local: SocketAddr,
    /// Connections in its accept queue (`sk_ack_backlog`; Recv-Q of `ss`).
    pub queued: u32,
    /// The accept queue's limit, min(backlog, somaxconn)
    /// (`sk_max_ack_backlog`; Send-Q of `ss`): it holds one more than this.
    pub limit: u32,
    /// The socket's inode, as in /proc/PID/fd.
    pub inode: u32,
}

/// How many TCP sockets are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are TCP's own")]
pub struct StateCounts {
    /// Connections, accepted or still in an accept queue.
    pub established: u32,
    pub syn_sent: u32,
    /// Entries of SYN queues.
    pub syn_recv: u32,
    pub fin_wait1: u32,
    /// With the orphaned ones that the kernel keeps in its TIME_WAIT table.
    pub fin_wait2: u32,
    pub time_wait: u32,
    pub close: u32,
    pub close_wait: u32,
    pub last_ack: u32,
    pub listen: u32,
    pub closing: u32,
}

impl StateCounts {
    /// Sockets in a state that lasts only until the other side's next segment
    /// has been handled, where both sides have closed.
    pub fn closing_now(&self) -> u32 {
        let Self { established, fin_wait1, fin_wait2, close_wait, last_ack, closing, .. } = *self;
        established + fin_wait1 + fin_wait2 + close_wait + last_ack + closing
    }

    /// Sockets in any state.
    pub fn total(&self) -> u32 {
        let Self { established, syn_sent, syn_recv, fin_wait1, fin_wait2, time_wait, .. } = *self;
        let Self { close, close_wait, last_ack, listen, closing, .. } = *self;
        established
            + syn_sent
            + syn_recv
            + fin_wait1
            + fin_wait2
            + time_wait
            + close
            + close_wait
            + last_ack
            + listen
            + closing
    }

    fn count(&mut self, state: TcpState) {
        *match state {
            TcpState::Established => &mut self.established,
            TcpState::SynSent => &mut self.syn_sent,
            TcpState::SynRecv => &mut self.syn_recv,
            TcpState::FinWait1 => &mut self.fin_wait1,
            TcpState::FinWait2 => &mut self.fin_wait2,
            TcpState::TimeWait => &mut self.time_wait,
            TcpState::Close => &mut self.close,
            TcpState::CloseWait => &mut self.close_wait,
            TcpState::LastAck => &mut self.last_ack,
            TcpState::Listen => &mut self.listen,
            TcpState::Closing => &mut self.closing,
        } += 1;
    }

    fn add(self, other: Self) -> Self {
        Self {
            established: self.established + other.established,
            syn_sent: self.syn_sent + other.syn_sent,
            syn_recv: self.syn_recv + other.syn_recv,
            fin_wait1: self.fin_wait1 + other.fin_wait1,
            fin_wait2: self.fin_wait2 + other.fin_wait2,
            time_wait: self.time_wait + other.time_wait,
            close: self.close + other.close,
            close_wait: self.close_wait + other.close_wait,
            last_ack: self.last_ack + other.last_ack,
            listen: self.listen + other.listen,
            closing: self.closing + other.closing,
        }
    }
}

/// A socket that asks for the TCP sockets of the namespace it was opened in,
/// whichever thread asks later.
#[derive(Debug)]
pub struct SocketDiag {
    netlink: Netlink,
}

impl SocketDiag {
    /// Opens it in the calling thread's namespace.
    ///
    /// # Errors
    /// When this kernel has no such sockets.
    pub fn open() -> Result<Self, DiagError> {
        Ok(Self { netlink: Netlink::open(NETLINK_SOCK_DIAG)? })
    }

    /// Opens it in `namespace`.
    ///
    /// # Errors
    /// When the namespace cannot be entered, or as [`SocketDiag::open`].
    pub fn open_in(namespace: &NetworkNamespace) -> Result<Self, DiagError> {
        namespace.run(Self::open)?
    }

    /// Every listening socket. Cheap enough for every millisecond (about 30 µs):
    /// the kernel walks its listeners alone.
    ///
    /// # Errors
    /// When the kernel does not answer as it should.
    pub fn listeners(&mut self) -> Result<Vec<Listener>, DiagError> {
        let mut found = Vec::new();
        for family in [AF_INET, AF_INET6] {
            let request = Self::request(family, StateFlags::LISTEN, None);
            found.append(&mut self.dump(&request, |found: &mut Vec<Listener>, socket| {
                found.push(Listener {
                    local: (socket.socket_id.source_address, socket.socket_id.source_port).into(),
                    queued: socket.recv_queue,
                    limit: socket.send_queue,
                    inode: socket.inode,
                });
            })?);
        }
        Ok(found)
    }

    /// Sockets by state: every one, or those with this local port. The kernel
    /// walks its whole table of connections, every namespace's, for each
    /// address family (`inet_diag_dump_icsk` in net/ipv4/inet_diag.c), so this
    /// costs the same for one socket as for thousands: with the 262,144 buckets
    /// of a machine of a few GiB, 0.2 ms and more a family.
    ///
    /// # Errors
    /// When the kernel does not answer as it should.
    pub fn count_by_state(&mut self, local_port: Option<u16>) -> Result<StateCounts, DiagError> {
        let v4 = self.count(AF_INET, StateFlags::all(), local_port)?;
        Ok(v4.add(self.count(AF_INET6, StateFlags::all(), local_port)?))
    }

    fn count(
        &mut self,
        family: u8,
        states: StateFlags,
        local_port: Option<u16>,
    ) -> Result<StateCounts, DiagError> {
        let request = Self::request(family, states, local_port);
        self.dump(&request, |counts: &mut StateCounts, socket| {
            if let Some(state) = TcpState::from_kernel(socket.state) {
                counts.count(state);
            }
        })
    }

    fn dump<T: Default>(
        &mut self,
        request: &InetRequest,
        mut fold: impl FnMut(&mut T, &InetResponseHeader),
    ) -> Result<T, DiagError> {
        let message = SockDiagMessage::InetRequest(request.clone());
        let result = self.netlink.dump(&message, |folded, payload| {
            let header = InetResponseHeader::parse(payload).map_err(io::Error::other)?;
            fold(folded, &header);
            Ok(())
        });
        match result {
            Ok(folded) => Ok(folded),
            Err(error) if error.raw_os_error() != Some(libc::ENOENT) => Err(error.into()),
            // A kernel without IPv6 has no such sockets.
            Err(_) if request.family == AF_INET6 => Ok(T::default()),
            Err(_) => Err(DiagError::NotBuilt),
        }
    }

    fn request(family: u8, states: StateFlags, local_port: Option<u16>) -> InetRequest {
        let mut socket_id = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
        socket_id.source_port = local_port.unwrap_or(0);
        InetRequest {
            family,
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::empty(),
            states,
            socket_id,
        }
    }
}
