//! The accept loop: when it accepts, what it records, and its errors.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use chat_server::{Server, ServerError, ServerSettings};

use crate::common::{TIMEOUT, TestServer, designs, settings};
use linux_net::testing::wait_until;

fn paused(backlog: i32) -> ServerSettings {
    ServerSettings { accept_paused: true, backlog, ..settings() }
}

/// Connects clients in sequence, for each of which the queue has room.
fn queue_up(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    (0..count)
        .map(|_| TcpStream::connect_timeout(&address, TIMEOUT).expect("the queue has room"))
        .collect()
}

#[test]
fn the_accept_queue_holds_one_more_than_the_backlog() {
    // Longer than the first retransmission of a SYN, which finds the queue full too.
    const EXCESS_WAITS: Duration = Duration::from_millis(1500);
    thread::scope(|scope| {
        for backlog in [0, 1, 5] {
            scope.spawn(move || {
                let server = TestServer::start(&paused(backlog));
                let address = server.address;
                let held = queue_up(address, backlog as usize + 1);
                thread::scope(|scope| {
                    for _ in 0..3 {
                        scope.spawn(move || {
                            let excess = TcpStream::connect_timeout(&address, EXCESS_WAITS);
                            let error = excess.expect_err("the queue is full");
                            assert_eq!(error.kind(), ErrorKind::TimedOut, "backlog {backlog}");
                        });
                    }
                });
                server.handle.resume();
                wait_until("all are accepted", || server.accepted() == held.len() as u64);
                let accepted: Vec<_> = server.stop().accepted.iter().map(|c| c.peer).collect();
                let peers: Vec<_> =
                    held.iter().map(|held| held.local_addr().expect("connected")).collect();
                assert_eq!(accepted, peers, "in the order they queued");
            });
        }
    });
}

#[test]
fn the_depth_is_read_after_each_accept_if_it_is_requested() {
    let server = TestServer::start(&paused(7));
    let _held = queue_up(server.address, 3);
    server.handle.read_depths();
    server.handle.resume();
    wait_until("all are accepted", || server.accepted() == 3);
    let report = server.stop();
    let read: Vec<_> = report.depths.iter().map(|read| (read.taken, read.depth)).collect();
    assert_eq!(read, [(1, 2), (2, 1), (3, 0)]);
    for (read, accepted) in report.depths.iter().zip(&report.accepted) {
        assert_eq!((read.listener, read.limit, read.from_ns), (0, 7, accepted.at_ns));
        assert!(read.called_ns <= read.from_ns && read.from_ns <= read.to_ns, "{read:?}");
    }
    let between = report.depths.windows(2).all(|two| two[0].to_ns <= two[1].called_ns);
    assert!(between, "{:?}", report.depths);

    let silent = TestServer::start(&settings());
    let _client = silent.connect();
    assert_eq!(silent.stop().depths, []);
}

#[test]
fn a_negative_backlog_means_somaxconn() {
    let somaxconn: usize = std::fs::read_to_string("/proc/sys/net/core/somaxconn")
        .expect("every network namespace has it")
        .trim()
        .parse()
        .expect("a number");
    let server = TestServer::start(&paused(-1));
    // More than the 128 of the default backlog.
    let _held = queue_up(server.address, (somaxconn + 1).min(200));
    server.stop();
}

#[test]
fn a_connection_that_was_reset_in_the_queue_still_has_its_address() {
    for design in designs() {
        let server = TestServer::start(&ServerSettings { design, ..paused(8) });
        let gone = server.start_connect();
        let stays = server.start_connect();
        let addresses = [gone.address(), stays.address()];
        gone.reset();
        server.handle.resume();
        wait_until("both are accepted", || server.accepted() == 2);
        wait_until("the reset one has left", || server.clients() == 1);
        let report = server.stop();
        assert_eq!([report.accepted[0].peer, report.accepted[1].peer], addresses);
        assert!(report.metrics.accept_errors.is_empty());
    }
}

