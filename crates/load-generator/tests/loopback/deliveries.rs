//! What is sent, what arrives, and what is noticed about it.

use std::time::Duration;

use crate::load::{assert_endings, config, load, load_once_registered};
use crate::relay::{Behaviour, Passing, Relay, plain};
use chat_protocol::Framing;
use load_generator::{Ending, Leave, LoadReport, LoadSettings};
use worker::metrics::Integrity;

/// 4 clients with 10 messages, all registered before the first message.
fn chat(behaviour: Behaviour, change: impl FnOnce(&mut LoadSettings)) -> LoadReport {
    let relay = Relay::start(behaviour);
    let config = config(relay.address, |settings| {
        settings.clients = 4;
        settings.messages = 10;
        change(settings);
    });
    load_once_registered(&config, &relay)
}

fn chat_with(passes: impl Fn(&Passing) -> Vec<Vec<u8>> + Send + Sync + 'static) -> LoadReport {
    chat(Behaviour { passes: Box::new(passes), ..Behaviour::default() }, |_| {})
}

#[test]
fn a_correct_relay_has_no_errors() {
    for framing in [Framing::U32be, Framing::Ascii4] {
        let relay = Relay::start(Behaviour { framing, ..Behaviour::default() });
        let mut config = config(relay.address, |settings| {
            settings.clients = 20;
            settings.messages = 30;
        });
        config.framing = framing;
        let report = load_once_registered(&config, &relay);
        assert_endings(&report, [(Ending::Finished, 20)]);
        assert_eq!(report.integrity, Integrity::default());
        assert_eq!((report.messages_written, relay.messages()), (600, 600));
        assert_eq!((report.deliveries, report.undelivered), (600 * 19, 0));
        assert_eq!((report.bytes_out, report.bytes_in), (600 * 34, 600 * 19 * 34));
        assert_eq!(report.delivery_latency.count, 600 * 19);
        assert_eq!(report.send_lateness.count, 600);
        assert!(report.errors.is_empty());
        assert!(report.attempts.iter().all(|attempt| attempt.syn_retransmits == Some(0)));
        let (first, last) = report.chat_window_ns.expect("there was a chat");
        // The chat begins with the first write, which may be late.
        assert!(last - first + report.send_lateness.max_ns >= 29_000_000, "30, 1 ms apart");
    }
}

#[test]
fn clients_registered_during_the_chat_miss_no_later_message() {
    // Each is accepted in the middle of the chat of the one before.
    let behaviour = Behaviour { accept_after: |index| 15 * index as u32, ..Behaviour::default() };
    let relay = Relay::start(behaviour);
    let report = load(&config(relay.address, |settings| {
        settings.clients = 20;
        settings.messages = 30;
    }));
    assert_endings(&report, [(Ending::Finished, 20)]);
    assert_eq!((report.integrity, report.undelivered), (Integrity::default(), 0));
    assert_eq!(relay.messages(), 600);
    assert!(report.deliveries < 600 * 19, "the last client received nothing of the first messages");
}

#[test]
fn a_message_lost_on_the_way_is_noticed() {
    let report = chat_with(|passing| {
        if (passing.from, passing.number, passing.to) == (1, 4, 2) {
            vec![]
        } else {
            plain(passing)
        }
    });
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!(report.integrity, Integrity { lost: 1, ..Integrity::default() });
    assert_eq!((report.deliveries, report.undelivered), (119, 0));
}

#[test]
fn a_message_lost_at_the_end_leaves_only_its_receiver_unfinished() {
    let lossy = |passing: &Passing| {
        let lost = (passing.from, passing.number, passing.to) == (1, 9, 2);
        if lost { vec![] } else { plain(passing) }
    };
    // The load waits for it. Long enough for all other deliveries, also if a thread stalls.
    let report = chat(Behaviour { passes: Box::new(lossy), ..Behaviour::default() }, |settings| {
        settings.finish_deadline = Duration::from_secs(5);
    });
    assert_endings(&report, [(Ending::Finished, 3), (Ending::Unfinished, 1)]);
    assert_eq!((report.deliveries, report.undelivered), (119, 1));
    assert_eq!(report.integrity, Integrity::default());
}

