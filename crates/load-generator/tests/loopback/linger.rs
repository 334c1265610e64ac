//! Connections that stand for a while, and what can be asked meanwhile.

use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::load::{assert_endings, check, config, in_own_namespace, load, load_held};
use crate::relay::{Habits, Relay};
use linux_net::SocketDiag;
use load_generator::{
    ChatPhase, Ending, Leave, LoadCommand, LoadEvent, LoadMessage, LoadReport, LoadResponse,
    LoadStatus, command_channel, run,
};
use nix::time::{ClockId, clock_gettime};
use worker::Message;

const LINGER: Duration = Duration::from_millis(500);

/// When the last attempt was decided, CLOCK_MONOTONIC nanoseconds.
fn decided_ns(report: &LoadReport) -> u64 {
    report.attempts.iter().map(|a| a.start_ns + a.connect_ns.unwrap()).max().unwrap()
}

#[test]
fn by_hand_nobody_leaves_before_it_is_over() {
    let relay = Relay::start(Habits::default());
    for leave in [Leave::Together, Leave::AfterSending, Leave::HalfClose] {
        for messages in [0, 2] {
            let report = load(&config(relay.address, |settings| {
                settings.linger = LINGER;
                settings.leave = leave;
                settings.messages = messages;
            }));
            assert_endings(&report, [(Ending::Finished, 8)]);
            let over = decided_ns(&report) + LINGER.as_nanos() as u64;
            assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= over), "{report:?}");
        }
    }
}

#[test]
fn by_hand_a_chat_after_connect_begins_when_it_is_over() {
    let relay = Relay::start(Habits::default());
    let report = load(&config(relay.address, |settings| {
        settings.linger = LINGER;
        settings.chat = ChatPhase::AfterConnect;
    }));
    assert_endings(&report, [(Ending::Finished, 8)]);
    let (first, _) = report.chat_window_ns.unwrap();
    assert!(first >= decided_ns(&report) + LINGER.as_nanos() as u64);
}

#[test]
fn held_the_clients_chat_and_stay_until_go() {
    let relay = Relay::start(Habits::default());
    for leave in [Leave::Together, Leave::AfterSending, Leave::HalfClose] {
        let config = config(relay.address, |settings| {
            settings.linger = Duration::from_millis(1);
            settings.leave = leave;
            settings.messages = 2;
        });
        let (report, go_ns) = load_held(&config, || std::thread::sleep(LINGER));
        assert_endings(&report, [(Ending::Finished, 8)]);
        assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= go_ns));
    }
}

#[test]
fn kernel_who_has_read_the_servers_end_keeps_its_socket_until_it_is_over() {
    in_own_namespace(&[], || {
        let relay = Relay::start(Habits { close_after: Some(0), ..Habits::default() });
        let port = relay.address.port();
        let mut config = config(relay.address, |settings| {
            settings.messages = 0;
            settings.linger = Duration::from_secs(1);
        });
        config.server_closes = true;
        let looking = std::thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let mut diag = SocketDiag::open().unwrap();
                let mut look = || diag.count_by_state(Some(port)).unwrap().fin_wait2;
                let patience = Instant::now() + Duration::from_secs(20);
                while look() < 8 {
                    assert!(Instant::now() < patience, "they never stood there together");
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
            let cpu = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
            let before = cpu();
            let report = load(&config);
            assert!(cpu() - before < Duration::from_millis(300), "an end of file kept it busy");
            assert_endings(&report, [(Ending::Finished, 8)]);
            let over = decided_ns(&report) + 1_000_000_000;
            assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= over));
            looking.join()
        });
        looking.expect("all were in FIN_WAIT_2 at once");
    });
}

#[test]
fn a_status_tells_what_a_server_that_does_not_read_has_been_sent() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let config = config(listener.local_addr().unwrap(), |settings| {
        settings.messages = 1000;
        settings.size = 60_000;
        settings.interval = Duration::ZERO;
    });
    let (sender, source) = command_channel().unwrap();
    let (tell, told) = mpsc::channel();
    // Asks until the sockets take no more, then stops the load.
    let asking = std::thread::spawn(move || {
        let mut statuses = vec![(0, 0, 0)];
        loop {
            sender.send(LoadCommand::Status);
            let status: (u64, u64, u64) = told.recv().unwrap();
            let full = status.1 > 0 && statuses.last() == Some(&status);
            statuses.push(status);
            if full {
                sender.send(LoadCommand::Stop);
                return statuses;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let report = run(&config, Some(source), &mut |event| match event {
        Message::Response { response: LoadResponse::Status(status), .. } => {
            let LoadStatus { established, bytes_written, messages_written } = status;
            tell.send((established, bytes_written, messages_written)).unwrap();
        }
        message => {
            let decided = LoadEvent::Decided { established: 8, failed: 0 };
            assert_eq!(message, Message::Event(decided));
        }
    })
    .unwrap();
    let statuses = asking.join().unwrap();
    check(&config, &report);
    assert_endings(&report, [(Ending::Unfinished, 8)]);
    let (established, bytes, messages) = *statuses.last().unwrap();
    assert_eq!(established, 8);
    assert!(bytes <= report.bytes_out && messages <= report.messages_written);
    assert!(messages > 0 && bytes >= messages * 60_004, "{statuses:?}");
    assert!(bytes - messages * 60_004 < 8 * 60_004, "{statuses:?}");
    drop(listener);
}

#[test]
fn commands_and_events_are_json_lines() {
    let command = serde_json::to_string(&LoadCommand::Status).unwrap();
    assert_eq!(command, r#"{"command":"status"}"#);
    let status = LoadStatus { established: 3, bytes_written: 200, messages_written: 2 };
    let response = LoadMessage::Response { id: Some(1), response: LoadResponse::Status(status) };
    let line = serde_json::to_string(&response).unwrap();
    assert_eq!(
        line,
        r#"{"event":"status","established":3,"bytes_written":200,"messages_written":2,"id":1}"#
    );
    assert_eq!(LoadMessage::parse(line.as_bytes()).unwrap(), response);
    let report = LoadReport {
        undelivered: 3,
        chat_window_ns: Some((1, u64::MAX)),
        errors: [("ECONNRESET".to_owned(), 2)].into(),
        ..LoadReport::default()
    };
    let done = LoadMessage::Event(LoadEvent::Done(Box::new(report)));
    let line = serde_json::to_string(&done).unwrap();
    assert!(line.starts_with("{\"event\":\"done\"") && !line.contains('\n'), "{line}");
    assert_eq!(LoadMessage::parse(line.as_bytes()).unwrap(), done);
}
