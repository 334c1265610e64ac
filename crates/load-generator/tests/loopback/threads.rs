//! Threads that read: everything is counted as by one thread.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::load::{assert_endings, check, config, load, load_once_registered};
use crate::relay::{Behaviour, Passing, Relay, plain};
use linux_net::testing::wait_until;
use load_generator::{
    Ending, Leave, LoadCommand, LoadEvent, LoadReport, LoadSettings, command_channel, run,
};
use worker::Message;
use worker::metrics::Integrity;

/// The last message of a client.
const LAST: u32 = 19;

/// As many as there are parts of the clients; 3 do not divide the clients evenly.
pub(crate) const THREADS: [u32; 3] = [1, 2, 3];

/// What must be the same whatever thread reads.
#[derive(Debug, PartialEq)]
struct Counts {
    endings: Vec<Ending>,
    deliveries: Vec<u64>,
    written: Vec<u32>,
    answered: Vec<bool>,
    undelivered: u64,
    bytes: (u64, u64),
    integrity: Integrity,
    latencies: u64,
    errors: BTreeMap<String, u64>,
    unframed: Option<String>,
}

fn counts(report: &LoadReport) -> Counts {
    let attempts = &report.attempts;
    Counts {
        endings: attempts.iter().map(|attempt| attempt.ending).collect(),
        deliveries: attempts.iter().map(|attempt| attempt.deliveries).collect(),
        written: attempts.iter().map(|attempt| attempt.messages_written).collect(),
        answered: attempts.iter().map(|attempt| attempt.answered).collect(),
        undelivered: report.undelivered,
        bytes: (report.bytes_out, report.bytes_in),
        integrity: report.integrity,
        latencies: report.delivery_latency.count,
        errors: report.errors.clone(),
        unframed: report.unframed.as_ref().map(|unframed| unframed.start.clone()),
    }
}

/// The index of the client that wrote a message.
fn sender(passing: &Passing) -> usize {
    let text = std::str::from_utf8(passing.body).unwrap();
    text.split(':').nth(2).unwrap().parse().unwrap()
}

/// Each kind of fault, at every receiver, before a message for which that one is waited for.
/// Counts the messages that it sends back to those that wrote them.
fn faulty(echoed: Arc<AtomicU64>) -> impl Fn(&Passing) -> Vec<Vec<u8>> + Send + Sync + 'static {
    let held = Mutex::new(HashMap::new());
    let last_of = Mutex::new(HashMap::new());
    move |passing| {
        last_of.lock().unwrap().insert(passing.from, passing.body.to_vec());
        let pair = (passing.from, passing.to);
        let mut bodies = plain(passing);
        if bodies.is_empty() {
            return bodies;
        }
        match (sender(passing), passing.number) {
            (0, 4) => bodies.clear(),
            (1, 5) => bodies = [bodies.clone(), bodies].concat(),
            (2, 6) => drop(held.lock().unwrap().insert(pair, std::mem::take(&mut bodies))),
            (2, 7) => bodies.extend(held.lock().unwrap().remove(&pair).unwrap()),
            (3, 8) => *bodies[0].last_mut().unwrap() ^= 1,
            (4, 3) => bodies.insert(0, b"who are you?".to_vec()),
            (_, LAST) => {
                if let Some(own) = last_of.lock().unwrap().get(&passing.to) {
                    bodies.insert(0, own.clone());
                    echoed.fetch_add(1, Ordering::SeqCst);
                }
            }
            _ => {}
        }
        bodies
    }
}

/// 11 clients with 20 messages.
fn chat(threads: u32, behaviour: Behaviour, change: impl FnOnce(&mut LoadSettings)) -> LoadReport {
    let relay = Relay::start(behaviour);
    let config = config(relay.address, |settings| {
        settings.clients = 11;
        settings.threads = threads;
        change(settings);
    });
    load_once_registered(&config, &relay)
}

