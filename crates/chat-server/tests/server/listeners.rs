//! How settings change the listening sockets: how many there are, and when they let
//! connections in.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::Duration;

use chat_server::{Server, ServerError, ServerSettings};
use linux_net::testing::wait_until;
use linux_net::{Counters, SocketDiag, TcpState, monotonic_ns, tcp_info};
use socket2::Socket;

use crate::common::{TestServer, in_a_host, new_socket, settings};

fn paused(backlog: i32) -> ServerSettings {
    ServerSettings { accept_paused: true, backlog, ..settings() }
}

/// Connections in the accept queue of each listener.
fn queued(diag: &mut SocketDiag) -> Vec<u32> {
    let listeners = diag.listeners().expect("inet_diag");
    listeners.iter().map(|listener| listener.queued).collect()
}

fn syn_recv(diag: &mut SocketDiag, address: SocketAddr) -> u32 {
    diag.count_by_state(Some(address.port())).expect("inet_diag").syn_recv
}

/// A connect(2) that does not wait. On loopback the SYN has been handled when
/// it returns.
fn start_connect(address: SocketAddr) -> Socket {
    let socket = new_socket();
    socket.set_nonblocking(true).expect("a live socket");
    let error = socket.connect(&address.into()).expect_err("it does not wait");
    assert_eq!(error.raw_os_error(), Some(nix::libc::EINPROGRESS), "{error}");
    socket
}

fn is_established(socket: &Socket) -> bool {
    tcp_info(socket.as_fd()).expect("a TCP socket").state == TcpState::Established
}

fn local(socket: &Socket) -> SocketAddr {
    socket.local_addr().expect("bound").as_socket().expect("IP")
}

#[test]
fn kernel_each_listener_has_its_own_queue_and_accept_loop() {
    const LISTENERS: u32 = 3;
    const BACKLOG: u32 = 2;
    in_a_host(|| {
        let settings = ServerSettings { listeners: LISTENERS, ..paused(BACKLOG as i32) };
        let server = TestServer::start(&settings);
        let mut diag = SocketDiag::open().expect("inet_diag");
        let listeners = diag.listeners().expect("inet_diag");
        assert_eq!(listeners.len(), LISTENERS as usize);
        for listener in listeners {
            assert_eq!((listener.local, listener.limit), (server.address, BACKLOG));
        }
        // Which listener an attempt meets is a hash of its addresses: some fill
        // before others. Far more than can be needed.
        let full = vec![BACKLOG + 1; LISTENERS as usize];
        let mut attempts = Vec::new();
        while queued(&mut diag) != full {
            assert!(attempts.len() < 1000, "{:?}", queued(&mut diag));
            attempts.push(start_connect(server.address));
        }
        attempts.extend((0..10).map(|_| start_connect(server.address)));
        assert_eq!(queued(&mut diag), full);
        let (held, excess): (Vec<_>, Vec<_>) = attempts.into_iter().partition(is_established);
        drop(excess);
        assert_eq!(held.len() as u32, LISTENERS * (BACKLOG + 1));

        server.handle.resume();
        wait_until("all are accepted", || server.accepted() == held.len() as u64);
        assert_eq!(queued(&mut diag), [0; LISTENERS as usize]);
        // Two clients with the same id would both be taken for the sender.
        held[0].send(b"\0\0\0\x02hi").expect("it reads");
        let others = held.len() as u64 - 1;
        wait_until("all others have it", || server.handle.report().deliveries >= others);
        let report = server.stop();
        assert_eq!(report.deliveries, others);
        assert!(report.accepted.is_sorted_by_key(|connection| connection.at_ns));
        let accepted: BTreeSet<_> = report.accepted.iter().map(|c| c.peer).collect();
        assert_eq!(accepted, held.iter().map(local).collect());
        assert_eq!(queued(&mut diag), [0; 0], "none listens");
    });
}

#[test]
fn kernel_several_listeners_cannot_share_the_port_of_a_single_one() {
    in_a_host(|| {
        let single = Server::bind(&settings()).expect("a free port");
        let port = single.local_address().port();
        let several = ServerSettings { listeners: 2, port, ..settings() };
        let error = Server::bind(&several).expect_err("the port is taken");
        assert_eq!(error.errno(), Some(nix::libc::EADDRINUSE), "{error}");
    });
}

