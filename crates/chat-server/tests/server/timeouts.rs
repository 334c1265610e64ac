//! Clients that do not go on are closed and counted by cause.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use chat_protocol::{Codec, Framing};
use chat_server::ServerSettings;
use linux_net::testing::wait_until;
use worker::metrics::ClosedBecause;

use crate::common::{Client, TIMEOUT, TestServer, designs, read_ahead, with_design};

fn closed(server: &TestServer, cause: ClosedBecause) -> u64 {
    server.handle.client_failures().closed.get(&cause).copied().unwrap_or(0)
}

/// Reads up to the end of the connection.
fn read_to_its_end(client: &mut Client) {
    let end = client.stream.read_to_end(&mut Vec::new());
    // A RST if it was still writing.
    let is_timeout = end.as_ref().is_err_and(|error| {
        matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
    });
    assert!(!is_timeout, "it was not closed in {TIMEOUT:?}");
}

#[test]
fn a_message_that_is_not_completed_ends_its_connection() {
    let frame_timeout = Duration::from_millis(200);
    for design in designs() {
        let server = TestServer::start(&ServerSettings { frame_timeout, ..with_design(design) });
        let mut silent = server.connect();
        let mut sender = server.connect();
        let starts: [&[u8]; 5] =
            [b"\0", b"\0\0\0", b"\0\0\0\x05", b"\0\0\0\x05hel", b"\0\0\0\x02hi\0\0"];
        for (start, count) in starts.into_iter().zip(1..) {
            let mut client = server.connect();
            client.send_raw(start);
            read_to_its_end(&mut client);
            assert_eq!(closed(&server, ClosedBecause::FrameTimeout), count, "{start:?}");
        }
        // The time of a client without the beginning of a message is not limited.
        assert_eq!(silent.receive_text(), "hi");
        sender.send(b"whole");
        assert_eq!(silent.receive_text(), "whole");
        assert_eq!(server.stop().metrics.closed, [(ClosedBecause::FrameTimeout, 5)].into());
    }
}

#[test]
fn a_byte_now_and_then_does_not_keep_a_connection() {
    for design in designs() {
        let server = TestServer::start(&ServerSettings {
            frame_timeout: Duration::from_millis(200),
            ..with_design(design)
        });
        let mut clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
        thread::scope(|scope| {
            for client in &mut clients {
                scope.spawn(|| {
                    client.send_raw(b"\0\0\xff\xff");
                    // Much less than the timeout apart, until the server has closed it.
                    while client.stream.write_all(b"x").is_ok() {
                        thread::sleep(Duration::from_millis(20));
                    }
                });
            }
        });
        wait_until("all have left", || server.clients() == 0);
        assert_eq!(server.stop().metrics.closed, [(ClosedBecause::FrameTimeout, 20)].into());
    }
}

/// The rest of a message may wait in the server's receive buffer while it delivers the one before.
#[test]
fn the_time_in_which_the_server_does_not_read_does_not_count() {
    // More than one read(2) of the server.
    const BODY: usize = 20_000;
    // Messages of one write(2): more than a segment of loopback or a round of an event loop takes.
    // So a server that reads all that has arrived has read a part of a message, nearly always.
    const WRITTEN: u64 = 8;
    let frame_timeout = Duration::from_millis(200);
    for design in designs() {
        // So that some of it is left in the kernel, which shows that the server does not read.
        let ahead = WRITTEN + read_ahead(design).div_ceil(BODY as u64);
        let is_conclusive = || {
            let server =
                TestServer::start(&ServerSettings { frame_timeout, ..with_design(design) });
            let mut deaf = server.connect_with_small_buffer();
            let mut sender = server.connect();
            let sending = server.senders(std::slice::from_ref(&sender));
            // Only whole messages, which are with the kernel before the server goes on (the send
            // buffer has room for them): no thread of the test has to write the rest of one in time.
            let mut sent = 0;
            wait_until("the server reads no more", || {
                while sent < server.ingested() + ahead {
                    sender.send_many(WRITTEN, &[7; BODY]);
                    sent += WRITTEN;
                }
                sending.are_stuck_on(std::slice::from_ref(&deaf))
            });
            let report = server.handle.report();
            let frame = (Framing::HEADER_BYTES + BODY) as u64;
            if report.bytes_in <= report.messages_ingested * frame {
                return false;
            }
            let start = Instant::now();
            wait_until("longer than a message may take", || start.elapsed() > 2 * frame_timeout);
            for _ in 0..sent {
                assert_eq!(deaf.receive().expect("the sender is kept").len(), BODY);
            }
            assert_eq!(server.stop().metrics.closed, [].into(), "{design}");
            true
        };
        assert!((0..50).any(|_| is_conclusive()), "it never had a part of the next message");
    }
}

