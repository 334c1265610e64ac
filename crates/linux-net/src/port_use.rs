//! Which sockets keep bind(2) from a port, and what helps then.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;

use crate::diag::{DiagError, PortSocket, SocketDiag};
use crate::socket_owners::SocketOwners;
use crate::tcp_info::TcpState;

const PORT_RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";
const UNPRIVILEGED_PORT_START: &str = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/// The use of a local address by sockets of the calling thread's network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortUse {
    /// A socket listens there.
    Listener(Holder),
    /// Open connections of the address; this is one of `count`.
    Connections {
        /// One of them.
        example: Holder,
        /// Where it leads.
        peer: SocketAddr,
        /// How many there are.
        count: usize,
        /// Whether the address is that of the side that connected: its local port is the
        /// port. Otherwise a server of the address accepted them.
        is_local_port: bool,
    },
    /// So many closed connections are in TIME_WAIT.
    TimeWait(usize),
    /// A socket is bound there that neither listens nor is connected. Linux 6.8 and later
    /// show such sockets.
    Bound(Holder),
    /// No socket of this namespace, or it ended meanwhile.
    Nothing,
}

/// A socket and its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its address.
    pub local: SocketAddr,
    /// Its process; `None` if /proc does not show it to this one.
    pub process: Option<Process>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its name, `comm`.
    pub name: String,
    /// Its number in the PID namespace of this process.
    pub pid: u32,
}

impl PortUse {
    /// Looks which sockets a bind(2) of the address conflicts with, of both address
    /// families: the first kind in the order listener, connections, TIME_WAIT, bound.
    ///
    /// # Errors
    /// If the kernel cannot list its sockets.
    pub fn of(address: SocketAddr) -> Result<Self, DiagError> {
        let mut diag = SocketDiag::open()?;
        let mut sockets = diag.port_sockets(address.port())?;
        sockets.retain(|socket| overlap(socket.local.ip(), address.ip()));
        let listens = |socket: &&PortSocket| socket.state == Some(TcpState::Listen);
        if let Some(listener) = sockets.iter().find(listens) {
            return Ok(Self::Listener(Holder::of(listener)));
        }
        let is_open = |socket: &&PortSocket| {
            !matches!(socket.state, None | Some(TcpState::TimeWait | TcpState::Close))
        };
        let open: Vec<_> = sockets.iter().filter(is_open).collect();
        if let Some(&first) = open.first() {
            return Ok(Self::Connections {
                example: Holder::of(first),
                peer: first.peer,
                count: open.len(),
                is_local_port: connected(&mut diag, first)?,
            });
        }
        let in_time_wait =
            sockets.iter().filter(|socket| socket.state == Some(TcpState::TimeWait)).count();
        if in_time_wait > 0 {
            return Ok(Self::TimeWait(in_time_wait));
        }
        Ok(sockets.first().map_or(Self::Nothing, |bound| Self::Bound(Holder::of(bound))))
    }
}

/// Whether this side of a connection called connect(2): its peer listens here, or only its
/// own port is one that the kernel chooses for connect(2).
fn connected(diag: &mut SocketDiag, socket: &PortSocket) -> Result<bool, DiagError> {
    let to_listener = diag.port_sockets(socket.peer.port())?.iter().any(|other| {
        other.state == Some(TcpState::Listen) && overlap(other.local.ip(), socket.peer.ip())
    });
    let in_range = |port: u16| {
        let range = fs::read_to_string(PORT_RANGE).unwrap_or_default();
        let ports: Vec<u16> = range.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        matches!(ports[..], [first, last] if (first..=last).contains(&port))
    };
    Ok(to_listener || (in_range(socket.local.port()) && !in_range(socket.peer.port())))
}

/// Whether sockets of these addresses can conflict: they are equal, or one is unspecified.
/// A listener on `[::]` also has the port for IPv4, unless it is IPV6_V6ONLY.
fn overlap(one: IpAddr, other: IpAddr) -> bool {
    let (one, other) = (one.to_canonical(), other.to_canonical());
    one == other || one.is_unspecified() || other.is_unspecified()
}

