//! Queues and counters, seen while a real kernel fills and overflows them.

use super::common::{connect, listen, name, server_at, start_connect, testbed, wait_for};
use linux_net::testing::in_lab_namespace;
use linux_net::{AddressFamily, CounterDelta, Counters, Listener, SocketDiag};
use socket2::SockFilter;

#[test]
fn an_accept_queue_holds_its_backlog_and_one() {
    in_lab_namespace(|| {
        for (backlog, somaxconn, limit) in [(0, 4096, 0), (3, 4096, 3), (100, 5, 5)] {
            let (server_host, client_host) = testbed(1);
            let somaxconn = [(name("net.core.somaxconn"), somaxconn.to_string())];
            server_host.apply_sysctls(&somaxconn).unwrap();
            let _listener = listen(&server_host, server_at(8080), backlog);
            let mut diag = SocketDiag::open_in(&server_host).unwrap();
            let listener = |diag: &mut SocketDiag| {
                let [listener]: [Listener; 1] = diag.listeners().unwrap().try_into().unwrap();
                (listener.local, listener.queued, listener.limit)
            };
            assert_eq!(listener(&mut diag), (server_at(8080), 0, limit));
            let before = server_host.counters().unwrap();

            // One after the other, so that each is queued before the next.
            let queued: Vec<_> =
                (0..=limit).map(|_| connect(&client_host, server_at(8080)).unwrap()).collect();
            wait_for((server_at(8080), limit + 1, limit), || listener(&mut diag));
            let full = server_host.counters().unwrap();
            assert_eq!(full.delta(&before).get("TcpExt.ListenOverflows"), 0);
            let listed = diag.listeners().unwrap();
            assert_eq!(diag.listener_at(server_at(8080)).unwrap(), listed.into_iter().next());
            assert_eq!(diag.listener_at(server_at(8081)).unwrap(), None);

            let excess: Vec<_> =
                (0..4).map(|_| start_connect(&client_host, server_at(8080), |_| {})).collect();
            // More than 4 once the clients have retransmitted; the two are not
            // read at the same instant.
            wait_for(true, || {
                let delta = server_host.counters().unwrap().delta(&full);
                let overflows = delta.get("TcpExt.ListenOverflows");
                overflows >= 4 && delta.get("TcpExt.ListenDrops") == overflows
            });
            assert_eq!(listener(&mut diag), (server_at(8080), limit + 1, limit));
            let mut client_diag = SocketDiag::open_in(&client_host).unwrap();
            let counts = client_diag.count_by_state(None).unwrap();
            assert_eq!((counts.established, counts.syn_sent), (limit + 1, 4));
            let delta = server_host.counters().unwrap().delta(&before);
            assert_eq!(delta.backwards, [""; 0]);
            drop((queued, excess));
        }
    });
}

#[test]
fn half_open_connections_are_counted_by_port() {
    in_lab_namespace(|| {
        let (server_host, client_host) = testbed(1);
        let settings = [("net.ipv4.tcp_syncookies", "0"), ("net.ipv4.tcp_max_syn_backlog", "1024")]
            .map(|(sysctl, value)| (name(sysctl), value.to_owned()));
        server_host.apply_sysctls(&settings).unwrap();
        let _listeners = [8080, 8081].map(|port| listen(&server_host, server_at(port), 4));
        let deaf = |socket: &socket2::Socket| {
            socket.attach_filter(&[SockFilter::new(6, 0, 0, 0)]).unwrap();
        };
        let _clients: Vec<_> = [8080, 8080, 8080, 8081]
            .map(|port| start_connect(&client_host, server_at(port), deaf))
            .into();
        let mut diag = SocketDiag::open_in(&server_host).unwrap();
        for (port, half_open) in [(Some(8080), 3), (Some(8081), 1), (Some(8082), 0), (None, 4)] {
            wait_for(half_open, || diag.count_by_state(port).unwrap().syn_recv);
        }
        assert_eq!(diag.count_by_state(Some(8080)).unwrap().listen, 1);
        let of_port = diag.count_connections(AddressFamily::V4, &[8080]).unwrap();
        assert_eq!((of_port.syn_recv, of_port.total()), (3, 3), "{of_port:?}");
        assert_eq!(diag.count_connections(AddressFamily::V6, &[8080]).unwrap().total(), 0);
        assert_eq!(diag.listeners_on(AddressFamily::V4, Some(8081)).unwrap().len(), 1);

        // B + 1 with cookies off and a large tcp_max_syn_backlog.
        let before = server_host.counters().unwrap();
        let _more: Vec<_> =
            (0..6).map(|_| start_connect(&client_host, server_at(8080), deaf)).collect();
        wait_for(5, || diag.count_by_state(Some(8080)).unwrap().syn_recv);
        wait_for(true, || {
            server_host.counters().unwrap().delta(&before).get("TcpExt.TCPReqQFullDrop") >= 4
        });
        assert_eq!(diag.count_by_state(Some(8080)).unwrap().syn_recv, 5);
    });
}

#[test]
fn closing_first_leaves_time_wait() {
    in_lab_namespace(|| {
        let (server_host, client_host) = testbed(1);
        // No late RST ends a TIME_WAIT.
        client_host.apply_sysctls(&[(name("net.ipv4.tcp_rfc1337"), "1".to_owned())]).unwrap();
        let listener = listen(&server_host, server_at(8080), 16);
        for _ in 0..5 {
            let stream = connect(&client_host, server_at(8080)).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            drop(stream);
            std::io::Read::read_to_end(&mut &accepted, &mut Vec::new()).unwrap();
        }
        let mut at_client = SocketDiag::open_in(&client_host).unwrap();
        let mut at_server = SocketDiag::open_in(&server_host).unwrap();
        wait_for(5, || at_client.count_by_state(None).unwrap().time_wait);
        assert_eq!(at_server.count_by_state(None).unwrap().time_wait, 0);
        // On any port.
        assert_eq!(at_client.count_connections(AddressFamily::V4, &[1]).unwrap().time_wait, 5);
        assert_eq!(client_host.counters().unwrap().get("sockstat.TCP.tw"), Some(5));
    });
}

#[test]
fn a_dump_of_many_sockets_is_complete() {
    in_lab_namespace(|| {
        let (server_host, client_host) = testbed(1);
        let _listener = listen(&server_host, server_at(8080), 2000);
        let _clients: Vec<_> =
            (0..1000).map(|_| connect(&client_host, server_at(8080)).unwrap()).collect();
        let mut diag = SocketDiag::open_in(&server_host).unwrap();
        wait_for(1000, || diag.count_by_state(Some(8080)).unwrap().established);
        // In any thread it shows the server's namespace.
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(diag.listeners().unwrap()[0].queued, 1000));
        });
    });
}

#[test]
fn counters_survive_json_and_their_delta_has_only_changes() {
    in_lab_namespace(|| {
        let (server_host, _client_host) = testbed(1);
        let before = server_host.counters().unwrap();
        for known in ["TcpExt.ListenOverflows", "TcpExt.ListenDrops", "TcpExt.TCPReqQFullDrop"] {
            assert_eq!(before.get(known), Some(0), "{known}");
        }
        let after = server_host.counters().unwrap();
        let delta = after.delta(&before);
        assert_eq!(delta.get("TcpExt.ListenOverflows"), 0);
        assert!(!delta.changes.contains_key("TcpExt.ListenOverflows"));
        let json = serde_json::to_string(&(&after, &delta)).unwrap();
        let read: (Counters, CounterDelta) = serde_json::from_str(&json).unwrap();
        assert_eq!(read, (after, delta));
    });
}
