//! The connections of a namespace, and the figures of one.

use std::io;
use std::mem::offset_of;

use netlink_packet_sock_diag::inet::{ExtensionFlags, StateFlags};
use netlink_packet_sock_diag::{INET_DIAG_INFO, SockDiagMessage};

use crate::diag::{AddressFamily, DiagError, SocketDiag, attribute, header};
use crate::server_socket::ServerSocket;

/// Figures of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// Bytes that the process has not read.
    pub unread_bytes: u32,
    /// Bytes sent and not acknowledged.
    pub unacknowledged_bytes: u32,
    /// The figures of TCP_INFO; `None` in states without it (SYN_RECV, TIME_WAIT).
    pub tcp: Option<ConnectionTimes>,
}

/// Figures of TCP_INFO (`tcp_get_info` in net/ipv4/tcp.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionTimes {
    /// Smoothed round trip time, microseconds; 0 while there is none.
    pub rtt_us: u32,
    /// Segments retransmitted since the socket was created.
    pub total_retransmits: u32,
    /// Milliseconds since data was sent, to a tick of the kernel. Of one that has sent none, since
    /// it was established (`tcp_create_openreq_child` in net/ipv4/tcp_minisocks.c sets `lsndtime`).
    pub last_sent_ms: u32,
    /// Milliseconds since data arrived, or since it was established.
    pub last_received_ms: u32,
}

impl ConnectionTimes {
    fn parse(info: &[u8]) -> Option<Self> {
        let at = |offset: usize| {
            let bytes = info.get(offset..offset + 4)?;
            Some(u32::from_ne_bytes(bytes.try_into().ok()?))
        };
        Some(Self {
            rtt_us: at(offset_of!(libc::tcp_info, tcpi_rtt))?,
            total_retransmits: at(offset_of!(libc::tcp_info, tcpi_total_retrans))?,
            last_sent_ms: at(offset_of!(libc::tcp_info, tcpi_last_data_sent))?,
            last_received_ms: at(offset_of!(libc::tcp_info, tcpi_last_data_recv))?,
        })
    }
}

impl SocketDiag {
    /// Folds every socket of one family that has a peer, TIME_WAIT included, into a new `T`:
    /// one scan of the kernel's table, as in [`SocketDiag::count_by_state`]. A scan that the
    /// kernel marks as interrupted begins again, with another new `T`.
    ///
    /// # Errors
    /// If the request fails.
    pub fn fold_connections<T: Default>(
        &mut self,
        family: AddressFamily,
        mut fold: impl FnMut(&mut T, ServerSocket),
    ) -> Result<T, DiagError> {
        let states = StateFlags::all() - (StateFlags::LISTEN | StateFlags::CLOSE);
        let request = Self::request(family, states, None);
        self.dump(&request, |folded: &mut T, socket| {
            if let Some(socket) = ServerSocket::new(socket) {
                fold(folded, socket);
            }
        })
    }

    /// The figures of a connection, found by its addresses (`inet_diag_find_one_icsk` in
    /// net/ipv4/inet_diag.c): without a scan. `None` if it has ended.
    ///
    /// # Errors
    /// If the request fails.
    pub fn connection_info(
        &mut self,
        socket: &ServerSocket,
    ) -> Result<Option<ConnectionInfo>, DiagError> {
        let family = AddressFamily::from_address(socket.local.ip());
        let mut request = Self::request(family, StateFlags::all(), Some(socket.local.port()));
        request.socket_id.source_address = socket.local.ip();
        request.socket_id.destination_address = socket.peer.ip();
        request.socket_id.destination_port = socket.peer.port();
        request.socket_id.cookie = socket.cookie.to_ne_bytes();
        request.extensions = ExtensionFlags::INFO;
        let read = |payload: &[u8]| -> io::Result<ConnectionInfo> {
            let found = header(payload)?;
            Ok(ConnectionInfo {
                unread_bytes: found.recv_queue,
                unacknowledged_bytes: found.send_queue,
                tcp: attribute(payload, INET_DIAG_INFO).and_then(ConnectionTimes::parse),
            })
        };
        match self.netlink.request(SockDiagMessage::InetRequest(request), read) {
            Ok(info) => Ok(Some(info)),
            // Another connection has the addresses, or none has.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESTALE)) => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}
