//! When attempts start, when the chat begins, and when clients leave.

use std::time::Duration;

use crate::load::{assert_endings, check, config, load, load_once_registered};
use crate::relay::{Habits, Relay};
use linux_net::monotonic_ns;
use load_generator::{
    ChatPhase, ConnectPattern, Ending, Leave, LoadCommand, LoadConfig, LoadEvent, LoadReport,
    command_channel, run,
};
use worker::Message;
use worker::metrics::Integrity;

#[test]
fn a_rate_spaces_the_starts_evenly_and_never_starts_early() {
    let relay = Relay::start(Habits::default());
    let report = load(&config(relay.address, |settings| {
        settings.clients = 25;
        settings.messages = 0;
        settings.pattern = ConnectPattern::Rate;
        settings.connect_rate = Some(10.0);
    }));
    assert_endings(&report, [(Ending::Finished, 25)]);
    let first = report.attempts[0].start_ns;
    let mut late: Vec<u64> = Vec::new();
    for (index, attempt) in report.attempts.iter().enumerate() {
        let intended = first + index as u64 * 100_000_000;
        assert!(attempt.start_ns >= intended, "attempt {index} started early");
        late.push(attempt.start_ns - intended);
    }
    // A busy machine delays some; an uneven schedule would delay half of them.
    late.sort_unstable();
    assert!(late[12] < 50_000_000, "half of the starts were later than {} ns", late[12]);
}

#[test]
fn a_burst_starts_all_before_it_looks_at_any() {
    let relay = Relay::start(Habits::default());
    let report = load(&config(relay.address, |settings| {
        settings.clients = 100;
        settings.messages = 0;
    }));
    let last_start = report.attempts.iter().map(|a| a.start_ns).max().unwrap();
    for attempt in &report.attempts {
        assert!(attempt.start_ns + attempt.connect_ns.unwrap() >= last_start);
    }
}

/// Runs a held load whose Go comes 300 ms after Decided, and when the relay knows
/// all; the report, and when Go was sent.
fn run_held(config: &LoadConfig, relay: &Relay) -> (LoadReport, u64) {
    let (sender, source) = command_channel().unwrap();
    let mut sender = Some(sender);
    std::thread::scope(|scope| {
        let mut steering = None;
        let report = run(config, Some(source), &mut |event| {
            let decided = LoadEvent::Decided { established: 8, failed: 0 };
            assert_eq!(event, Message::Event(decided));
            let sender = sender.take().expect("decided is told once");
            steering = Some(scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                while relay.registered() < 8 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                let now = monotonic_ns();
                sender.send(LoadCommand::Go);
                (now, sender)
            }));
        })
        .expect("the load runs");
        let (go_ns, _sender) = steering.expect("decided was told").join().unwrap();
        check(config, &report);
        (report, go_ns)
    })
}

#[test]
fn after_connect_nobody_chats_before_go() {
    let relay = Relay::start(Habits::default());
    let mut config = config(relay.address, |settings| {
        settings.chat = ChatPhase::AfterConnect;
        settings.send_delay = Duration::from_millis(30);
    });
    config.hold = true;
    let (report, go_ns) = run_held(&config, &relay);
    assert_endings(&report, [(Ending::Finished, 8)]);
    assert_eq!(report.deliveries, 8 * 7 * 20);
    let (first, _) = report.chat_window_ns.unwrap();
    assert!(first >= go_ns + 30_000_000, "the send delay counts from Go");
}

#[test]
fn connections_with_nothing_to_say_stay_until_go() {
    let relay = Relay::start(Habits::default());
    for leave in [Leave::Together, Leave::AfterSending] {
        let mut config = config(relay.address, |settings| {
            settings.messages = 0;
            settings.leave = leave;
            // The wait for Go is nobody's deadline.
            settings.finish_deadline = Duration::from_millis(100);
        });
        config.hold = true;
        let (report, go_ns) = run_held(&config, &relay);
        assert_endings(&report, [(Ending::Finished, 8)]);
        assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= go_ns));
    }
}

#[test]
fn an_overlapped_chat_waits_for_nobody() {
    let relay = Relay::start(Habits::default());
    let mut config = config(relay.address, |_| {});
    config.hold = true;
    let (_sender, source) = command_channel().unwrap();
    let report = run(&config, Some(source), &mut |_| {}).unwrap();
    check(&config, &report);
    assert_endings(&report, [(Ending::Finished, 8)]);
}

#[test]
fn whoever_steers_a_load_takes_it_along() {
    let relay = Relay::start(Habits::default());
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
    let relay = Relay::start(Habits::default());
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
    assert!(report.send_lateness.p50_ns < 20_000_000, "{:?}", report.send_lateness);
}

#[test]
fn without_an_interval_everything_goes_out_at_once() {
    let relay = Relay::start(Habits::default());
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
