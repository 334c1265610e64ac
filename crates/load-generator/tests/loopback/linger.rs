//! Connections that linger, and the status of a running load.

use std::fs;
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use crate::load::{assert_endings, check, config, in_own_namespace, load, load_held};
use crate::relay::{Behaviour, Relay};
use linux_net::SocketDiag;
use linux_net::testing::wait_until;
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
fn standalone_no_client_leaves_before_the_linger_is_over() {
    let relay = Relay::start(Behaviour::default());
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
fn standalone_a_chat_after_connect_begins_when_the_linger_is_over() {
    let relay = Relay::start(Behaviour::default());
    let report = load(&config(relay.address, |settings| {
        settings.linger = LINGER;
        settings.chat = ChatPhase::AfterConnect;
    }));
    assert_endings(&report, [(Ending::Finished, 8)]);
    let (first, _) = report.chat_window_ns.unwrap();
    assert!(first >= decided_ns(&report) + LINGER.as_nanos() as u64);
}

#[test]
fn held_clients_chat_and_stay_until_go() {
    let relay = Relay::start(Behaviour::default());
    for leave in [Leave::Together, Leave::AfterSending, Leave::HalfClose] {
        let config = config(relay.address, |settings| {
            settings.linger = Duration::from_millis(1);
            settings.leave = leave;
            settings.messages = 2;
        });
        let linger = config.settings.linger;
        let (report, go_ns) = load_held(&config, |controller| controller.wait_past(linger));
        assert_endings(&report, [(Ending::Finished, 8)]);
        assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= go_ns));
    }
}

#[test]
fn kernel_a_client_that_read_the_end_of_file_keeps_its_socket_until_the_linger_is_over() {
    in_own_namespace(&[], || {
        let relay = Relay::start(Behaviour { close_after: Some(0), ..Behaviour::default() });
        let port = relay.address.port();
        let mut config = config(relay.address, |settings| {
            settings.messages = 0;
            settings.linger = Duration::from_secs(1);
        });
        config.server_closes = true;
        let cpu = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
        let before = cpu();
        let report = load(&config);
        assert!(cpu() - before < Duration::from_millis(300), "an end of file made it busy");
        assert_endings(&report, [(Ending::Finished, 8)]);
        let over = decided_ns(&report) + 1_000_000_000;
        assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= over));

        // A controller waits for what it sees, however late.
        let mut diag = SocketDiag::open().unwrap();
        let (report, go_ns) = load_held(&config, |_| {
            wait_until("all are in FIN_WAIT_2 at once", || {
                diag.count_by_state(Some(port)).unwrap().fin_wait2 == 8
            });
        });
        assert_endings(&report, [(Ending::Finished, 8)]);
        assert!(report.attempts.iter().all(|attempt| attempt.end_ns >= go_ns));
    });
}

#[test]
fn a_status_counts_what_has_been_sent_to_a_server_that_does_not_read() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let config = config(listener.local_addr().unwrap(), |settings| {
        settings.messages = 1000;
        settings.size = 60_000;
        settings.interval = Duration::ZERO;
        settings.finish_deadline = Duration::from_secs(60);
    });
    let (sender, source) = command_channel().unwrap();
    let (send_status, status) = mpsc::channel();
    let port = config.target.port();
    // Requests statuses until the kernel's queues are full and hold what they count.
    let polling = std::thread::spawn(move || {
        let mut last = (0, 0, 0);
        wait_until("the sockets are full", || {
            sender.send(LoadCommand::Status);
            last = status.recv().unwrap();
            queued_bytes_when_windows_are_closed(port, 8) == Some(last.1)
        });
        sender.send(LoadCommand::Stop);
        last
    });
    let report = run(&config, Some(source), &mut |event| match event {
        Message::Response { response: LoadResponse::Status(status), .. } => {
            let LoadStatus { established, bytes_written, messages_written } = status;
            send_status.send((established, bytes_written, messages_written)).unwrap();
        }
        message => {
            let decided = LoadEvent::Decided { established: 8, failed: 0 };
            assert_eq!(message, Message::Event(decided));
        }
    })
    .unwrap();
    let (established, bytes, messages) = polling.join().unwrap();
    check(&config, &report);
    assert_endings(&report, [(Ending::Unfinished, 8)]);
    assert_eq!(established, 8);
    assert!(bytes <= report.bytes_out && messages <= report.messages_written);
    assert!(messages > 0 && bytes >= messages * 60_004, "{bytes} bytes, {messages} messages");
    assert!(bytes - messages * 60_004 < 8 * 60_004, "{bytes} bytes, {messages} messages");
    drop(listener);
}

/// The bytes that the `connections` to a server on loopback hold in both directions, if
/// the receive window of every one is closed.
fn queued_bytes_when_windows_are_closed(port: u16, connections: usize) -> Option<u64> {
    const ESTABLISHED: &str = "01";
    const ZERO_WINDOW_PROBE: &str = "04";
    let table = fs::read_to_string("/proc/thread-self/net/tcp").unwrap();
    let server = format!(":{port:04X}");
    let parse_hex = |text: &str| u64::from_str_radix(text, 16).unwrap();
    let (mut closed, mut bytes) = (0, 0);
    for line in table.lines().skip(1) {
        let columns: Vec<_> = line.split_ascii_whitespace().collect();
        let [_, local, remote, state, queues, timer, ..] = columns[..] else {
            panic!("an unknown format: {line}");
        };
        let (unacknowledged, unread) = queues.split_once(':').unwrap();
        if state == ESTABLISHED && remote.ends_with(&server) {
            closed += usize::from(timer.starts_with(ZERO_WINDOW_PROBE));
            bytes += parse_hex(unacknowledged);
        } else if state == ESTABLISHED && local.ends_with(&server) {
            bytes += parse_hex(unread);
        }
    }
    (closed == connections).then_some(bytes)
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
