//! Sockets and queues as the kernel lists them (inet_diag).

use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_packet_core::{NlasIterator, Parseable};
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags,
};
use netlink_packet_sock_diag::{
    AF_INET, AF_INET6, INET_DIAG_SKMEMINFO, INET_DIAG_SKV6ONLY, IPPROTO_TCP, SockDiagMessage,
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use serde::{Deserialize, Serialize};

use crate::namespace::NetworkNamespace;
use crate::netlink::Netlink;
use crate::refusal::NamespaceError;
use crate::server_socket::ServerSocket;
use crate::state_counts::StateCounts;
use crate::tcp_info::TcpState;

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
    /// Identifies the socket on this machine while it is up.
    pub cookie: u64,
    /// Connections in its accept queue (`sk_ack_backlog`; Recv-Q of `ss`).
    pub queued: u32,
    /// The accept queue's limit, min(backlog, somaxconn)
    /// (`sk_max_ack_backlog`; Send-Q of `ss`): it holds one more than this.
    pub limit: u32,
    /// The socket's inode, as in /proc/PID/fd.
    pub inode: u32,
    /// Segments that this listener has dropped since it was made, modulo 2³² (`sk_drops`;
    /// `d` of `ss -m`): all that `tcp_listendrop` counts for it, and what a socket filter or
    /// a full socket backlog dropped. `None` if the kernel does not say.
    pub drops: Option<u32>,
    /// Whether it takes connections over IPv6 only (IPV6_V6ONLY); false also if the kernel does
    /// not say.
    #[serde(default)]
    pub v6_only: bool,
}

impl Listener {
    /// Parses the payload of a netlink message.
    pub(crate) fn parse(payload: &[u8]) -> io::Result<Self> {
        Ok(Self::new(&header(payload)?, payload))
    }

    fn new(socket: &InetResponseHeader, payload: &[u8]) -> Self {
        Self {
            local: (socket.socket_id.source_address, socket.socket_id.source_port).into(),
            cookie: u64::from_ne_bytes(socket.socket_id.cookie),
            queued: socket.recv_queue,
            limit: socket.send_queue,
            inode: socket.inode,
            drops: dropped(payload),
            v6_only: attribute(payload, INET_DIAG_SKV6ONLY).is_some_and(|value| value != [0]),
        }
    }
}

pub(crate) fn header(payload: &[u8]) -> io::Result<InetResponseHeader> {
    InetResponseHeader::parse(payload).map_err(io::Error::other)
}

/// Size of `struct inet_diag_msg`, which precedes the attributes.
const HEADER_BYTES: usize = 72;

/// Size of `struct nlattr`.
const ATTRIBUTE_HEADER_BYTES: usize = 4;

/// The value of an attribute of a socket.
pub(crate) fn attribute(payload: &[u8], kind: u16) -> Option<&[u8]> {
    NlasIterator::new(payload.get(HEADER_BYTES..)?)
        .filter_map(Result::ok)
        .find(|attribute| attribute.kind() == kind)
        .and_then(|attribute| {
            let bytes = attribute.value_length();
            attribute.into_inner().get(ATTRIBUTE_HEADER_BYTES..)?.get(..bytes)
        })
}

/// Place of `SK_MEMINFO_DROPS` in the attribute `INET_DIAG_SKMEMINFO`.
const DROPS: usize = 8;

/// The `sk_drops` of a socket, from its attributes.
fn dropped(payload: &[u8]) -> Option<u32> {
    let drops = attribute(payload, INET_DIAG_SKMEMINFO)?.chunks_exact(4).nth(DROPS)?;
    Some(u32::from_ne_bytes(drops.try_into().ok()?))
}

/// An address family of TCP sockets. A socket of IPv6 can hold a connection
/// over IPv4 (`::ffff:a.b.c.d`); the kernel lists it under IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressFamily {
    /// AF_INET.
    #[default]
    V4,
    /// AF_INET6.
    V6,
}

impl AddressFamily {
    /// The family of sockets bound to this address.
    pub fn from_address(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    fn number(self) -> u8 {
        match self {
            Self::V4 => AF_INET,
            Self::V6 => AF_INET6,
        }
    }
}

/// A socket that has a local port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortSocket {
    /// Its own address.
    pub local: SocketAddr,
    /// The other address; unspecified if it has none.
    pub peer: SocketAddr,
    /// Its state; `Close` if it is only bound, `None` for one that this program does not know.
    pub state: Option<TcpState>,
    /// Its inode, as in /proc/PID/fd; 0 if no file has it.
    pub inode: u32,
}

