//! Loads of exchanges of bytes.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use load_generator::{
    ByteText, Dialogue, Ending, ExchangeSettings, Expected, LoadConfig, LoadReport,
};
use worker::metrics::EndedBy;

use crate::dialogues::{config, read_to_end, read_until, serve, write_in_bytes};
use crate::load::{assert_endings, in_own_namespace, load};

fn text(text: &str) -> ByteText {
    text.parse().unwrap()
}

fn exchange(send: &str, expect: Expected, repeat: u32) -> Dialogue {
    let interval = Duration::ZERO;
    Dialogue::Exchange(ExchangeSettings { send: text(send), expect, repeat, interval })
}

/// Answers each PING, as redis does.
fn redis(stream: &mut TcpStream) {
    while let Some(line) = read_until(stream, b"\r\n") {
        assert_eq!(line, b"PING\r\n");
        stream.write_all(b"+PONG\r\n").unwrap();
    }
}

#[track_caller]
fn assert_unexpected(report: &LoadReport, cause: &str, start: &str) {
    assert_endings(report, [(Ending::Unfinished, report.attempts.len())]);
    for attempt in &report.attempts {
        assert_eq!(attempt.ended_by, Some(EndedBy::UnexpectedAnswer));
    }
    assert_eq!(report.incomplete_causes[cause], report.attempts.len() as u64);
    assert_eq!(report.unframed.as_ref().unwrap().start, start);
}

#[test]
fn every_form_of_an_answer_of_redis() {
    for expect in [
        Expected::Length(7),
        Expected::Prefix(text(r"+PONG\r\n")),
        Expected::Pattern(r"^\+PONG\r\n".to_owned()),
    ] {
        let (address, serving) = serve(3, redis);
        let report = load(&config(address, 3, exchange(r"PING\r\n", expect.clone(), 5)));
        assert_endings(&report, [(Ending::Finished, 3)]);
        assert_eq!(report.response_latency.count, 15, "{expect:?}");
        assert_eq!((report.bytes_out, report.bytes_in), (15 * 6, 15 * 7));
        serving.join().unwrap();
    }
}

#[test]
fn an_answer_may_arrive_byte_by_byte() {
    for expect in [
        Expected::Length(7),
        Expected::Prefix(text(r"+PONG\r\n")),
        Expected::Pattern(r"PONG\r\n".to_owned()),
    ] {
        let (address, serving) = serve(2, |stream| {
            while read_until(stream, b"\r\n").is_some() {
                write_in_bytes(stream, b"+PONG\r\n");
            }
        });
        let report = load(&config(address, 2, exchange(r"PING\r\n", expect.clone(), 3)));
        assert_endings(&report, [(Ending::Finished, 2)]);
        assert_eq!(report.response_latency.count, 6, "{expect:?}");
        serving.join().unwrap();
    }
}

#[test]
fn a_server_may_speak_first() {
    let (address, serving) = serve(3, |stream| {
        stream.write_all(b"220 mail.example ESMTP\r\n").unwrap();
        read_to_end(stream);
    });
    let greeting = Expected::Pattern(r"^220 .*\r\n".to_owned());
    let report = load(&config(address, 3, exchange("", greeting, 1)));
    assert_endings(&report, [(Ending::Finished, 3)]);
    assert_eq!((report.bytes_out, report.response_latency.count), (0, 3));
    serving.join().unwrap();
}

#[test]
fn answers_without_requests_may_arrive_together() {
    let (address, serving) = serve(1, |stream| {
        stream.write_all(b"one two three ").unwrap();
        read_to_end(stream);
    });
    let report = load(&config(address, 1, exchange("", Expected::Length(2), 7)));
    assert_endings(&report, [(Ending::Finished, 1)]);
    assert_eq!(report.response_latency.count, 7);
    serving.join().unwrap();
}

#[test]
fn an_answer_may_be_everything_until_the_server_closes() {
    let (address, serving) = serve(3, |stream| {
        read_until(stream, b"\r\n").unwrap();
        stream.write_all(b"a plan\r\n").unwrap();
    });
    let report = load(&config(address, 3, exchange(r"finger\r\n", Expected::EndOfFile, 1)));
    assert_endings(&report, [(Ending::Finished, 3)]);
    assert!(report.attempts.iter().all(|a| a.ended_by == Some(EndedBy::Server)));
    assert_eq!((report.response_latency.count, report.bytes_in), (3, 24));
    serving.join().unwrap();
}

#[test]
fn a_server_that_closes_first_is_waited_for() {
    let (address, serving) = serve(2, |stream| {
        read_until(stream, b"\r\n").unwrap();
        stream.write_all(b"221 bye\r\n").unwrap();
    });
    let config = config(address, 2, exchange(r"QUIT\r\n", Expected::Prefix(text("221")), 1));
    let report = load(&LoadConfig { server_closes: true, ..config });
    assert_endings(&report, [(Ending::Finished, 2)]);
    assert!(report.attempts.iter().all(|a| a.ended_by == Some(EndedBy::Server)));
    serving.join().unwrap();
}

#[test]
fn another_answer_is_incomplete_and_shown() {
    let (address, serving) = serve(2, |stream| {
        read_until(stream, b"\r\n").unwrap();
        stream.write_all(b"-NOAUTH \xff\r\n").unwrap();
        read_to_end(stream);
    });
    let pong = Expected::Prefix(text("+PONG"));
    let report = load(&config(address, 2, exchange(r"PING\r\n", pong, 1)));
    assert_unexpected(&report, "another answer", r"-NOAUTH \xff\r\n");
    serving.join().unwrap();

    let (address, serving) = serve(2, |stream| {
        read_until(stream, b"\r\n").unwrap();
        stream.write_all(b"+PONG\r\n").unwrap();
        read_to_end(stream);
    });
    let report = load(&config(address, 2, exchange(r"PING\r\n", Expected::Length(5), 1)));
    assert_unexpected(&report, "data after the answer", r"\r\n");
    serving.join().unwrap();
}

#[test]
fn a_request_may_be_larger_than_the_sockets_room() {
    const SIZE: usize = 60_000;
    in_own_namespace(&[("net.ipv4.tcp_wmem", "4096 4096 4096")], || {
        let (address, serving) = serve(2, |stream| {
            let request = read_until(stream, b"\n").unwrap();
            assert_eq!(request.len(), SIZE + 1);
            stream.write_all(b"ok").unwrap();
            read_to_end(stream);
        });
        let send = format!("{}\n", "a".repeat(SIZE));
        let report = load(&config(address, 2, exchange(&send, Expected::Length(2), 1)));
        assert_endings(&report, [(Ending::Finished, 2)]);
        assert_eq!(report.bytes_out, 2 * (SIZE as u64 + 1));
        serving.join().unwrap();
    });
}
