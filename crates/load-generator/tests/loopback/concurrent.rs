//! Loads that keep a number of connections open.

use std::time::Duration;

use linux_net::monotonic_ns;
use load_generator::{ConnectPattern, Dialogue, Ending, HttpSettings, Leave, LoadReport};

use crate::dialogues::{config, read_to_end, read_until, serve};
use crate::load::{assert_endings, load, load_held, unused_port};

const CONCURRENCY: usize = 5;

/// The most attempts that were open at once.
fn most_at_once(report: &LoadReport) -> usize {
    let starts = report.attempts.iter().map(|attempt| attempt.start_ns);
    let open_at = |ns| {
        let open =
            |attempt: &&load_generator::Attempt| attempt.start_ns <= ns && ns < attempt.end_ns;
        report.attempts.iter().filter(open).count()
    };
    starts.map(open_at).max().unwrap()
}

#[test]
fn a_number_of_connections_is_open_until_all_were_started() {
    let (address, serving) = serve(100, |stream| {
        read_until(stream, b"\r\n\r\n").unwrap();
        std::thread::sleep(Duration::from_millis(5));
        std::io::Write::write_all(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        read_to_end(stream);
    });
    let mut config = config(address, 100, Dialogue::Http(HttpSettings::default()));
    config.settings.pattern = ConnectPattern::Concurrent;
    config.settings.concurrency = Some(CONCURRENCY as u32);
    let report = load(&config);
    assert_endings(&report, [(Ending::Finished, 100)]);
    assert_eq!(most_at_once(&report), CONCURRENCY);
    // Each of the later attempts starts after the end of one of those before it.
    let mut ends: Vec<_> = report.attempts.iter().map(|attempt| attempt.end_ns).collect();
    ends.sort_unstable();
    for attempt in &report.attempts[CONCURRENCY..] {
        let place = attempt.index as usize - CONCURRENCY;
        assert!(attempt.start_ns >= ends[place], "{attempt:?}");
    }
    serving.join().unwrap();
}

#[test]
fn attempts_that_fail_start_others_too_and_a_rate_limits_them() {
    let (_bound, unused) = unused_port();
    let mut config = config(unused, 30, Dialogue::None);
    config.settings.pattern = ConnectPattern::Concurrent;
    config.settings.concurrency = Some(3);
    config.settings.connect_rate = "100..1000/100ms".parse().ok();
    config.settings.leave = Leave::AfterSending;
    let before_ns = monotonic_ns();
    let report = load(&config);
    assert_endings(&report, [(Ending::Refused, 30)]);
    let rate = config.settings.connect_rate.unwrap();
    for attempt in &report.attempts {
        let due_ns = before_ns + rate.due_after(attempt.index).as_nanos() as u64;
        assert!(attempt.start_ns >= due_ns, "{attempt:?}");
    }
}

#[test]
fn as_many_clients_as_are_open_at_once_wait_for_none() {
    let (address, serving) = serve(4, read_to_end);
    let mut config = config(address, 4, Dialogue::None);
    config.settings.pattern = ConnectPattern::Concurrent;
    config.settings.concurrency = Some(4);
    let report = load(&config);
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_eq!(most_at_once(&report), 4);
    serving.join().unwrap();
}

#[test]
fn each_connection_is_held_for_its_own_linger() {
    const LINGER: Duration = Duration::from_millis(100);
    let most_held = |pattern: ConnectPattern, server_closes: bool| {
        let (address, serving) = serve(12, move |stream: &mut std::net::TcpStream| {
            if !server_closes {
                read_to_end(stream);
            }
        });
        let mut config = config(address, 12, Dialogue::None);
        config.server_closes = server_closes;
        config.settings.pattern = pattern;
        config.settings.concurrency = Some(4);
        config.settings.leave = Leave::HalfClose;
        config.settings.linger = LINGER;
        // It is measured from the end of the linger.
        config.settings.finish_deadline = Duration::from_secs(30);
        let (report, _) = load_held(&config, |_| {});
        assert_endings(&report, [(Ending::Finished, 12)]);
        for attempt in &report.attempts {
            let held = attempt.end_ns - attempt.start_ns - attempt.connect_ns.unwrap();
            assert!(u128::from(held) >= LINGER.as_nanos(), "{attempt:?}");
        }
        serving.join().unwrap();
        most_at_once(&report)
    };
    assert!(most_held(ConnectPattern::Concurrent, false) <= 4);
    assert!(most_held(ConnectPattern::Concurrent, true) <= 4);
    assert_eq!(most_held(ConnectPattern::OneByOne, false), 1);
}