impl Holder {
    fn of(socket: &PortSocket) -> Self {
        Self { local: socket.local, process: Process::with_socket(socket.inode) }
    }
}

impl Process {
    /// The process with the smallest number that has a file for a socket.
    fn with_socket(inode: u32) -> Option<Self> {
        let owners = SocketOwners::find(&HashSet::from([inode]))?;
        let pid = *owners.by_inode.get(&inode)?.first()?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Some(Self { name: name.trim_end().to_owned(), pid })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some(Process { name, pid }) => write!(f, "{} of {name} (process {pid})", self.local),
            None => write!(f, "{} of a process that is not visible here", self.local),
        }
    }
}

/// The socket, and what helps.
impl fmt::Display for PortUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listener(holder) => write!(
                f,
                "the port is taken by the listener {holder}; stop it, or choose another port"
            ),
            Self::Connections { example, peer, is_local_port: true, .. } => write!(
                f,
                "the port is the local port of a connection, {example}, to {peer}; end the \
                 connection, or choose a port outside net.ipv4.ip_local_port_range or in \
                 net.ipv4.ip_local_reserved_ports, which the kernel does not choose for connections"
            ),
            Self::Connections { example, peer, count, is_local_port: false } => write!(
                f,
                "{} of an earlier server still {} the port, for example {example}, from {peer}; \
                 end them, or set SO_REUSEADDR on the earlier server and on this one",
                counted(*count, "connection"),
                if *count == 1 { "has" } else { "have" },
            ),
            Self::TimeWait(count) => write!(
                f,
                "{} of the port {} in TIME_WAIT; wait up to 60 s, or set SO_REUSEADDR on the \
                 earlier server and on this one",
                counted(*count, "closed connection"),
                if *count == 1 { "is" } else { "are" },
            ),
            Self::Bound(holder) => write!(
                f,
                "the port is taken by the socket {holder}, which is bound and does not listen; \
                 stop it, or choose another port"
            ),
            Self::Nothing => {
                write!(f, "no socket of this network namespace has the port now; try again")
            }
        }
    }
}

fn counted(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Why bind(2) or listen(2) of an address failed, and what helps: found by looking at the
/// sockets, addresses and settings of the calling thread's network namespace. `None` for an
/// error that these do not explain.
pub fn explain_bind_error(address: SocketAddr, error: &io::Error) -> Option<String> {
    match Errno::from_raw(error.raw_os_error()?) {
        Errno::EADDRINUSE => Some(match PortUse::of(address) {
            Ok(found) => found.to_string(),
            Err(error) => format!("which socket has the port is not known ({error})"),
        }),
        Errno::EACCES => {
            let start = fs::read_to_string(UNPRIVILEGED_PORT_START).unwrap_or_default();
            let start = start.trim();
            let is_below = start.parse().is_ok_and(|start: u16| address.port() < start);
            is_below.then(|| {
                format!(
                    "ports below {start} (net.ipv4.ip_unprivileged_port_start) need \
                     CAP_NET_BIND_SERVICE; choose port {start} or above"
                )
            })
        }
        Errno::EADDRNOTAVAIL => {
            let mut here: Vec<String> = getifaddrs()
                .ok()?
                .filter_map(|interface| {
                    let address = interface.address?;
                    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
                    v4.or_else(|| address.as_sockaddr_in6().map(|v6| v6.ip().into()))
                })
                .filter(|ip| ip.is_ipv4() == address.is_ipv4())
                .map(|ip| ip.to_string())
                .collect();
            here.dedup();
            Some(match here.is_empty() {
                true => {
                    format!("no interface here has an address of the family of {}", address.ip())
                }
                false => format!(
                    "no interface here has {}, only {}; choose one of these",
                    address.ip(),
                    here.join(", ")
                ),
            })
        }
        _ => None,
    }
}
