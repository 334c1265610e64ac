//! Each kind of socket that keeps bind(2) from a port, in a namespace of the test's own.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use linux_net::testing::{in_lab_namespace, wait_until};
use linux_net::{NetworkNamespace, PortUse, explain_bind_error};
use socket2::{Domain, Socket, Type};

const PORT: u16 = 8080;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A bound socket without SO_REUSEADDR.
fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn listen(address: SocketAddr) -> Socket {
    let socket = bind(address).unwrap();
    socket.listen(8).unwrap();
    socket
}

/// Runs the body in a new namespace, on a thread of it.
fn in_namespace(body: impl FnOnce() + Send) {
    in_lab_namespace(|| NetworkNamespace::create().unwrap().run(body).unwrap());
}

/// What bind(2) of the address fails with, explained.
fn refusal(to: SocketAddr) -> (PortUse, String) {
    let error = bind(to).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(nix::libc::EADDRINUSE));
    (PortUse::of(to).unwrap(), explain_bind_error(to, &error).unwrap())
}

#[test]
fn a_listener_is_named_with_its_process_for_both_families() {
    in_namespace(|| {
        let own = std::process::id();
        for (held, asked) in [
            ("127.0.0.1:8080", "0.0.0.0:8080"),
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::1]:8080", "[::]:8080"),
            ("[::]:8080", "127.0.0.1:8080"),
        ] {
            let _listener = listen(address(held));
            let (found, text) = refusal(address(asked));
            let PortUse::Listener(holder) = found else { panic!("{found:?}") };
            assert_eq!(holder.local, address(held));
            assert_eq!(holder.process.as_ref().map(|process| process.pid), Some(own));
            assert!(text.contains(&format!("(process {own})")), "{text}");
            assert!(text.contains("stop it, or choose another port"), "{text}");
        }
    });
}

#[test]
fn time_wait_is_counted_and_said_to_end() {
    in_namespace(|| {
        for server in ["127.0.0.1:8080", "[::1]:8081"].map(address) {
            let listener = listen(server);
            let client = TcpStream::connect(server).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            drop(listener);
            drop(accepted);
            drop(client);
            wait_until("TIME_WAIT", || PortUse::of(server).unwrap() == PortUse::TimeWait(1));
            let (_, text) = refusal(server);
            assert!(text.starts_with("1 closed connection of the port is in TIME_WAIT"), "{text}");
            assert!(text.contains("60 s") && text.contains("SO_REUSEADDR"), "{text}");
        }
    });
}

#[test]
fn a_local_port_of_a_connection_is_told_from_a_connection_of_an_earlier_server() {
    in_namespace(|| {
        let server = address("127.0.0.1:443");
        let listener = listen(server);
        let client = bind(address("127.0.0.1:8080")).unwrap();
        client.connect(&server.into()).unwrap();
        let (found, text) = refusal(SocketAddr::from(([0, 0, 0, 0], PORT)));
        let PortUse::Connections { peer, count, is_local_port, .. } = found else {
            panic!("{found:?}")
        };
        assert_eq!((peer, count, is_local_port), (server, 1, true));
        assert!(text.contains("local port of a connection") && text.contains("reserved"), "{text}");

        let (_accepted, _) = listener.accept().unwrap();
        drop(listener);
        let (found, text) = refusal(server);
        let PortUse::Connections { count, is_local_port, .. } = found else { panic!("{found:?}") };
        assert_eq!((count, is_local_port), (1, false));
        assert!(text.contains("1 connection of an earlier server still has the port"), "{text}");
    });
}

#[test]
fn a_socket_that_is_only_bound_is_found_too() {
    in_namespace(|| {
        let here = address("127.0.0.1:8080");
        let _bound = bind(here).unwrap();
        let (found, text) = refusal(here);
        assert!(matches!(found, PortUse::Bound(_)), "{found:?}");
        assert!(text.contains("bound and does not listen"), "{text}");
    });
}

#[test]
fn an_address_of_no_interface_and_a_free_port_are_explained() {
    in_namespace(|| {
        let foreign = address("203.0.113.9:8080");
        let error = TcpListener::bind(foreign).unwrap_err();
        let text = explain_bind_error(foreign, &error).unwrap();
        assert!(text.contains("has 203.0.113.9, only 127.0.0.1"), "{text}");
        let free = address("127.0.0.1:8080");
        assert_eq!(PortUse::of(free).unwrap(), PortUse::Nothing);
        let denied = io::Error::from_raw_os_error(nix::libc::EACCES);
        let text = explain_bind_error(address("127.0.0.1:80"), &denied).unwrap();
        assert!(text.contains("ports below 1024") && text.contains("port 1024 or above"), "{text}");
        assert_eq!(explain_bind_error(free, &denied), None);
    });
}