#[test]
fn every_fault_is_counted_exactly_by_any_number_of_threads() {
    for threads in THREADS {
        let echoed = Arc::new(AtomicU64::new(0));
        let passes = Box::new(faulty(Arc::clone(&echoed)));
        let report = chat(threads, Behaviour { passes, ..Behaviour::default() }, |_| {});
        assert_endings(&report, [(Ending::Finished, 11)]);
        let expected = Integrity {
            lost: 10 + 10,
            doubled: 10,
            reordered: 10,
            foreign: 10 + 10,
            echoed: echoed.load(Ordering::SeqCst),
            ..Integrity::default()
        };
        assert_eq!(report.integrity, expected, "{threads} threads");
        assert_eq!(report.deliveries, 11 * 10 * 20 - 10 + 10 - 10);
        assert_eq!(report.delivery_latency.count, 11 * 10 * 20 - 20);
        assert_eq!(report.undelivered, 0);
    }
}

#[test]
fn all_counts_are_those_of_one_thread() {
    let counted = THREADS.map(|threads| counts(&chat(threads, Behaviour::default(), |_| {})));
    for other in &counted[1..] {
        assert_eq!(other, &counted[0]);
    }
    assert_eq!(counted[0].deliveries, [10 * 20; 11]);
    assert_eq!(counted[0].bytes, (11 * 20 * 34, 11 * 10 * 20 * 34));
}

#[test]
fn readers_and_slow_readers_are_as_with_one_thread() {
    let counted = THREADS.map(|threads| {
        counts(&chat(threads, Behaviour::default(), |settings| {
            settings.slow_readers = 2;
            settings.senders = Some(4);
        }))
    });
    for other in &counted[1..] {
        assert_eq!(other, &counted[0]);
    }
    assert_eq!(counted[0].written, [[0; 2].as_slice(), &[20; 4], &[0; 5]].concat());
    assert_eq!(counted[0].deliveries, [[0; 2].as_slice(), &[60; 4], &[80; 5]].concat());
    assert_eq!(counted[0].endings[..3], [Ending::Unfinished, Ending::Unfinished, Ending::Finished]);
}

#[test]
fn a_message_lost_at_the_end_leaves_its_receiver_unfinished() {
    for threads in THREADS {
        let lossy = |passing: &Passing| {
            let is_last = (sender(passing), passing.number) == (1, LAST);
            let lost = is_last && passing.to == (passing.from + 1) % 11;
            if lost { vec![] } else { plain(passing) }
        };
        let behaviour = Behaviour { passes: Box::new(lossy), ..Behaviour::default() };
        let report = chat(threads, behaviour, |settings| {
            // Long enough for all other deliveries, also if a thread stalls.
            settings.finish_deadline = Duration::from_secs(5);
        });
        assert_endings(&report, [(Ending::Finished, 10), (Ending::Unfinished, 1)]);
        assert_eq!((report.deliveries, report.undelivered), (11 * 10 * 20 - 1, 1));
        assert_eq!(report.integrity, Integrity::default());
    }
}

#[test]
fn a_malformed_header_ends_only_its_stream() {
    for threads in THREADS {
        let breaking = |passing: &Passing| {
            let breaks = passing.number == 2 && passing.to == (passing.from + 1) % 11;
            // No header may announce an empty body.
            if breaks && sender(passing) == 5 { vec![vec![]] } else { plain(passing) }
        };
        let behaviour = Behaviour { passes: Box::new(breaking), ..Behaviour::default() };
        let report = chat(threads, behaviour, |_| {});
        assert_endings(&report, [(Ending::Finished, 10), (Ending::Unfinished, 1)]);
        assert_eq!(report.integrity.broken_streams, 1);
        assert_eq!(report.unframed, None, "it had received messages before");
    }
}

#[test]
fn data_that_is_no_message_ends_a_stream_and_is_shown() {
    for threads in THREADS {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = server.local_addr().unwrap();
        let answering = std::thread::spawn(move || {
            let answer = |_| {
                let (mut stream, _) = server.accept().unwrap();
                // Not before the client is read: not even its header is complete.
                stream.write_all(b"HTT").unwrap();
                stream.write_all(b"P/1.1 400 Bad Request\r\n").unwrap();
                stream
            };
            // Held open until all have answered.
            (0..8).map(answer).collect::<Vec<_>>()
        });
        let report = load(&config(address, |settings| {
            settings.threads = threads;
            settings.send_delay = Duration::from_secs(5);
        }));
        drop(answering.join().unwrap());
        assert_endings(&report, [(Ending::Unfinished, 8)]);
        assert_eq!(report.integrity.broken_streams, 8);
        let unframed = report.unframed.expect("the answer is shown");
        assert_eq!(unframed.connections, 8);
        assert!(unframed.start.starts_with("HTT"), "{unframed:?}");
    }
}

