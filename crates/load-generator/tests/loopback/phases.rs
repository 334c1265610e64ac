//! When attempts start, when the chat begins, and when clients leave.

use std::time::Duration;

use crate::load::{assert_endings, check, config, load, load_held, load_once_registered};
use crate::relay::{Behaviour, Relay};
use load_generator::{ChatPhase, ConnectPattern, ConnectRate, Ending, Leave, command_channel, run};
use worker::metrics::Integrity;

/// Loads until the median lateness of one, nanoseconds, is below `most`: a stall delays half of
/// the starts or writes of one load, and a wrong schedule those of every load.
#[track_caller]
fn assert_punctual(most: u64, mut median_lateness: impl FnMut() -> u64) {
    const LOADS: usize = 10;
    let mut medians = Vec::new();
    while medians.last().is_none_or(|median| *median >= most) {
        assert!(medians.len() < LOADS, "half of each load was later than {medians:?} ns");
        medians.push(median_lateness());
    }
}

#[test]
fn a_rate_spaces_the_starts_evenly_and_never_starts_early() {
    assert_punctual(50_000_000, || {
        let relay = Relay::start(Behaviour::default());
        let report = load(&config(relay.address, |settings| {
            settings.clients = 25;
            settings.messages = 0;
            settings.pattern = ConnectPattern::Rate;
            settings.connect_rate = Some(ConnectRate::Constant(10.0));
        }));
        assert_endings(&report, [(Ending::Finished, 25)]);
        let first = report.attempts[0].start_ns;
        let mut late: Vec<u64> = Vec::new();
        for (index, attempt) in report.attempts.iter().enumerate() {
            let intended = first + index as u64 * 100_000_000;
            assert!(attempt.start_ns >= intended, "attempt {index} started early");
            late.push(attempt.start_ns - intended);
        }
        late.sort_unstable();
        late[12]
    });
}

#[test]
fn a_ramp_never_starts_an_attempt_early() {
    let relay = Relay::start(Behaviour::default());
    let rate: ConnectRate = "20..400/500ms".parse().unwrap();
    let report = load(&config(relay.address, |settings| {
        settings.clients = 150;
        settings.messages = 0;
        settings.pattern = ConnectPattern::Rate;
        settings.connect_rate = Some(rate);
    }));
    assert_endings(&report, [(Ending::Finished, 150)]);
    let first = report.attempts[0].start_ns;
    let due = |index| first + rate.due_after(index).as_nanos() as u64;
    for attempt in &report.attempts {
        assert!(attempt.start_ns >= due(attempt.index), "{attempt:?} started early");
    }
    // 105 within the ramp, the others 2.5 ms apart.
    assert_eq!(due(145) - due(105), 100_000_000);
}

#[test]
fn a_burst_starts_all_attempts_before_it_decides_any() {
    let relay = Relay::start(Behaviour::default());
    let report = load(&config(relay.address, |settings| {
        settings.clients = 100;
        settings.messages = 0;
    }));
    let last_start = report.attempts.iter().map(|a| a.start_ns).max().unwrap();
    for attempt in &report.attempts {
        assert!(attempt.start_ns + attempt.connect_ns.unwrap() >= last_start);
    }
}

#[test]
fn a_chat_after_connect_begins_after_go() {
    let relay = Relay::start(Behaviour::default());
    let config = config(relay.address, |settings| {
        settings.chat = ChatPhase::AfterConnect;
        settings.send_delay = Duration::from_millis(30);
    });
    let (report, go_ns) = load_held(&config, |controller| {
        relay.wait_for_clients(8);
        controller.wait_past(Duration::from_millis(60));
        assert_eq!(controller.status().messages_written, 0);
    });
    assert_endings(&report, [(Ending::Finished, 8)]);
    assert_eq!(report.deliveries, 8 * 7 * 20);
    let (first, _) = report.chat_window_ns.unwrap();
    assert!(first >= go_ns + 30_000_000, "the send delay counts from Go");
}

#[test]
fn connections_without_messages_stay_until_go() {
    let relay = Relay::start(Behaviour::default());
    for leave in [Leave::Together, Leave::AfterSending] {
        let config = config(relay.address, |settings| {
            settings.messages = 0;
            settings.leave = leave;
            // The wait for Go does not count.
            settings.finish_deadline = Duration::from_millis(100);
        });
        let (report, go_ns) = load_held(&config, |controller| {
            controller.wait_past(2 * config.settings.finish_deadline);
        });
        assert_endings(&report, [(Ending::Finished, 8)]);
        assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= go_ns));
    }
}

#[test]
fn an_overlapped_chat_does_not_wait_for_go() {
    let relay = Relay::start(Behaviour::default());
    let mut config = config(relay.address, |_| {});
    config.hold = true;
    let (_sender, source) = command_channel().unwrap();
    let report = run(&config, Some(source), &mut |_| {}).unwrap();
    check(&config, &report);
    assert_endings(&report, [(Ending::Finished, 8)]);
}

#[test]
fn dropping_the_command_sender_stops_the_load() {
    let relay = Relay::start(Behaviour::default());
    let mut config = config(relay.address, |settings| settings.messages = 0);
    config.hold = true;
    let (sender, source) = command_channel().unwrap();
    let mut sender = Some(sender);
    let report = run(&config, Some(source), &mut |_| drop(sender.take())).unwrap();
    check(&config, &report);
    assert_endings(&report, [(Ending::Unfinished, 8)]);
}

#[test]
fn messages_are_written_on_schedule() {
    assert_punctual(20_000_000, || {
        let relay = Relay::start(Behaviour::default());
        let report = load(&config(relay.address, |settings| {
            settings.clients = 3;
            settings.messages = 13;
            settings.interval = Duration::from_millis(200);
        }));
        assert_endings(&report, [(Ending::Finished, 3)]);
        let (first, last) = report.chat_window_ns.unwrap();
        // The chat begins with the first write, which may be late.
        let chat_ns = last - first + report.send_lateness.max_ns;
        assert!(chat_ns >= 2_400_000_000, "12 intervals of 200 ms: {chat_ns} ns");
        assert_eq!(report.send_lateness.count, 39);
        report.send_lateness.p50_ns
    });
}

#[test]
fn without_an_interval_all_messages_are_written_at_once() {
    let relay = Relay::start(Behaviour::default());
    let config = config(relay.address, |settings| {
        settings.clients = 3;
        settings.messages = 5000;
        settings.interval = Duration::ZERO;
    });
    let report = load_once_registered(&config, &relay);
    assert_endings(&report, [(Ending::Finished, 3)]);
    assert_eq!(report.deliveries, 3 * 2 * 5000);
    assert_eq!(report.integrity, Integrity::default());
}
