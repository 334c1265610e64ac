//! A closed and reused descriptor never gets a message for the client that had it. This
//! test has its own process, in which no other test uses descriptors.

#[path = "server/common.rs"]
#[expect(dead_code, reason = "shared with the tests below `server`, which use the rest")]
mod common;
#[path = "server/tcp_table.rs"]
#[expect(dead_code, reason = "shared with the tests below `server`, which use the rest")]
mod tcp_table;

use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use chat_protocol::{Codec, Framing};
use common::{Client, Senders, TIMEOUT, TestServer, designs, new_socket, with_design};
use linux_net::testing::wait_until;
use tcp_table::is_server_blocked_on;

/// The sequence number that ends the test.
const LAST: u32 = u32::MAX;

/// The size of a body, bytes.
const BODY: usize = 60_000;

#[test]
fn a_new_client_never_gets_a_message_for_one_that_left() {
    for design in designs() {
        let server = TestServer::start(&with_design(design));
        let stuck = server.connect_with_small_buffer();
        let leaver = server.connect();
        let mut sender = server.connect();
        let senders = server.senders(std::slice::from_ref(&sender));
        let codec = Codec::new(Framing::U32be, None).expect("the default fits");

        let settled = AtomicUsize::new(0);
        thread::scope(|scope| {
            let settled = &settled;
            let sending = scope.spawn(move || {
                let mut frame = Vec::new();
                let start = Instant::now();
                let unsettled = |_: &u32| settled.load(Relaxed) < 3 && start.elapsed() < TIMEOUT;
                for sequence in (0..LAST).take_while(unsettled).chain([LAST]) {
                    frame.clear();
                    codec.encode(&body_of(sequence), &mut frame).expect("the body fits");
                    sender.stream.write_all(&frame).expect("the server reads");
                }
                sender
            });
            // A thread is in the middle of a frame to `stuck`; without queues, `leaver` is
            // next. It has read everything before it.
            let queues = design.design().queues;
            let in_flight = drain_until_stuck(&server, &leaver, &stuck, &senders);
            // Created now, so that the two descriptors which become free, the leaver's
            // own and the server's for it, are reused by two accepts.
            let sockets = [new_socket(), new_socket()];
            drop(leaver);
            // Under the global lock neither can happen before the broadcast ends. An event loop
            // that holds the senders reads nothing, also not that the leaver has gone.
            let apart = !["global-lock", "event-loop", "io-uring"].contains(&design.as_str());
            if apart {
                wait_until("the leaver's thread has gone", || server.clients() == 2);
            }
            let newcomers = sockets.map(|socket| server.connect_from(socket));
            if apart {
                wait_until("the newcomers are registered", || server.accepted() == 5);
            }
            // With unread data, this is a RST in the middle of the frame.
            drop(stuck);
            // Until its queue is full, messages wait for `stuck`, and the sender goes on.
            let newcomers = newcomers.map(|newcomer| (newcomer, apart && !queues));
            // It can get the descriptor of `stuck`.
            let last = (server.start_connect(), false);

            for (mut newcomer, gets_next) in newcomers.into_iter().chain([last]) {
                scope.spawn(move || {
                    let first = newcomer.receive().expect("the sender goes on");
                    let first = u32::from_be_bytes(first[..4].try_into().expect("4 bytes"));
                    assert!(
                        u64::from(first) > in_flight,
                        "{design}: got {first}, sent before it came: {in_flight} was on its way"
                    );
                    if gets_next {
                        assert_eq!(u64::from(first), in_flight + 1, "nothing is left out either");
                    }
                    let mut received = 0;
                    for sequence in first + 1.. {
                        let body = newcomer.receive().expect("the sender goes on");
                        if body == body_of(LAST) {
                            break;
                        }
                        assert!(body == body_of(sequence), "{design}: {sequence}");
                        received += 1;
                        if received == 10 {
                            settled.fetch_add(1, Relaxed);
                        }
                    }
                });
            }
            drop(sending.join().expect("the sender could send everything"));
        });
        let report = server.stop();
        assert!(report.metrics.failed_writes >= 1, "{design}: the write to `stuck` was cut short");
        assert!(report.metrics.failed_writes <= 2, "{design}: at most one for each that left");
    }
}

fn body_of(sequence: u32) -> Vec<u8> {
    sequence.to_be_bytes().repeat(BODY / 4)
}

/// Reads what `reader` gets until the server is blocked in a write to `stuck` and `reader`
/// has read every message before this one, which also waits for it if the design has queues. The
/// sequence number of this message.
fn drain_until_stuck(
    server: &TestServer,
    reader: &Client,
    stuck: &Client,
    senders: &Senders,
) -> u64 {
    let design = server.design.design();
    let mut stream = &reader.stream;
    stream.set_nonblocking(true).expect("a live socket");
    let mut chunk = vec![0; 65_536];
    let mut drained = 0;
    let mut in_flight = None;
    wait_until("the server is stuck, and everything before is read", || {
        loop {
            match stream.read(&mut chunk) {
                Ok(0) => panic!("the server has closed the reader"),
                Ok(bytes) => drained += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        let is_stuck = match design.threads_per_client {
            0 => senders.are_stuck_on(std::slice::from_ref(stuck)),
            _ => is_server_blocked_on(stuck.address(), server.address, std::process::id()),
        };
        in_flight = is_stuck.then(|| server.ingested() - 1);
        let read = (drained / (Framing::HEADER_BYTES + BODY)) as u64;
        in_flight.is_some_and(|in_flight| read == in_flight + u64::from(design.queues))
            && drained % (Framing::HEADER_BYTES + BODY) == 0
    });
    in_flight.expect("it is stuck")
}