#[test]
fn kernel_a_deferred_accept_waits_for_data_or_for_its_time() {
    const SECOND: Duration = Duration::from_secs(1);
    // Whether no thread stalled: until the data was sent, or when the time had passed.
    let is_conclusive = || {
        let server = TestServer::start(&ServerSettings { defer_accept: 1, ..settings() });
        let start_ns = monotonic_ns();
        let silent = server.start_connect();
        let mut talks = server.start_connect();
        let mut diag = SocketDiag::open().expect("inet_diag");
        let half_open = syn_recv(&mut diag, server.address);
        talks.send(b"at once");
        let prepared = Duration::from_nanos(monotonic_ns() - start_ns);
        wait_until("both are accepted", || server.accepted() == 2);
        let accepted = server.stop().accepted;
        let waited = Duration::from_nanos(accepted[1].at_ns - start_ns);
        if prepared > SECOND * 9 / 10 {
            return false;
        }
        assert_eq!(half_open, 2, "though both are connected");
        assert_eq!([accepted[0].peer, accepted[1].peer], [talks.address(), silent.address()]);
        assert!(waited >= SECOND * 99 / 100, "{waited:?}");
        // The kernel's next step would be 3 s.
        waited < SECOND * 5 / 2
    };
    in_a_host(|| assert!((0..10).any(|_| is_conclusive()), "it always waits for more than 1 s"));
}

#[test]
fn kernel_held_acks_leave_requests_and_the_queue_limits_how_many_get_in() {
    const CLIENTS: u32 = 4;
    in_a_host(|| {
        let held = ServerSettings { hold_acks: true, release_backlog: Some(0), ..paused(16) };
        let server = TestServer::start(&held);
        let clients: Vec<_> = (0..CLIENTS).map(|_| server.start_connect()).collect();
        let mut diag = SocketDiag::open().expect("inet_diag");
        assert_eq!(syn_recv(&mut diag, server.address), CLIENTS);
        assert_eq!(queued(&mut diag), [0]);

        let before = Counters::here().expect("/proc");
        server.handle.let_in().expect("they are held");
        server.handle.let_in().expect("again is no error");
        assert_eq!(diag.listeners().expect("inet_diag")[0].limit, 0);
        // Each retransmitted SYN-ACK makes the client repeat its ACK.
        let overflows =
            || Counters::here().expect("/proc").delta(&before).get("TcpExt.ListenOverflows");
        wait_until("the others have tried", || overflows() >= i64::from(CLIENTS) - 1);
        assert_eq!(queued(&mut diag), [1]);
        assert_eq!(syn_recv(&mut diag, server.address), CLIENTS - 1);

        server.handle.resume();
        wait_until("it is accepted", || server.accepted() >= 1);
        let first = server.handle.report().accepted[0].peer;
        let (mut inside, others): (Vec<_>, Vec<_>) =
            clients.into_iter().partition(|client| client.address() == first);
        // Its connection has no filter.
        inside[0].send(b"let in");
        wait_until("the message is in", || server.ingested() == 1);
        // Once the queue has room, data is accepted at once.
        for mut other in others {
            let before = server.ingested();
            other.send(b"me too");
            wait_until("its message is in", || server.ingested() > before);
            other.reset();
        }
        assert_eq!(server.stop().accepted.len() as u32, CLIENTS);
    });
}

#[test]
fn kernel_a_stop_ends_held_connections_and_none_is_let_in_after_it() {
    in_a_host(|| {
        let held = ServerSettings { hold_acks: true, listeners: 4, ..settings() };
        let server = TestServer::start(&held);
        let _clients: Vec<_> = (0..8).map(|_| server.start_connect()).collect();
        let handle = server.handle.clone();
        assert_eq!(server.stop().accepted, []);
        let error = handle.let_in().expect_err("it has stopped");
        assert!(matches!(error, ServerError::Stopping), "{error}");
        let mut diag = SocketDiag::open().expect("inet_diag");
        assert_eq!(queued(&mut diag), [0; 0]);
    });
}

#[test]
fn let_in_without_held_acks_is_an_error() {
    let server = TestServer::start(&settings());
    let error = server.handle.let_in().expect_err("nothing is held");
    assert_eq!(error.to_string(), "let ACKs in: none are held (set hold_acks)");
    server.stop();
}
