//! What one client sends reaches every other, complete and in order, in every design.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use crate::common::{Client, TestServer, designs, framings, locks_of_a_broadcast, with_design};
use chat_protocol::Framing;
use chat_server::ServerSettings;
use linux_net::testing::wait_until;

#[test]
fn every_client_receives_all_messages_of_others_in_order() {
    const CLIENTS: usize = 8;
    const MESSAGES: usize = 50;
    for (design, framing) in designs().flat_map(|d| framings().map(|f| (d, f))) {
        let server = TestServer::start(&ServerSettings { framing, ..with_design(design) });
        let clients: Vec<Client> = (0..CLIENTS).map(|_| server.connect()).collect();
        let addresses: Vec<_> = clients.iter().map(Client::address).collect();

        // All send and receive at the same time.
        thread::scope(|scope| {
            for (own, mut client) in clients.into_iter().enumerate() {
                scope.spawn(move || {
                    let mut next = BTreeMap::new();
                    let mut sent = 0;
                    for _ in 0..MESSAGES * (CLIENTS - 1) {
                        if sent < MESSAGES {
                            client.send(format!("{own} {sent} says hello").as_bytes());
                            sent += 1;
                        }
                        let text = client.receive_text();
                        let mut words = text.split(' ');
                        let mut number = || -> usize {
                            words.next().and_then(|word| word.parse().ok()).expect("a number")
                        };
                        let (sender, sequence) = (number(), number());
                        assert_ne!(sender, own, "{design}: a message came back");
                        let expected = next.entry(sender).or_insert(0);
                        assert_eq!(sequence, *expected, "{design}: order of {sender} at {own}");
                        *expected += 1;
                    }
                    assert!(next.values().all(|&count| count == MESSAGES), "{design}: {next:?}");
                });
            }
        });

        wait_until("all have left", || server.clients() == 0);
        let report = server.stop();
        let ingested = (CLIENTS * MESSAGES) as u64;
        let deliveries = ingested * (CLIENTS as u64 - 1);
        assert_eq!(report.messages_ingested, ingested);
        assert_eq!(report.deliveries, deliveries, "{design}");
        assert_eq!(report.bytes_out, report.bytes_in * (CLIENTS as u64 - 1));
        assert_eq!((report.metrics.failed_writes, report.metrics.protocol_errors), (0, 0));
        assert_eq!(report.metrics.most_clients, CLIENTS as u64);
        assert!(report.metrics.accept_errors.is_empty(), "{:?}", report.metrics.accept_errors);
        let accepted: Vec<_> = report.accepted.iter().map(|connection| connection.peer).collect();
        assert_eq!(accepted, addresses, "in the order of the connects");
        assert!(report.accepted.is_sorted_by_key(|connection| connection.at_ns));
        let locks = report.metrics.lock_hold.count;
        assert_eq!(report.metrics.lock_wait.count, locks);
        // One lock to register, one to leave, and those of each broadcast.
        let expected =
            locks_of_a_broadcast(design).map(|each| ingested * each + 2 * CLIENTS as u64);
        assert_eq!(expected.unwrap_or(locks), locks, "{design}");
        let for_messages = locks_of_a_broadcast(design).map_or(0, |each| ingested * each);
        assert_eq!(report.metrics.message_hold.count, for_messages, "{design}");
        let cost = report.metrics.delivery_cost.expect("messages came");
        assert!(cost.deliveries > 0 && cost.deliveries <= deliveries, "{design}: {cost:?}");
        assert!(cost.cpu_seconds > 0.0, "{design}: {cost:?}");
        assert!(cost.cpu_seconds <= report.metrics.usage.cpu_seconds(), "{design}: {cost:?}");
        assert!(report.metrics.lock_hold.max_ns >= report.metrics.lock_hold.p99_ns);
        assert!(report.metrics.lock_hold.mean_ns > 0.0);
        let (first, last) = report.ingest_window_ns.expect("messages were read");
        assert!(report.accepted[CLIENTS - 1].at_ns < first && first < last);
    }
}