#[test]
fn a_silent_client_is_closed_and_one_that_receives_is_kept() {
    for design in designs() {
        let idle_timeout = Duration::from_millis(400);
        let is_conclusive = || {
            let server = TestServer::start(&ServerSettings { idle_timeout, ..with_design(design) });
            // Without a message for it, because it is the sender's own.
            let mut sender = server.connect();
            let mut receiver = server.connect();
            // From before a message is sent until the next one has been received: in this time the
            // server has read both and has delivered both.
            let mut longest = Duration::ZERO;
            let mut last = Instant::now();
            let start = Instant::now();
            let mut kept = true;
            while kept && start.elapsed() < 4 * idle_timeout {
                let sending = Instant::now();
                kept = sender.stream.write_all(b"\0\0\0\x02hi").is_ok()
                    && receiver.stream.read_exact(&mut [0; 6]).is_ok();
                longest = longest.max(last.elapsed());
                last = sending;
                thread::sleep(idle_timeout / 20);
            }
            kept &= closed(&server, ClosedBecause::IdleTimeout) == 0;
            longest = longest.max(last.elapsed());
            // On a busy machine there may have been nothing to receive for as long.
            if longest > idle_timeout / 2 {
                return false;
            }
            assert!(kept, "it sends every {longest:?} at most");
            read_to_its_end(&mut sender);
            read_to_its_end(&mut receiver);
            wait_until("both are counted", || closed(&server, ClosedBecause::IdleTimeout) == 2);
            server.stop();
            true
        };
        assert!((0..50).any(|_| is_conclusive()), "the machine is always too busy");
    }
}

/// Fills the buffers of `deaf` clients and everything that the sender has.
fn flood(client: &Client) {
    let codec = Codec::new(Framing::U32be, None).expect("the default fits");
    let mut frame = Vec::new();
    codec.encode(&[7; 60_000], &mut frame).expect("it fits");
    let mut stream = &client.stream;
    while stream.write_all(&frame).is_ok() {}
}

#[test]
fn clients_that_never_read_are_closed_and_the_others_go_on() {
    const DEAF: u64 = 2;
    // So that a reader that stalls is not taken for one that never reads.
    let write_timeout = Duration::from_secs(3);
    for design in designs() {
        let server = TestServer::start(&ServerSettings { write_timeout, ..with_design(design) });
        let deaf: Vec<_> = (0..DEAF).map(|_| server.connect_with_small_buffer()).collect();
        let senders: Vec<_> = (0..2).map(|_| server.connect()).collect();
        thread::scope(|scope| {
            let _stop = server.stop_at_end();
            for sender in &senders {
                let reader = sender.split();
                scope.spawn(|| flood(sender));
                scope.spawn(move || std::io::copy(&mut &reader.stream, &mut std::io::sink()));
            }
            wait_until("they are given up", || {
                closed(&server, ClosedBecause::WriteTimeout) == DEAF
            });
            wait_until("their threads have gone", || server.clients() == 2);
            let before = server.handle.status();
            wait_until("the others go on", || {
                server.handle.status().deliveries > before.deliveries + 100
            });
            let report = server.handle.report();
            assert_eq!(report.metrics.closed, [(ClosedBecause::WriteTimeout, DEAF)].into());
            assert_eq!(report.metrics.failed_writes, 0);
            assert!(report.metrics.write_wait.max_ns >= write_timeout.as_nanos() as u64 * 9 / 10);
            // Connects are not blocked either.
            server.connect();
        });
        for client in deaf {
            // Nothing is left for it in the kernel: a RST.
            let end = (&client.stream).read_to_end(&mut Vec::new());
            end.expect_err("the server has dropped what it did not read");
        }
        server.stop();
    }
}

#[test]
fn a_client_that_reads_a_few_bytes_now_and_then_is_closed_too() {
    let write_timeout = Duration::from_millis(300);
    for design in designs() {
        let server = TestServer::start(&ServerSettings { write_timeout, ..with_design(design) });
        let slow = server.connect_with_small_buffer();
        let sender = server.connect();
        thread::scope(|scope| {
            let _stop = server.stop_at_end();
            scope.spawn(|| flood(&sender));
            scope.spawn(|| {
                // Until the connection has ended: a few bytes 30 times a second are less than
                // 1 KiB.
                while (&slow.stream).read(&mut [0; 8]).is_ok_and(|count| count > 0) {
                    thread::sleep(Duration::from_millis(33));
                }
            });
            wait_until("it is given up", || closed(&server, ClosedBecause::WriteTimeout) == 1);
            wait_until("its thread has gone", || server.clients() == 1);
        });
        server.stop();
    }
}

#[test]
fn a_timeout_of_zero_is_endless() {
    for design in designs() {
        let off = Duration::ZERO;
        let server = TestServer::start(&ServerSettings {
            frame_timeout: off,
            idle_timeout: off,
            write_timeout: off,
            ..with_design(design)
        });
        let deaf = server.connect_with_small_buffer();
        let mut half = server.connect();
        half.send_raw(b"\0\0");
        let sender = server.connect();
        let sending = server.senders(std::slice::from_ref(&sender));
        thread::scope(|scope| {
            let _stop = server.stop_at_end();
            scope.spawn(|| flood(&sender));
            server.wait_until_all_stuck_on(std::slice::from_ref(&deaf), &sending);
            let start = Instant::now();
            wait_until("a while has passed", || start.elapsed() > Duration::from_millis(300));
            assert_eq!(server.handle.client_failures().closed, [].into());
            assert_eq!(server.clients(), 3);
        });
        server.stop();
    }
}
