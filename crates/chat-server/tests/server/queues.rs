//! Clients that do not read, in the designs that queue messages for them.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use chat_protocol::{Codec, Framing};
use chat_server::{ClosesFirst, ServerSettings, WhenFull};
use linux_net::testing::wait_until;
use worker::metrics::ClosedBecause;

use crate::common::{Client, TestServer, designs, with_design};
use crate::tcp_table::is_window_closed;

/// The size of a body, bytes.
const BODY: usize = 60_000;

/// More messages than buffers and a queue have room for.
const MANY: u32 = 120;

fn with_queues(when_full: WhenFull) -> impl Iterator<Item = ServerSettings> {
    let designs = designs().filter(|name| name.design().queues);
    designs.map(move |design| ServerSettings { when_full, ..with_design(design) })
}

fn body_of(sequence: u32) -> Vec<u8> {
    sequence.to_be_bytes().repeat(BODY / 4)
}

/// The sequence number of a body that is whole.
fn sequence_of(body: &[u8]) -> u32 {
    let sequence = u32::from_be_bytes(body[..4].try_into().expect("4 bytes"));
    assert!(body == body_of(sequence), "it is mixed");
    sequence
}

/// Sends messages, from `first` on; how many could be written.
fn send(client: &Client, first: u32, count: u32) -> u32 {
    let codec = Codec::new(Framing::U32be, None).expect("the default fits");
    let mut stream = &client.stream;
    let mut frame = Vec::new();
    let written = (first..first + count).take_while(|&sequence| {
        frame.clear();
        codec.encode(&body_of(sequence), &mut frame).expect("it fits");
        stream.write_all(&frame).is_ok()
    });
    written.count() as u32
}

/// Sends many messages, each when `reader` has got the one before, so that nothing waits for it.
/// They wait for `deaf`, which has got a part of the first one: its writer, if it has one, has
/// begun.
fn send_to(reader: &mut Client, sender: &Client, deaf: &Client, server: &TestServer) {
    let deaf = deaf.stream.local_addr().expect("it is connected");
    for sequence in 0..MANY {
        assert_eq!(send(sender, sequence, 1), 1);
        assert_eq!(sequence_of(&reader.receive().expect("a message")), sequence);
        if sequence == 0 {
            wait_until("it takes nothing more", || is_window_closed(deaf, server.address));
        }
    }
}

#[test]
fn a_client_with_a_full_queue_is_closed_and_the_others_get_everything() {
    for settings in with_queues(WhenFull::CloseClient) {
        let server = TestServer::start(&settings);
        let deaf = server.connect_with_small_buffer();
        let mut reader = server.connect();
        let sender = server.connect();
        send_to(&mut reader, &sender, &deaf, &server);
        wait_until("the deaf one has left", || server.clients() == 2);
        let end = (&deaf.stream).read_to_end(&mut Vec::new());
        end.expect_err("the server has dropped what it did not read");
        let report = server.stop();
        assert_eq!(report.metrics.closed, [(ClosedBecause::QueueFull, 1)].into());
        assert_eq!((report.metrics.dropped, report.metrics.failed_writes), (0, 0));
        assert!((u64::from(MANY)..2 * u64::from(MANY)).contains(&report.deliveries));
    }
}

#[test]
fn messages_without_room_are_dropped_for_that_client_only_and_counted() {
    for settings in with_queues(WhenFull::DropMessage) {
        let server = TestServer::start(&settings);
        let mut deaf = server.connect_with_small_buffer();
        let mut reader = server.connect();
        let sender = server.connect();
        send_to(&mut reader, &sender, &deaf, &server);
        thread::scope(|scope| {
            let _stop = server.stop_at_end();
            let reading = scope.spawn(move || {
                let mut next = || sequence_of(&deaf.receive().expect("a message"));
                let sequences: Vec<_> =
                    std::iter::from_fn(|| Some(next()).filter(|&sequence| sequence < MANY))
                        .collect();
                assert!(sequences.is_sorted_by(|one, next| one < next), "{sequences:?}");
                sequences.len() as u64
            });
            let all = 2 * u64::from(MANY);
            wait_until("all are written or dropped", || {
                let report = server.handle.report();
                report.deliveries + report.metrics.dropped == all
            });
            // Both get it, because nothing waits.
            assert_eq!(send(&sender, MANY, 1), 1);
            assert_eq!(sequence_of(&reader.receive().expect("a message")), MANY);
            let received = reading.join().expect("no panic");
            let dropped = server.handle.report().metrics.dropped;
            assert!(dropped > 0 && received + dropped == u64::from(MANY), "{received} {dropped}");
        });
        let report = server.stop();
        assert_eq!(report.deliveries + report.metrics.dropped, 2 * u64::from(MANY + 1));
        assert_eq!(report.bytes_out, report.deliveries * (Framing::HEADER_BYTES + BODY) as u64);
        assert_eq!(report.metrics.closed, [].into());
    }
}