#[test]
fn frames_of_two_senders_never_mix_at_slow_readers() {
    const MESSAGES: u16 = 60;
    const BODY: usize = 60_000;
    const READERS: usize = 3;
    for design in designs() {
        // In the designs that queue messages, the least: the senders are held again and again.
        let client_queue = 4 + 65_536;
        let server = TestServer::start(&ServerSettings { client_queue, ..with_design(design) });
        let readers: Vec<Client> =
            (0..READERS).map(|_| server.connect_with_small_buffer()).collect();
        let senders: Vec<Client> = (0..2).map(|_| server.connect()).collect();
        let sending = server.senders(&senders);

        thread::scope(|scope| {
            for (sender, mut client) in (0u8..).zip(senders) {
                let mut other = client.split();
                scope.spawn(move || {
                    for sequence in 0..MESSAGES {
                        client.send(&body(sender, sequence));
                    }
                });
                // The other sender's messages are read too, or they would
                // block it.
                scope.spawn(move || {
                    for sequence in 0..MESSAGES {
                        let got = other.receive().expect("a message");
                        assert!(got == body(1 - sender, sequence), "{design}: sender {sender}");
                    }
                });
            }
            // No one reads until both senders have filled the readers' buffers, and one is in the
            // middle of a frame.
            server.wait_until_all_stuck_on(&readers, &sending);
            for mut reader in readers {
                scope.spawn(move || {
                    let mut next = [0, 0];
                    for count in 0..2 * MESSAGES {
                        let got = reader.receive().expect("a message");
                        let sender = got[0];
                        let expected = body(sender, next[usize::from(sender)]);
                        assert!(got == expected, "{design}: frame {count} is mixed or astray");
                        next[usize::from(sender)] += 1;
                        // Slower than the senders, so that they are stuck again.
                        if count % 20 == 0 {
                            thread::sleep(Duration::from_millis(2));
                        }
                    }
                });
            }
        });
        server.stop();
    }

    /// A body in which any byte of another is noticed.
    fn body(sender: u8, sequence: u16) -> Vec<u8> {
        let [high, low] = sequence.to_be_bytes();
        [sender, high, low].into_iter().cycle().take(BODY).collect()
    }
}

#[test]
fn a_malformed_header_ends_only_its_own_connection() {
    for design in designs() {
        let server =
            TestServer::start(&ServerSettings { framing: Framing::Ascii4, ..with_design(design) });
        let mut bad = server.connect();
        let mut good = server.connect();
        let mut witness = server.connect();
        bad.send_raw(b"0005first12a4never");
        assert_eq!(good.receive_text(), "first", "earlier messages are delivered");
        assert_eq!(bad.receive(), None, "a clean end of file");
        wait_until("its thread waits for its end of file", || {
            server.handle.report().metrics.protocol_errors == 1
        });
        good.send(b"still here");
        assert_eq!(witness.receive_text(), "first");
        assert_eq!(witness.receive_text(), "still here");
        drop(bad);
        wait_until("its thread has gone", || server.clients() == 2);
        let report = server.stop();
        assert_eq!(report.metrics.protocol_errors, 1);
        assert_eq!(report.messages_ingested, 2);
        assert_eq!(report.deliveries, 3);
    }
}

#[test]
fn a_truncated_message_is_not_delivered() {
    for design in designs() {
        let server = TestServer::start(&with_design(design));
        let mut cut = server.connect();
        let mut other = server.connect();
        cut.send_raw(b"\0\0\0\x05hel");
        drop(cut);
        wait_until("its thread has gone", || server.clients() == 1);
        server.connect().send(b"next");
        assert_eq!(other.receive_text(), "next");
        let report = server.stop();
        assert_eq!((report.messages_ingested, report.metrics.protocol_errors), (1, 0));
        assert_eq!(report.bytes_in, 7 + 8);
    }
}

#[test]
fn the_largest_body_is_that_of_the_settings() {
    for design in designs() {
        let server =
            TestServer::start(&ServerSettings { largest_body: Some(10), ..with_design(design) });
        let mut sender = server.connect();
        let mut other = server.connect();
        sender.send(b"ten bytes!");
        assert_eq!(other.receive_text(), "ten bytes!");
        sender.send_raw(b"\0\0\0\x0b");
        assert_eq!(sender.receive(), None);
        assert_eq!(server.stop().metrics.protocol_errors, 1);
    }
}
