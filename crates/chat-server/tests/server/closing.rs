//! Which side closes first, and so has the TIME_WAIT, as /proc/thread-self/net/tcp shows.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use chat_server::{ClosesFirst, DesignName, Server, ServerSettings};
use linux_net::testing::wait_until;

use crate::common::{TestServer, designs, in_a_host, settings, with_design};
use crate::tcp_table::{CLOSE_WAIT, find_socket};

fn closes_first(design: DesignName, close_after: u32) -> ServerSettings {
    let closes_first = ClosesFirst::Server;
    ServerSettings { closes_first, close_after, ..with_design(design) }
}

/// The state of the socket with these addresses.
fn state(local: SocketAddr, remote: SocketAddr) -> Option<u8> {
    find_socket(local, remote).map(|socket| socket.state)
}

const FIN_WAIT_2: u8 = 5;
const TIME_WAIT: u8 = 6;

/// Whether a side reaches TIME_WAIT in one of a few connections, each made by
/// `close_one`, which returns the address of that side and of the other.
///
/// One connection is not enough: if a busy machine delays an ACK, the other side
/// retransmits its FIN, and answers the ACK of that FIN with an RST, which ends the
/// TIME_WAIT early (RFC 1337).
fn owns_time_wait(mut close_one: impl FnMut() -> (SocketAddr, SocketAddr)) -> bool {
    (0..5).any(|_| {
        let (owner, other) = close_one();
        let start = Instant::now();
        loop {
            let states = (state(owner, other), state(other, owner));
            assert_ne!(states.1, Some(TIME_WAIT), "the wrong side owns it");
            match states.0 {
                Some(TIME_WAIT) => return true,
                _ if start.elapsed() > Duration::from_secs(3) => return false,
                _ => thread::sleep(Duration::from_millis(1)),
            }
        }
    })
}

#[test]
fn the_client_owns_time_wait_when_it_closes_first() {
    for design in designs() {
        let server = TestServer::start(&with_design(design));
        assert!(owns_time_wait(|| (server.connect().address(), server.address)));
        server.stop();
    }
}

#[test]
fn the_server_owns_time_wait_when_it_closes_first() {
    for design in designs() {
        for close_after in [0, 1, 3] {
            let server = TestServer::start(&closes_first(design, close_after));
            let ours = server.address;
            let mut connections = 0;
            assert!(owns_time_wait(|| {
                connections += 1;
                let mut client = server.start_connect();
                let theirs = client.address();
                for _ in 0..close_after {
                    client.send(b"counted");
                }
                assert_eq!(client.receive(), None);
                wait_until("only the server has closed", || {
                    (state(ours, theirs), state(theirs, ours))
                        == (Some(FIN_WAIT_2), Some(CLOSE_WAIT))
                });
                // A server that does not read until the end would answer with a RST.
                client.send(b"too late to be a message");
                (ours, theirs)
            }));
            wait_until("its threads have gone", || server.clients() == 0);
            let report = server.stop();
            assert_eq!(report.messages_ingested, u64::from(close_after) * connections);
        }
    }
}

#[test]
fn others_receive_the_last_message_of_a_client_that_is_closed() {
    for design in designs() {
        let server = TestServer::start(&closes_first(design, 2));
        let mut sender = server.connect();
        let mut other = server.connect();
        sender.send(b"one");
        sender.send(b"two");
        assert_eq!(sender.receive(), None);
        assert_eq!([other.receive_text(), other.receive_text()], ["one", "two"]);
        other.send(b"no other client");
        other.send(b"the last");
        assert_eq!(other.receive(), None);
        let report = server.stop();
        assert_eq!((report.messages_ingested, report.deliveries), (4, 2));
    }
}

#[test]
fn a_client_that_never_closes_is_dropped_after_a_while() {
    for design in designs() {
        let server = TestServer::start(&closes_first(design, 0));
        let mut client = server.start_connect();
        assert_eq!(client.receive(), None);
        wait_until("the server no longer waits for it", || server.clients() == 0);
        server.stop();
    }
}

#[test]
fn kernel_reuse_address_decides_a_bind_over_time_wait() {
    in_a_host(|| {
        for reuse_address in [true, false] {
            let server = TestServer::start(&ServerSettings {
                reuse_address,
                ..closes_first(DesignName::default(), 0)
            });
            let ours = server.address;
            assert!(owns_time_wait(|| {
                let mut client = server.start_connect();
                assert_eq!(client.receive(), None);
                (ours, client.address())
            }));
            server.stop();
            let again = ServerSettings { reuse_address, port: ours.port(), ..settings() };
            match Server::bind(&again) {
                Ok(_) => assert!(reuse_address, "a TIME_WAIT has the port"),
                Err(error) => {
                    assert!(!reuse_address, "{error}");
                    assert_eq!(error.errno(), Some(nix::libc::EADDRINUSE));
                }
            }
        }
    });
}
