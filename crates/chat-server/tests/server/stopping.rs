//! A stop waits for nothing in any state of the server: what it could wait for lasts an hour.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use chat_protocol::{Codec, Framing};
use chat_server::{ClosesFirst, ServerSettings};

use linux_net::testing::wait_until;

use crate::common::{TestServer, designs, settings, with_design};

#[test]
fn with_hundreds_of_idle_clients() {
    for design in designs() {
        let server = TestServer::start(&ServerSettings { backlog: 512, ..with_design(design) });
        let clients: Vec<_> = (0..400).map(|_| server.start_connect()).collect();
        wait_until("all have their threads", || server.clients() == 400);
        let report = server.stop();
        assert_eq!(report.metrics.most_clients, 400);
        for mut client in clients {
            assert_eq!(client.receive(), None, "a stop is a clean end of file");
        }
    }
}

#[test]
fn with_clients_that_do_not_read() {
    const STUCK_FOR: Duration = Duration::from_secs(1);
    for design in designs() {
        let server = TestServer::start(&with_design(design));
        let deaf: Vec<_> = (0..3).map(|_| server.connect_with_small_buffer()).collect();
        let senders: Vec<_> = (0..3).map(|_| server.connect()).collect();
        let sending = server.senders(&senders);
        thread::scope(|scope| {
            for sender in senders {
                scope.spawn(move || flood(&sender.stream));
            }
            server.wait_until_all_stuck_on(&deaf, &sending);
            let holds_lock = design.as_str() == "global-lock";
            if holds_lock {
                // Waits for nothing: it is the time that the lock is held and waited for
                // below, at least.
                thread::sleep(STUCK_FOR);
            }
            // Under the global lock this one is not registered, because the accept loop
            // waits for the blocked broadcast too.
            let _late = server.start_connect();
            let stuck = server.handle.report();
            let report = server.stop();
            assert!(report.messages_ingested >= stuck.messages_ingested);
            assert_eq!(
                report.metrics.failed_writes, 0,
                "{design}: a write that the stop ends is not a failure"
            );
            assert!(report.metrics.lock_hold.count > 0, "{design}");
            if holds_lock {
                for times in [&report.metrics.lock_hold, &report.metrics.lock_wait] {
                    assert!(times.max_ns >= STUCK_FOR.as_nanos() as u64, "{times:?}");
                }
            } else {
                assert!(
                    report.metrics.lock_hold.max_ns < report.metrics.lock_hold.count * 100_000_000
                );
            }
        });
    }
}

#[test]
fn with_traffic_at_full_speed() {
    for design in designs() {
        let server = TestServer::start(&with_design(design));
        let clients: Vec<_> = (0..6).map(|_| server.connect()).collect();
        let readers = AtomicUsize::new(0);
        thread::scope(|scope| {
            for client in clients {
                let (reader, readers) = (client.split(), &readers);
                scope.spawn(move || flood(&client.stream));
                scope.spawn(move || {
                    (&reader.stream).read_exact(&mut [0]).expect("the messages of the others");
                    readers.fetch_add(1, Ordering::Relaxed);
                    // Until the server ends it, in either way.
                    let _ = std::io::copy(&mut &reader.stream, &mut std::io::sink());
                });
            }
            wait_until("the chat is going and everyone receives it", || {
                server.ingested() > 2000 && readers.load(Ordering::Relaxed) == 6
            });
            let report = server.stop();
            assert_eq!(report.metrics.failed_writes, 0, "{design}");
            assert!(report.deliveries <= report.messages_ingested * 5);
        });
    }
}

#[test]
fn while_accepting_is_paused() {
    let server = TestServer::start(&ServerSettings { accept_paused: true, ..settings() });
    let mut queued = server.start_connect();
    let report = server.stop();
    assert_eq!(report.accepted, []);
    let ended = std::io::Read::read(&mut queued.stream, &mut [0]);
    ended.expect_err("closing a listener resets what it has queued");
}

#[test]
fn while_an_accept_is_delayed() {
    let accept_delay = Duration::from_secs(3600);
    let server = TestServer::start(&ServerSettings { accept_delay, ..settings() });
    let _queued = server.start_connect();
    assert_eq!(server.stop().accepted, []);
}

#[test]
fn while_waiting_for_an_end_of_file() {
    for design in designs() {
        let closes_first = ClosesFirst::Server;
        let drain = Duration::from_secs(3600);
        let server = TestServer::start(&ServerSettings {
            closes_first,
            close_after: 0,
            drain,
            ..with_design(design)
        });
        let mut client = server.connect();
        assert_eq!(client.receive(), None);
        assert_eq!(server.clients(), 1, "it waits for this client to close");
        server.stop();
    }
}

#[test]
fn before_any_client_and_twice() {
    for design in designs() {
        let server = TestServer::start(&with_design(design));
        server.handle.stop();
        server.stop();
    }
}

/// Small messages until the server ends the connection.
fn flood(mut stream: &std::net::TcpStream) {
    let codec = Codec::new(Framing::U32be, None).expect("the default fits");
    let mut frames = Vec::new();
    for _ in 0..1000 {
        codec.encode(b"thirty bytes of chatter, or so", &mut frames).expect("it fits");
    }
    while stream.write_all(&frames).is_ok() {}
}