/// TCP_BOUND_INACTIVE of the kernel's include/net/tcp_states.h: sockets that are bound, and
/// neither listen nor are connected. Older kernels than 6.8 list none for it.
const BOUND_INACTIVE: u32 = 1 << 13;

/// A netlink socket that lists the TCP sockets of the namespace in which it was opened,
/// in any thread.
#[derive(Debug)]
pub struct SocketDiag {
    pub(crate) netlink: Netlink,
}

impl SocketDiag {
    /// Opens it in the calling thread's namespace.
    ///
    /// # Errors
    /// If this kernel has no such netlink sockets.
    pub fn open() -> Result<Self, DiagError> {
        Ok(Self { netlink: Netlink::open(NETLINK_SOCK_DIAG)? })
    }

    /// Opens it in `namespace`.
    ///
    /// # Errors
    /// If the namespace cannot be entered, or as [`SocketDiag::open`].
    pub fn open_in(namespace: &NetworkNamespace) -> Result<Self, DiagError> {
        namespace.run(Self::open)?
    }

    /// Every listening socket. The kernel scans only its listeners, those of all
    /// namespaces.
    ///
    /// # Errors
    /// If the request fails.
    pub fn listeners(&mut self) -> Result<Vec<Listener>, DiagError> {
        let mut found = self.listeners_on(AddressFamily::V4, None)?;
        found.append(&mut self.listeners_on(AddressFamily::V6, None)?);
        Ok(found)
    }

    /// The listening sockets of one family: every one, or those on this port.
    ///
    /// # Errors
    /// If the request fails.
    pub fn listeners_on(
        &mut self,
        family: AddressFamily,
        port: Option<u16>,
    ) -> Result<Vec<Listener>, DiagError> {
        let request = Self::request(family, StateFlags::LISTEN, port);
        let request = InetRequest { extensions: ExtensionFlags::SKMEMINFO, ..request };
        self.dump_payloads(&request, |found: &mut Vec<Listener>, socket, payload| {
            found.push(Listener::new(socket, payload));
        })
    }