#[test]
fn senders_wait_for_room_and_nothing_is_lost() {
    for settings in with_queues(WhenFull::HoldSender) {
        let server = TestServer::start(&settings);
        let all = 2 * u64::from(MANY + 1);
        let mut deaf = server.connect_with_small_buffer();
        let sender = server.connect();
        let mut receiver = sender.split();
        let mut reader = server.connect();
        let senders = server.senders(std::slice::from_ref(&sender));
        thread::scope(|scope| {
            let _stop = server.stop_at_end();
            let sending = scope.spawn(|| send(&sender, 0, MANY));
            // The others get also the message with which the sender is held.
            let mut read = 0;
            wait_until("the sender is held", || {
                while u64::from(read) < server.ingested() {
                    assert_eq!(sequence_of(&reader.receive().expect("a message")), read);
                    read += 1;
                }
                senders.are_stuck_on(std::slice::from_ref(&deaf))
            });
            let reader = &mut reader;
            scope.spawn(move || {
                for sequence in read..MANY {
                    assert_eq!(sequence_of(&reader.receive().expect("a message")), sequence);
                }
            });
            for sequence in 0..MANY {
                let body = deaf.receive().expect("a message");
                assert_eq!(sequence_of(&body), sequence, "{}", settings.design);
            }
            assert_eq!(sending.join().expect("no panic"), MANY);
            deaf.send(b"thank you");
            assert_eq!(receiver.receive_text(), "thank you");
            wait_until("both have it", || server.handle.status().deliveries == all);
        });
        let report = server.stop();
        assert_eq!(report.deliveries, all);
        assert_eq!((report.metrics.dropped, report.metrics.closed), (0, [].into()));
        assert!(report.metrics.write_wait.count > 0, "writes waited for it");
    }
}

fn leave_by_close(client: Client) {
    drop(client);
}

/// Sends its end of file, and never reads.
fn leave_half(client: Client) {
    client.stream.shutdown(Shutdown::Write).expect("it is connected");
    std::mem::forget(client);
}

#[test]
fn a_client_that_leaves_holds_no_sender() {
    for settings in with_queues(WhenFull::HoldSender) {
        for leave in [leave_by_close, Client::reset, leave_half] {
            // Endless: only the leave ends the wait.
            let write_timeout = Duration::ZERO;
            let server = TestServer::start(&ServerSettings { write_timeout, ..settings.clone() });
            let deaf = server.connect_with_small_buffer();
            let sender = server.connect();
            let senders = server.senders(std::slice::from_ref(&sender));
            thread::scope(|scope| {
                let _stop = server.stop_at_end();
                let sending = scope.spawn(|| send(&sender, 0, MANY));
                server.wait_until_all_stuck_on(std::slice::from_ref(&deaf), &senders);
                leave(deaf);
                assert_eq!(sending.join().expect("no panic"), MANY, "{}", settings.design);
            });
            assert!(server.stop().deliveries < u64::from(MANY));
        }
    }
}

#[test]
fn a_client_that_the_server_closes_first_gets_what_waits_for_it() {
    /// Fewer than a queue has room for, and more than buffers have.
    const WAITING: u32 = 12;
    for settings in with_queues(WhenFull::HoldSender) {
        let settings =
            ServerSettings { closes_first: ClosesFirst::Server, close_after: WAITING, ..settings };
        let server = TestServer::start(&settings);
        let mut late = server.connect_with_small_buffer();
        let sender = server.connect();
        // The last one ends the sender.
        assert_eq!(send(&sender, 0, WAITING), WAITING);
        wait_until("all are read", || server.ingested() == u64::from(WAITING));
        for _ in 0..WAITING {
            late.send(b"bye");
        }
        wait_until("the server has read its last", || server.ingested() == 2 * u64::from(WAITING));
        for sequence in 0..WAITING {
            let body = late.receive().expect("a message");
            assert_eq!(sequence_of(&body), sequence, "{}", settings.design);
        }
        assert_eq!(late.receive(), None, "a clean end of file");
        let report = server.stop();
        assert!(report.deliveries >= u64::from(WAITING));
        assert_eq!(report.metrics.failed_writes, 0);
    }
}
