//! What a watch of a namespace reads.

use std::io::Write;

use super::common::{connect, listen, name, server_at, testbed, wait_for};
use linux_net::testing::in_lab_namespace;
use linux_net::{AddressFamily, NamespaceFiles, ServerSocket, SocketDiag, TcpState, monotonic_ns};

/// The longest tick of a kernel, in which `lsndtime` is counted.
const TICK_MS: u64 = 10;

#[test]
fn files_opened_in_a_namespace_show_it_to_every_thread() {
    in_lab_namespace(|| {
        let (server_host, client_host) = testbed(1);
        let somaxconn = name("net.core.somaxconn");
        let settings = [(somaxconn.clone(), "77".to_owned())];
        server_host.apply_sysctls(&settings).unwrap();
        let names = [somaxconn.clone(), name("net.core.there_is_none")];
        let files = server_host.run(|| NamespaceFiles::open(&names)).unwrap().unwrap();
        assert_eq!(files.sysctl(&somaxconn).as_deref(), Some("77"));
        assert_eq!(files.sysctl(&names[1]), None);
        server_host.apply_sysctls(&[(somaxconn.clone(), "78".to_owned())]).unwrap();
        assert_eq!(files.sysctl(&somaxconn).as_deref(), Some("78"));

        let before = files.counters().unwrap();
        let _listener = listen(&server_host, server_at(8080), 2);
        let _queued = connect(&client_host, server_at(8080)).unwrap();
        let opened = || files.counters().unwrap().delta(&before).get("Tcp.PassiveOpens");
        wait_for(1, opened);
        let (all, netstat) = (files.counters().unwrap(), files.netstat().unwrap());
        assert_eq!(netstat.get("TcpExt.ListenDrops"), all.get("TcpExt.ListenDrops"));
        assert_eq!(netstat.get("Tcp.PassiveOpens"), None);
        assert_eq!(
            opened(),
            server_host.counters().unwrap().delta(&before).get("Tcp.PassiveOpens")
        );
    });
}

#[test]
fn a_connection_that_is_not_accepted_knows_how_long_it_has_been_established() {
    in_lab_namespace(|| {
        let (server_host, client_host) = testbed(1);
        let listener = listen(&server_host, server_at(8080), 2);
        let before_ns = monotonic_ns();
        let mut client = connect(&client_host, server_at(8080)).unwrap();
        let connected_ns = monotonic_ns();
        let mut diag = SocketDiag::open_in(&server_host).unwrap();
        let sockets = |diag: &mut SocketDiag| -> Vec<ServerSocket> {
            let push = |sockets: &mut Vec<_>, socket| sockets.push(socket);
            diag.fold_connections(AddressFamily::V4, push).unwrap()
        };
        wait_for(1, || sockets(&mut diag).len());
        let [socket] = sockets(&mut diag).try_into().unwrap();
        assert!(!socket.is_accepted());
        assert_eq!(socket.state, TcpState::Established);
        assert_eq!(diag.listeners().unwrap()[0].local, server_at(8080));

        client.write_all(b"later").unwrap();
        wait_for(true, || monotonic_ns() > connected_ns + 10 * TICK_MS * 1_000_000);
        let asked_ns = monotonic_ns();
        let info = diag.connection_info(&socket).unwrap().unwrap();
        let answered_ns = monotonic_ns();
        assert_eq!(info.unread_bytes, 5);
        let age_ms = u64::from(info.tcp.unwrap().last_sent_ms);
        let at_least = (asked_ns - connected_ns) / 1_000_000;
        let at_most = (answered_ns - before_ns) / 1_000_000;
        assert!(
            age_ms + TICK_MS >= at_least && age_ms <= at_most + TICK_MS,
            "{age_ms} ms, between {at_least} and {at_most}"
        );

        let accepted = listener.accept().unwrap();
        let [socket] = sockets(&mut diag).try_into().unwrap();
        assert!(socket.is_accepted());
        drop((accepted, client));
        wait_for(true, || {
            let of_ended = diag.connection_info(&socket).unwrap();
            of_ended.is_none_or(|info| info.tcp.is_none())
        });
    });
}

#[test]
fn a_listener_has_a_cookie_of_its_own() {
    in_lab_namespace(|| {
        let (server_host, _client_host) = testbed(1);
        let _one = listen(&server_host, server_at(8080), 2);
        let _other = listen(&server_host, server_at(8081), 2);
        let mut diag = SocketDiag::open_in(&server_host).unwrap();
        let cookies = |diag: &mut SocketDiag| -> Vec<u64> {
            diag.listeners().unwrap().iter().map(|listener| listener.cookie).collect()
        };
        let first = cookies(&mut diag);
        assert_ne!(first[0], first[1]);
        assert_eq!(cookies(&mut diag), first);
        let by_address = diag.listener_at(server_at(8081)).unwrap().unwrap();
        assert!(first.contains(&by_address.cookie));
    });
}