    /// The listener at exactly this address, looked up as for a SYN
    /// (`inet_diag_find_one_icsk` in net/ipv4/inet_diag.c): much cheaper than a list, and
    /// without allocation. If several share the port, always the same one. Also `None` if
    /// the kernel has no inet_diag.
    ///
    /// # Errors
    /// If the request fails.
    pub fn listener_at(&mut self, local: SocketAddr) -> Result<Option<Listener>, DiagError> {
        let family = AddressFamily::from_address(local.ip());
        let mut request = Self::request(family, StateFlags::LISTEN, Some(local.port()));
        request.socket_id.source_address = local.ip();
        // INET_DIAG_NOCOOKIE: any socket.
        request.socket_id.cookie = [0xff; 8];
        request.extensions = ExtensionFlags::SKMEMINFO;
        match self.netlink.request(SockDiagMessage::InetRequest(request), Listener::parse) {
            Ok(listener) => Ok(Some(listener)),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Sockets by state: every one, or those with this local port. The kernel scans its
    /// whole connection table, with the connections of all namespaces, for each address
    /// family (`inet_diag_dump_icsk` in net/ipv4/inet_diag.c), so this costs as much for
    /// one socket as for hundreds.
    ///
    /// # Errors
    /// If the request fails.
    pub fn count_by_state(&mut self, local_port: Option<u16>) -> Result<StateCounts, DiagError> {
        let mut count = |family| {
            let request = Self::request(family, StateFlags::all(), local_port);
            self.dump(&request, |counts: &mut StateCounts, socket| counts.count(socket.state))
        };
        Ok(count(AddressFamily::V4)? + count(AddressFamily::V6)?)
    }

    /// The states that show how connections come and go, of one family: SYN_RECV only of
    /// `ports`; ESTABLISHED, TIME_WAIT and FIN_WAIT_2 of the whole namespace. The other
    /// states are not counted. One scan, as in [`SocketDiag::count_by_state`].
    ///
    /// # Errors
    /// If the request fails.
    pub fn count_connections(
        &mut self,
        family: AddressFamily,
        ports: &[u16],
    ) -> Result<StateCounts, DiagError> {
        let states = StateFlags::SYN_RECV
            | StateFlags::ESTABLISHED
            | StateFlags::TIME_WAIT
            | StateFlags::FIN_WAIT2;
        let request = Self::request(family, states, None);
        self.dump(&request, |counts: &mut StateCounts, socket| {
            count_connection(counts, socket, ports);
        })
    }

    /// What [`SocketDiag::count_connections`] counts, and the sockets of `ports` that have a
    /// peer, TIME_WAIT included, in the same single scan: with many connections it costs
    /// about twice as much, for the transfer of all states.
    ///
    /// # Errors
    /// If the request fails.
    pub fn list_connections(
        &mut self,
        family: AddressFamily,
        ports: &[u16],
    ) -> Result<(StateCounts, Vec<ServerSocket>), DiagError> {
        let states = StateFlags::all() - (StateFlags::LISTEN | StateFlags::CLOSE);
        let request = Self::request(family, states, None);
        type Found = (StateCounts, Vec<ServerSocket>);
        self.dump(&request, |(counts, sockets): &mut Found, socket| {
            let is_here = ports.contains(&socket.socket_id.source_port);
            count_connection(counts, socket, ports);
            sockets.extend(is_here.then(|| ServerSocket::new(socket)).flatten());
        })
    }

    /// The sockets with this local port that have a peer, of both address families: those
    /// of connections over IPv4 to a listener on `::` have their IPv4 addresses. TIME_WAIT
    /// is left out. One scan for each family, as in [`SocketDiag::count_by_state`].
    ///
    /// # Errors
    /// If the request fails.
    pub fn server_sockets(&mut self, local_port: u16) -> Result<Vec<ServerSocket>, DiagError> {
        let mut found = Vec::new();
        for family in [AddressFamily::V4, AddressFamily::V6] {
            let left_out = StateFlags::LISTEN | StateFlags::TIME_WAIT | StateFlags::CLOSE;
            let states = StateFlags::all() - left_out;
            let request = Self::request(family, states, Some(local_port));
            found.append(&mut self.dump(&request, |sockets: &mut Vec<_>, socket| {
                sockets.extend(ServerSocket::new(socket));
            })?);
        }
        Ok(found)
    }

    /// Every socket with this local port, of both families, in any state.
    ///
    /// # Errors
    /// If the request fails.
    pub fn port_sockets(&mut self, local_port: u16) -> Result<Vec<PortSocket>, DiagError> {
        let mut found = Vec::new();
        for family in [AddressFamily::V4, AddressFamily::V6] {
            let states = StateFlags::from_bits_retain(StateFlags::all().bits() | BOUND_INACTIVE);
            let request = Self::request(family, states, Some(local_port));
            found.append(&mut self.dump(&request, |sockets: &mut Vec<_>, socket| {
                let id = &socket.socket_id;
                sockets.push(PortSocket {
                    local: (id.source_address, id.source_port).into(),
                    peer: (id.destination_address, id.destination_port).into(),
                    state: TcpState::from_kernel(socket.state),
                    inode: socket.inode,
                });
            })?);
        }
        Ok(found)
    }

    pub(crate) fn dump<T: Default>(
        &mut self,
        request: &InetRequest,
        mut fold: impl FnMut(&mut T, &InetResponseHeader),
    ) -> Result<T, DiagError> {
        self.dump_payloads(request, |folded, socket, _| fold(folded, socket))
    }

    /// As `dump`, with the attributes that follow each header.
    fn dump_payloads<T: Default>(
        &mut self,
        request: &InetRequest,
        mut fold: impl FnMut(&mut T, &InetResponseHeader, &[u8]),
    ) -> Result<T, DiagError> {
        let message = SockDiagMessage::InetRequest(request.clone());
        let result = self.netlink.dump(&message, |folded, payload| {
            fold(folded, &header(payload)?, payload);
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

    pub(crate) fn request(
        family: AddressFamily,
        states: StateFlags,
        local_port: Option<u16>,
    ) -> InetRequest {
        let mut socket_id = match family {
            AddressFamily::V4 => SocketId::new_v4(),
            AddressFamily::V6 => SocketId::new_v6(),
        };
        socket_id.source_port = local_port.unwrap_or(0);
        InetRequest {
            family: family.number(),
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::empty(),
            states,
            socket_id,
        }
    }
}

/// Counts a socket in one of the states of [`SocketDiag::count_connections`].
fn count_connection(counts: &mut StateCounts, socket: &InetResponseHeader, ports: &[u16]) {
    use TcpState::{Established, FinWait2, SynRecv, TimeWait};
    let is_counted = match TcpState::from_kernel(socket.state) {
        Some(SynRecv) => ports.contains(&socket.socket_id.source_port),
        Some(Established | TimeWait | FinWait2) => true,
        _ => false,
    };
    if is_counted {
        counts.count(socket.state);
    }
}
