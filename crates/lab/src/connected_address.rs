//! Where a connection goes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address that a connection to `target` has at its server: connect(2) to the
/// unspecified address goes to loopback.
pub(crate) fn connected_address(target: SocketAddr) -> SocketAddr {
    let ip = match target.ip().to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, target.port())
}