#[test]
fn a_message_lost_at_the_beginning_is_noticed_after_its_receiver_is_proven() {
    // Connection 3 receives the others' first messages, but of connection 1 only from 5
    // on.
    let lossy = |passing: &Passing| {
        let lost = passing.to == 3 && passing.from == 1 && passing.number < 5;
        if lost { vec![] } else { plain(passing) }
    };
    // Messages that are due before connection 3 is proven are not lost: five of them take
    // longer than a stall between the first write and the first read.
    let report = chat(Behaviour { passes: Box::new(lossy), ..Behaviour::default() }, |settings| {
        settings.messages = 6;
        settings.interval = Duration::from_millis(800);
    });
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert!((1..=5).contains(&report.integrity.lost), "{:?}", report.integrity);
    assert_eq!(report.deliveries, 4 * 3 * 6 - 5);
}

#[test]
fn a_doubled_message_is_noticed() {
    let report = chat_with(|passing| match plain(passing) {
        bodies if passing.number == 3 => [bodies.clone(), bodies].concat(),
        bodies => bodies,
    });
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!(report.integrity, Integrity { doubled: 12, ..Integrity::default() });
    assert_eq!((report.deliveries, report.delivery_latency.count), (132, 120));
}

#[test]
fn an_altered_byte_is_noticed_and_its_message_counts_as_lost() {
    let report = chat_with(|passing| {
        let mut bodies = plain(passing);
        if (passing.from, passing.number) == (0, 5) {
            bodies.iter_mut().for_each(|body| *body.last_mut().unwrap() ^= 1);
        }
        bodies
    });
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!(report.integrity, Integrity { foreign: 3, lost: 3, ..Integrity::default() });
    assert_eq!(report.deliveries, 117);
}

#[test]
fn a_foreign_message_is_noticed() {
    let report = chat_with(|passing| {
        let mut bodies = plain(passing);
        if passing.number == 0 {
            bodies.insert(0, b"who are you?".to_vec());
        }
        bodies
    });
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!(report.integrity, Integrity { foreign: 16, ..Integrity::default() });
}

#[test]
fn an_echo_to_the_sender_is_noticed() {
    let report = chat_with(|passing| vec![passing.body.to_vec()]);
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert!(report.integrity.echoed >= 36, "{:?}", report.integrity);
    assert_eq!(
        report.integrity,
        Integrity { echoed: report.integrity.echoed, ..Integrity::default() }
    );
    assert_eq!(report.deliveries, 120);
}

#[test]
fn swapped_messages_are_noticed() {
    // Message 4 is delayed until after 5.
    let held = std::sync::Mutex::new(std::collections::HashMap::new());
    let report = chat_with(move |passing| {
        let mut bodies = plain(passing);
        let pair = (passing.from, passing.to);
        match passing.number {
            4 => drop(held.lock().unwrap().insert(pair, std::mem::take(&mut bodies))),
            5 => bodies.extend(held.lock().unwrap().remove(&pair).unwrap()),
            _ => {}
        }
        bodies
    });
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!(report.integrity, Integrity { reordered: 12, ..Integrity::default() });
    assert_eq!((report.deliveries, report.delivery_latency.count), (120, 120));
}

#[test]
fn a_malformed_header_ends_its_stream() {
    // No header may announce an empty body.
    let report = chat_with(|passing| match plain(passing) {
        _ if (passing.from, passing.number, passing.to) == (0, 2, 1) => vec![vec![]],
        bodies => bodies,
    });
    assert_endings(&report, [(Ending::Finished, 3), (Ending::Unfinished, 1)]);
    assert_eq!(report.integrity.broken_streams, 1);
}

