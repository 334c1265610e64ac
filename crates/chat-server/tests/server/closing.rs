//! Who closes first, and so who owns TIME_WAIT, as /proc/self/net/tcp tells.

use std::fs;
use std::net::SocketAddr;

use chat_server::{ClosesFirst, Server, ServerSettings};

use crate::common::{TestServer, settings, wait_until};

fn closes_first(close_after: u32) -> ServerSettings {
    ServerSettings {
        closes_first: ClosesFirst::Server,
        close_after,
        ..settings()
    }
}

/// The state of the IPv4 loopback socket with these ports.
fn state(local: SocketAddr, remote: SocketAddr) -> Option<u8> {
    let table = fs::read_to_string("/proc/self/net/tcp").expect("Linux has it");
    let ports = |pair: &str| pair.split_once(':').map(|(_, port)| port.to_owned());
    let port = |address: SocketAddr| Some(format!("{:04X}", address.port()));
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(1);
        let (from, to, state) = (columns.next()?, columns.next()?, columns.next()?);
        (ports(from) == port(local) && ports(to) == port(remote))
            .then(|| u8::from_str_radix(state, 16).expect("a state in hexadecimal"))
    })
}

const TIME_WAIT: u8 = 6;

#[test]
fn the_client_owns_time_wait_when_it_closes_first() {
    let server = TestServer::start(&settings());
    let (ours, client) = (server.address, server.connect());
    let theirs = client.address();
    drop(client);
    wait_until("the client is in TIME_WAIT", || {
        state(theirs, ours) == Some(TIME_WAIT)
    });
    assert_eq!(state(ours, theirs), None);
    server.stop();
}

#[test]
fn the_server_owns_time_wait_when_it_closes_first() {
    for close_after in [0, 1, 3] {
        let server = TestServer::start(&closes_first(close_after));
        let (ours, mut client) = (server.address, server.connect_unseen());
        let theirs = client.address();
        // More than the server wants: unread data must not become a RST.
        for _ in 0..close_after {
            client.send(b"counted");
        }
        if close_after > 0 {
            client.send(b"too late to be read");
        }
        assert_eq!(client.receive(), None);
        drop(client);
        wait_until("the server is in TIME_WAIT", || {
            state(ours, theirs) == Some(TIME_WAIT)
        });
        assert_eq!(state(theirs, ours), None);
        wait_until("its thread has gone", || server.threads() == 0);
        let report = server.stop();
        assert_eq!(report.messages_ingested, u64::from(close_after));
    }
}

#[test]
fn others_still_get_the_last_message_of_one_that_is_closed() {
    let server = TestServer::start(&closes_first(2));
    let mut sender = server.connect();
    let mut other = server.connect();
    sender.send(b"one");
    sender.send(b"two");
    assert_eq!(sender.receive(), None);
    assert_eq!([other.receive_text(), other.receive_text()], ["one", "two"]);
    other.send(b"nobody is registered but me");
    other.send(b"and then I go");
    assert_eq!(other.receive(), None);
    let report = server.stop();
    assert_eq!((report.messages_ingested, report.deliveries), (4, 2));
}

#[test]
fn a_client_that_never_closes_is_let_go() {
    let server = TestServer::start(&closes_first(0));
    let mut client = server.connect_unseen();
    assert_eq!(client.receive(), None);
    wait_until("the server no longer waits for it", || {
        server.threads() == 0
    });
    server.stop();
}

#[test]
fn reuse_address_decides_a_bind_over_time_wait() {
    for reuse_address in [true, false] {
        let server = TestServer::start(&ServerSettings {
            reuse_address,
            ..closes_first(0)
        });
        let (ours, mut client) = (server.address, server.connect_unseen());
        let theirs = client.address();
        assert_eq!(client.receive(), None);
        drop(client);
        wait_until("the server is in TIME_WAIT", || {
            state(ours, theirs) == Some(TIME_WAIT)
        });
        server.stop();
        let again = ServerSettings {
            reuse_address,
            port: ours.port(),
            ..settings()
        };
        match Server::bind(&again) {
            Ok(_) => assert!(reuse_address, "TIME_WAIT stands on the port"),
            Err(error) => {
                assert!(!reuse_address, "{error}");
                assert_eq!(error.errno(), Some(nix::libc::EADDRINUSE));
            }
        }
    }
}
