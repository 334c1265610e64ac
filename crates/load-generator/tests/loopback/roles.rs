//! Clients with different roles: slow readers, and those that only read.

use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use crate::load::{
    FINISH_DEADLINE, assert_endings, config, in_own_namespace, load, load_held,
    load_once_registered,
};
use crate::relay::{Behaviour, Relay};
use linux_net::testing::wait_until;
use load_generator::{Ending, Leave, LoadReport};
use socket2::SockRef;
use worker::metrics::Integrity;

/// All have left long before the finish deadline.
#[track_caller]
fn assert_prompt(report: &LoadReport) {
    let (first, _) = report.chat_window_ns.unwrap();
    assert!(u128::from(report.ended_ns - first) < FINISH_DEADLINE.as_nanos() / 2, "{report:?}");
}

#[test]
fn clients_that_only_read_receive_everything_and_leave_with_the_others() {
    for leave in [Leave::Together, Leave::HalfClose, Leave::AfterSending] {
        let relay = Relay::start(Behaviour::default());
        let config = config(relay.address, |settings| {
            settings.clients = 6;
            settings.senders = Some(2);
            settings.leave = leave;
        });
        let report = load_once_registered(&config, &relay);
        assert_endings(&report, [(Ending::Finished, 6)]);
        assert_eq!(report.integrity, Integrity::default());
        assert_prompt(&report);
        assert_eq!((report.messages_written, report.undelivered), (40, 0));
        let written: Vec<u32> = report.attempts.iter().map(|a| a.messages_written).collect();
        assert_eq!(written, [20, 20, 0, 0, 0, 0]);
        if leave == Leave::Together {
            assert_eq!(report.deliveries, 2 * 20 * 5);
            assert!(report.attempts[2..].iter().all(|attempt| attempt.deliveries == 40));
        }
    }
}

#[test]
fn a_single_sender_sends_to_many() {
    let relay = Relay::start(Behaviour::default());
    let config = config(relay.address, |settings| settings.senders = Some(1));
    let report = load_once_registered(&config, &relay);
    assert_endings(&report, [(Ending::Finished, 8)]);
    assert_eq!(report.deliveries, 7 * 20);
    assert_prompt(&report);
}

#[test]
fn clients_accepted_after_the_last_message_are_not_waited_for() {
    // The senders are accepted first, and everything has been relayed before the
    // others are. Between two accepts no message moves for longer than `QUIET_NS`.
    let behaviour = Behaviour {
        accept_delay: Duration::from_millis(1300),
        accept_after: |index| (3 * index as u32).min(6),
        ..Behaviour::default()
    };
    let relay = Relay::start(behaviour);
    let report = load(&config(relay.address, |settings| {
        settings.clients = 4;
        settings.senders = Some(2);
        settings.messages = 3;
        settings.send_delay = Duration::ZERO;
    }));
    assert_endings(&report, [(Ending::Finished, 4)]);
    assert_prompt(&report);
    assert_eq!(report.deliveries, 3, "the second one's, at the first");
}

#[test]
fn kernel_a_slow_reader_that_is_cut_off_does_not_affect_the_others() {
    // Each socket holds a few KiB, and 3 senders write 3 · 200 · 1 KB.
    let small = [("net.ipv4.tcp_rmem", "4096 8192 8192"), ("net.ipv4.tcp_wmem", "4096 8192 8192")];
    in_own_namespace(&small, || {
        let relay = Relay::start(Behaviour { drops_for: Some(0), ..Behaviour::default() });
        let config = config(relay.address, |settings| {
            settings.clients = 4;
            settings.slow_readers = 1;
            settings.messages = 200;
            settings.size = 1000;
        });
        let report = load_once_registered(&config, &relay);
        assert_endings(&report, [(Ending::Finished, 3), (Ending::Unfinished, 1)]);
        assert!(relay.dropped(), "the slow reader's socket is full");
        let slow = &report.attempts[0];
        assert_eq!((slow.ending, slow.deliveries), (Ending::Unfinished, 0));
        assert_eq!((report.deliveries, report.undelivered), (3 * 200 * 2, 0));
        assert_eq!(report.integrity, Integrity::default());
        assert_prompt(&report);
    });
}

#[test]
fn kernel_a_server_that_waits_for_a_slow_reader_delays_the_others() {
    let small = [("net.ipv4.tcp_rmem", "4096 8192 8192"), ("net.ipv4.tcp_wmem", "4096 8192 8192")];
    in_own_namespace(&small, || {
        let relay = Relay::start(Behaviour::default());
        let config = config(relay.address, |settings| {
            settings.clients = 4;
            settings.slow_readers = 1;
            settings.messages = 200;
            settings.size = 1000;
            settings.finish_deadline = Duration::from_millis(1500);
        });
        let report = load_once_registered(&config, &relay);
        assert_endings(&report, [(Ending::Unfinished, 4)]);
    });
}

#[test]
fn a_slow_reader_finishes_if_nothing_was_sent() {
    let relay = Relay::start(Behaviour::default());
    for leave in [Leave::Together, Leave::HalfClose, Leave::AfterSending] {
        let report = load(&config(relay.address, |settings| {
            settings.slow_readers = 3;
            settings.messages = 0;
            settings.leave = leave;
        }));
        assert_endings(&report, [(Ending::Finished, 8)]);
    }
}

/// Whether sockets of this host are connected to this port.
fn has_connections_to(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/thread-self/net/tcp").unwrap();
    let mut remotes = table.lines().filter_map(|line| line.split_ascii_whitespace().nth(2));
    remotes.any(|remote| remote.ends_with(&format!(":{port:04X}")))
}

#[test]
fn a_slow_reader_notices_a_reset() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (decided, is_decided) = mpsc::channel();
    let (done, is_done) = mpsc::channel();
    let resetting = std::thread::spawn(move || {
        is_decided.recv().unwrap();
        for _ in 0..8 {
            let (stream, _) = listener.accept().unwrap();
            SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
        done.send(()).unwrap();
    });
    let config = config(address, |settings| {
        settings.slow_readers = 2;
        settings.messages = 0;
    });
    let (report, _) = load_held(&config, move |_| {
        decided.send(()).unwrap();
        is_done.recv().unwrap();
        wait_until("every RST has arrived", || !has_connections_to(address.port()));
    });
    resetting.join().unwrap();
    assert_endings(&report, [(Ending::Reset, 8)]);
    assert_eq!(report.errors.get("ECONNRESET"), Some(&8));
}
