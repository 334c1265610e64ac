//! The listening sockets of a server.

use std::io;
use std::net::{Shutdown, SocketAddr};

use linux_net::explain_bind_error;
use nix::libc;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::SetStruct;
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use crate::error::ServerError;
use crate::settings::ServerSettings;

/// TCP_DEFER_ACCEPT, seconds, which neither socket2 nor nix has.
#[derive(Clone)]
struct DeferAccept;

nix::setsockopt_impl!(
    DeferAccept,
    libc::IPPROTO_TCP,
    libc::TCP_DEFER_ACCEPT,
    u32,
    SetStruct<'_, u32>
);

/// The flags of a TCP header: its byte 13, where `tcp_v4_rcv` and `tcp_v6_rcv`
/// let a socket's filter see a segment from its TCP header on.
const FLAGS_OFFSET: u32 = 13;

const SYN: u32 = 0x02;

/// Classic BPF that accepts segments with a SYN and drops all others.
fn syn_only() -> [SockFilter; 4] {
    let load_flags = (libc::BPF_LD | libc::BPF_B | libc::BPF_ABS) as u16;
    let jump_if_set = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
    let take = (libc::BPF_RET | libc::BPF_K) as u16;
    [
        SockFilter::new(load_flags, 0, 0, FLAGS_OFFSET),
        SockFilter::new(jump_if_set, 0, 1, SYN),
        SockFilter::new(take, 0, 0, u16::MAX.into()),
        SockFilter::new(take, 0, 0, 0),
    ]
}

/// Listens on the address of `settings` with the configured number of sockets, all of
/// which are bound before the first listens. The returned address has its port resolved.
///
/// # Errors
/// The errors of socket(2), setsockopt(2), bind(2) and listen(2).
pub(crate) fn listen(settings: &ServerSettings) -> Result<(SocketAddr, Vec<Socket>), ServerError> {
    let mut address = SocketAddr::new(settings.address, settings.port);
    let mut listeners = Vec::new();
    for _ in 0..settings.listeners {
        let listener = bind(settings, address)?;
        let bound = listener.local_addr().map_err(ServerError::Socket)?;
        address = bound.as_socket().expect("a TCP socket has an IP address");
        listeners.push(listener);
    }
    for listener in &listeners {
        listener.listen(settings.backlog).map_err(|source| {
            let found = explain_bind_error(address, &source);
            ServerError::Listen { address, source, found }
        })?;
    }
    Ok((address, listeners))
}

fn bind(settings: &ServerSettings, address: SocketAddr) -> Result<Socket, ServerError> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))
        .map_err(ServerError::Socket)?;
    socket.set_reuse_address(settings.reuse_address).map_err(ServerError::Socket)?;
    if settings.listeners > 1 {
        socket
            .set_reuse_port(true)
            .map_err(|source| ServerError::SocketOption { what: "share the port", source })?;
    }
    if settings.defer_accept > 0 {
        setsockopt(&socket, DeferAccept, &settings.defer_accept).map_err(|errno| {
            ServerError::SocketOption {
                what: "defer accepts (TCP_DEFER_ACCEPT)",
                source: errno.into(),
            }
        })?;
    }
    if settings.hold_acks {
        // Before listen(2), so that no connection precedes it.
        socket.attach_filter(&syn_only()).map_err(|source| ServerError::SocketOption {
            what: "hold ACKs (with a socket filter, which needs CAP_NET_ADMIN here)",
            source,
        })?;
    }
    socket.bind(&address.into()).map_err(|source| {
        let found = explain_bind_error(address, &source);
        ServerError::Bind { address, source, found }
    })?;
    Ok(socket)
}

/// Detaches the filter that holds ACKs from all `listeners`, after a listen(2) with
/// `release_backlog` if there is one.
///
/// A connection inherits the filter that its listener has when it is created
/// (`sk_clone_lock`), and would keep it. But no connection can be created with this one:
/// that needs an ACK without a SYN, and `tcp_v4_rcv` applies the listener's filter before
/// `tcp_check_req` completes a request. The exception is TCP Fast Open for all listeners
/// (`net.ipv4.tcp_fastopen` with 0x400), whose connections are created by SYNs with data;
/// no load here sends them.
///
/// If it fails it can be called again: it skips a listener without a filter.
pub(crate) fn let_in(listeners: &[Socket], release_backlog: Option<i32>) -> io::Result<()> {
    if let Some(backlog) = release_backlog {
        listeners.iter().try_for_each(|listener| listener.listen(backlog))?;
    }
    listeners.iter().try_for_each(|listener| match listener.detach_filter() {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        other => other,
    })
}

/// Makes every accept(2), blocked or later, return EINVAL (`inet_shutdown`,
/// `inet_csk_accept`).
pub(crate) fn shut_down(listeners: &[Socket]) {
    for listener in listeners {
        let _ = listener.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letting_in_continues_where_it_failed() {
        let listeners = [(); 2].map(|()| Socket::new(Domain::IPV4, Type::STREAM, None).unwrap());
        // As after a first call that failed at the second listener.
        listeners[1].attach_filter(&syn_only()).unwrap();
        let_in(&listeners, None).unwrap();
        let error = listeners[1].detach_filter().expect_err("it has none");
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    }
}