#[test]
fn an_end_of_file_is_planned_if_the_server_closes_first() {
    for threads in THREADS {
        for linger in [Duration::ZERO, Duration::from_millis(50)] {
            let relay = Relay::start(Behaviour { close_after: Some(5), ..Behaviour::default() });
            let mut planned = config(relay.address, |settings| {
                (settings.messages, settings.threads) = (5, threads);
                settings.linger = linger;
            });
            planned.server_closes = true;
            let report = load(&planned);
            assert_endings(&report, [(Ending::Finished, 8)]);
            assert!(report.attempts.iter().all(|attempt| attempt.answered), "{report:?}");
        }
    }
}

#[test]
fn clients_that_leave_by_themselves_are_finished() {
    for threads in THREADS {
        for leave in [Leave::AfterSending, Leave::HalfClose] {
            let report = chat(threads, Behaviour::default(), |settings| {
                settings.leave = leave;
                settings.senders = Some(6);
            });
            assert_endings(&report, [(Ending::Finished, 11)]);
            assert_eq!((report.messages_written, report.undelivered), (120, 0));
            assert_eq!(report.integrity, Integrity::default());
        }
    }
}

#[test]
fn clients_registered_during_the_chat_miss_no_later_message() {
    // Each is accepted in the middle of the chat of the one before.
    for threads in THREADS {
        let behaviour =
            Behaviour { accept_after: |index| 15 * index as u32, ..Behaviour::default() };
        let relay = Relay::start(behaviour);
        let report = load(&config(relay.address, |settings| {
            (settings.clients, settings.messages) = (12, 30);
            settings.threads = threads;
        }));
        assert_endings(&report, [(Ending::Finished, 12)]);
        assert_eq!((report.integrity, report.undelivered), (Integrity::default(), 0));
        assert_eq!(relay.messages(), 360);
    }
}

#[test]
fn the_use_of_each_thread_is_reported() {
    for threads in THREADS {
        // A thread that a busy machine runs only once has used no time between two samples.
        wait_until("a load in which each thread reads more than once", || {
            let report = chat(threads, Behaviour::default(), |_| {});
            assert!(report.busiest_share().is_some_and(|share| share > 0.0), "{report:?}");
            report.threads.iter().all(|thread| thread.cpu_seconds > 0.0)
        });
    }
}

#[test]
fn a_load_without_a_chat_has_threads_but_no_share() {
    let relay = Relay::start(Behaviour::default());
    let report = load(&config(relay.address, |settings| settings.messages = 0));
    assert_eq!((report.threads.len(), report.chat_seconds()), (1, None));
    assert_eq!((report.threads[0].cpu_seconds, report.busiest_share()), (0.0, None));
}

#[test]
fn a_stop_ends_a_chat_that_threads_read() {
    for threads in THREADS {
        let relay = Relay::start(Behaviour::default());
        let config = config(relay.address, |settings| {
            settings.threads = threads;
            // Its last message is not due before the test has hung.
            settings.interval = Duration::from_secs(2);
        });
        let (sender, source) = command_channel().unwrap();
        let (decided, is_decided) = mpsc::channel();
        let report = std::thread::scope(|scope| {
            let relay = &relay;
            scope.spawn(move || {
                is_decided.recv().unwrap();
                wait_until("messages arrive", || relay.messages() >= 8);
                sender.send(LoadCommand::Stop);
            });
            run(&config, Some(source), &mut |message| {
                if matches!(message, Message::Event(LoadEvent::Decided { .. })) {
                    decided.send(()).unwrap();
                }
            })
            .expect("the load runs")
        });
        check(&config, &report);
        assert_endings(&report, [(Ending::Unfinished, 8)]);
    }
}