#[test]
fn accepts_are_delayed() {
    let accept_delay = Duration::from_millis(50);
    let server = TestServer::start(&ServerSettings { accept_delay, ..settings() });
    let _clients: Vec<_> = (0..4).map(|_| server.start_connect()).collect();
    wait_until("all are accepted", || server.accepted() == 4);
    let accepted = server.stop().accepted;
    for pair in accepted.windows(2) {
        assert!(pair[1].at_ns - pair[0].at_ns >= accept_delay.as_nanos() as u64, "{pair:?}");
    }
}

#[test]
fn a_client_without_a_thread_is_counted_and_closed_and_the_server_continues() {
    // No address space has room for this stack.
    let server = TestServer::start(&ServerSettings { thread_stack: 1 << 47, ..settings() });
    for count in 1..=3 {
        let mut client = server.start_connect();
        assert_eq!(client.receive(), None);
        wait_until("it is counted", || {
            server.handle.client_failures().thread_errors.get("EAGAIN") == Some(&count)
        });
    }
    let report = server.stop();
    assert_eq!((report.metrics.turned_away, report.metrics.thread_errors["EAGAIN"]), (3, 3));
    assert!(report.metrics.accept_errors.is_empty(), "accept(2) succeeded");
    assert_eq!(report.accepted.len(), 3);
    assert_eq!(report.metrics.most_clients, 0);
}

#[test]
fn the_smallest_stack_is_enough_to_chat() {
    for design in designs() {
        let server =
            TestServer::start(&ServerSettings { thread_stack: 16_384, design, ..settings() });
        let mut sender = server.connect();
        let mut other = server.connect();
        sender.send(&[7; 65_536]);
        assert_eq!(other.receive().expect("a message"), [7; 65_536]);
        server.stop();
    }
}

#[test]
fn invalid_settings_and_addresses_are_named() {
    let error = |settings: ServerSettings| -> ServerError {
        Server::bind(&settings).expect_err("cannot be bound")
    };
    let stack = error(ServerSettings { thread_stack: 16_383, ..settings() });
    assert_eq!(
        stack.to_string(),
        "use these settings: thread_stack: 16383 bytes are too small for a thread: use at \
         least 16384"
    );
    assert_eq!(stack.errno(), None);
    let release_backlog = Some(0);
    let several = error(ServerSettings { listeners: 65, release_backlog, ..settings() });
    assert_eq!(
        several.to_string(),
        "use these settings: listeners: 65 listening sockets: use 1 to 64; release_backlog: \
         no ACKs are held that could be let in: set hold_acks: true too"
    );
    let body = error(ServerSettings { largest_body: Some(0), ..settings() });
    assert_eq!(
        body.to_string(),
        "use these settings: largest body 0 does not fit u32be: choose 1 to 4294967295"
    );

    let first = Server::bind(&settings()).expect("a free port");
    let port = first.local_address().port();
    let taken = error(ServerSettings { port, ..settings() });
    assert_eq!(taken.errno(), Some(nix::libc::EADDRINUSE));
    let text = taken.to_string();
    assert!(
        text.starts_with(&format!("listen on 127.0.0.1:{port}: "))
            || text.starts_with(&format!("bind 127.0.0.1:{port}: ")),
        "{text}"
    );
    let pid = std::process::id();
    assert!(text.contains(&format!("the listener 127.0.0.1:{port} of ")), "{text}");
    assert!(text.ends_with(&format!("(process {pid}); stop it, or choose another port")), "{text}");

    let address = "192.0.2.1".parse().expect("an address");
    let foreign = error(ServerSettings { address, ..settings() });
    assert_eq!(foreign.errno(), Some(nix::libc::EADDRNOTAVAIL));
    let text = foreign.to_string();
    assert!(text.contains("no interface here has 192.0.2.1, only 127.0.0.1"), "{text}");
}