#[test]
fn a_client_that_leaves_after_sending_is_finished_and_expects_nothing() {
    let report = chat(Behaviour::default(), |settings| settings.leave = Leave::AfterSending);
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!((report.messages_written, report.undelivered), (40, 0));
    assert_eq!(report.integrity, Integrity::default());
    assert!(report.deliveries <= 120);
}

#[test]
fn latency_counts_from_the_intended_time_when_the_server_stops_reading() {
    const PAUSE: Duration = Duration::from_millis(1500);
    // Very large messages, so the sockets are full before all is written.
    let stalled = || Behaviour { pause: Some((20, PAUSE)), ..Behaviour::default() };
    let large = |settings: &mut LoadSettings| {
        settings.messages = 1000;
        settings.size = 60_000;
        settings.clients = 2;
    };
    // A load that stalls before its first messages is late itself. Only if waiting for the server
    // counted as lateness, every load would be late.
    let is_punctual = || {
        let report = chat(stalled(), large);
        assert_endings(&report, [(Ending::Finished, 2)]);
        assert_eq!(report.integrity, Integrity::default());
        assert_eq!(report.deliveries, 2000);
        // Nearly all messages become due during the pause, most in its first half.
        let half = PAUSE.as_nanos() as u64 / 2;
        assert!(report.delivery_latency.max_ns > half, "{:?}", report.delivery_latency);
        assert!(report.delivery_latency.p50_ns > half / 4, "{:?}", report.delivery_latency);
        assert!(report.send_lateness.count < 2000, "{:?}", report.send_lateness);
        report.send_lateness.p50_ns < report.delivery_latency.p50_ns / 2
    };
    assert!((0..10).any(|_| is_punctual()), "waiting for the server is not the load's lateness");
}

#[test]
fn a_slow_server_is_waited_for() {
    // Everything is written before the first client is registered. Between two
    // registrations no message moves for longer than `QUIET_NS`.
    let behaviour = Behaviour {
        accept_delay: Duration::from_millis(1300),
        accept_after: |index| 3 * index as u32,
        ..Behaviour::default()
    };
    let relay = Relay::start(behaviour);
    let report = load(&config(relay.address, |settings| {
        settings.clients = 4;
        settings.messages = 3;
        settings.send_delay = Duration::ZERO;
    }));
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!((report.integrity, report.undelivered), (Integrity::default(), 0));
    // Messages of the n-th connection arrive only at those accepted before it.
    assert_eq!(report.deliveries, 3 * (1 + 2 + 3));
}

/// The message `number` of the client that wrote `body`, which it has not written
/// yet, in the load's format.
fn unwritten_message(body: &[u8], number: usize) -> Vec<u8> {
    let text = std::str::from_utf8(body).unwrap();
    let parts: Vec<&str> = text.split(':').collect();
    let sender: usize = parts[2].parse().unwrap();
    let head = format!("{}:{}:{sender}:{number}:", parts[0], parts[1]);
    let letters = ('a'..='z').cycle().skip((sender * 5 + number * 7) % 26);
    (head.chars().chain(letters)).take(body.len()).map(|letter| letter as u8).collect()
}

#[test]
fn a_message_that_its_sender_has_not_written_is_foreign() {
    let behaviour = Behaviour {
        passes: Box::new(|passing| {
            let mut bodies = plain(passing);
            if passing.number == 0 {
                let forged = bodies.iter().map(|body| unwritten_message(body, 2)).collect();
                bodies = [bodies, forged].concat();
            }
            bodies
        }),
        ..Behaviour::default()
    };
    // Message 2 is not due before the forged ones are read, also if a thread stalls.
    let report = chat(behaviour, |settings| {
        settings.messages = 3;
        settings.interval = Duration::from_millis(1500);
    });
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!(report.integrity, Integrity { foreign: 12, ..Integrity::default() });
    assert_eq!(report.deliveries, 36);
}
