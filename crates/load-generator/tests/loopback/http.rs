//! Loads of HTTP requests.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use load_generator::{ConnectPattern, Dialogue, Ending, HttpSettings, LoadReport};
use worker::metrics::EndedBy;

use crate::dialogues::{config, read_to_end, read_until, serve, write_in_bytes};
use crate::load::{assert_endings, load};

fn http(change: impl FnOnce(&mut HttpSettings)) -> Dialogue {
    let mut http = HttpSettings::default();
    change(&mut http);
    Dialogue::Http(http)
}

/// Answers each request with this, until the client closes.
fn answer_each(stream: &mut TcpStream, response: &[u8]) {
    while let Some(request) = read_until(stream, b"\r\n\r\n") {
        assert!(request.starts_with(b"GET / HTTP/1.1\r\nHost: "), "{}", request.escape_ascii());
        stream.write_all(response).unwrap();
    }
}

/// Answers one request with this, and closes.
fn answer_and_close(response: &'static [u8]) -> impl Fn(&mut TcpStream) + Clone + Send {
    move |stream| {
        read_until(stream, b"\r\n\r\n").unwrap();
        stream.write_all(response).unwrap();
    }
}

/// Asserts that all attempts ended so, because of this.
#[track_caller]
fn assert_cause(report: &LoadReport, ending: Ending, by: EndedBy, cause: &str) {
    assert_endings(report, [(ending, report.attempts.len())]);
    for attempt in &report.attempts {
        assert_eq!((attempt.ended_by, attempt.answered), (Some(by), true));
    }
    let all = report.attempts.len() as u64;
    assert_eq!(report.incomplete_causes, BTreeMap::from([(cause.to_owned(), all)]));
}

#[test]
fn a_connection_makes_its_requests_one_after_the_other_and_closes() {
    let (address, serving) = serve(3, |stream| {
        answer_each(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    });
    let report = load(&config(address, 3, http(|http| http.requests = 4)));
    assert_endings(&report, [(Ending::Finished, 3)]);
    assert_eq!(report.response_latency.count, 12);
    assert_eq!(report.response_histogram.count(), 12);
    assert!(report.attempts.iter().all(|attempt| attempt.answers == 4));
    assert_eq!(report.bytes_in, 12 * 43);
    assert_eq!((report.incomplete_causes.len(), report.unframed.as_ref()), (0, None));
    for attempt in &report.attempts {
        assert_eq!((attempt.ended_by, attempt.answered), (Some(EndedBy::Client), true));
    }
    serving.join().unwrap();
}

#[test]
fn a_chunked_response_may_arrive_byte_by_byte() {
    let (address, serving) = serve(2, |stream| {
        for _ in 0..2 {
            read_until(stream, b"\r\n\r\n").unwrap();
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            write_in_bytes(stream, head);
            write_in_bytes(stream, b"5\r\nhello\r\n0a\r\n0123456789\r\n0\r\nSum: 1\r\n\r\n");
        }
        read_to_end(stream);
    });
    let report = load(&config(address, 2, http(|http| http.requests = 2)));
    assert_endings(&report, [(Ending::Finished, 2)]);
    assert_eq!(report.response_latency.count, 4);
    serving.join().unwrap();
}

#[test]
fn without_keep_alive_the_server_closes() {
    for response in [
        &b"HTTP/1.0 200 OK\r\n\r\nuntil the end"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    ] {
        let (address, serving) = serve(3, move |stream| {
            let request = read_until(stream, b"\r\n\r\n").unwrap();
            let request = String::from_utf8(request).unwrap();
            assert!(request.contains("\r\nConnection: close\r\n"), "{request}");
            stream.write_all(response).unwrap();
        });
        let report = load(&config(address, 3, http(|http| http.keep_alive = false)));
        assert_endings(&report, [(Ending::Finished, 3)]);
        assert!(report.attempts.iter().all(|a| a.ended_by == Some(EndedBy::Server)));
        assert_eq!(report.response_latency.count, 3);
        assert_eq!(report.response_histogram.count(), 3);
        serving.join().unwrap();
    }
}

#[test]
fn another_status_is_incomplete_and_counted_by_its_name() {
    let busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";
    let (address, serving) = serve(3, |stream| {
        read_until(stream, b"\r\n\r\n").unwrap();
        stream.write_all(busy).unwrap();
        read_to_end(stream);
    });
    let report = load(&config(address, 3, http(|_| {})));
    assert_cause(&report, Ending::Unfinished, EndedBy::UnexpectedAnswer, "HTTP 503");
    assert_eq!(report.response_latency.count, 0);
    let sample = report.unframed.unwrap();
    assert_eq!(sample.connections, 3);
    assert!(sample.start.starts_with(r"HTTP/1.1 503 Busy\r\n"), "{sample:?}");
    serving.join().unwrap();

    let (address, serving) = serve(1, |stream| {
        answer_each(stream, b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    });
    let report = load(&config(address, 1, http(|http| http.status = 503)));
    assert_endings(&report, [(Ending::Finished, 1)]);
    serving.join().unwrap();
}

#[test]
fn a_response_that_ends_early_is_the_servers() {
    let truncated = answer_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    let (address, serving) = serve(2, truncated);
    let report = load(&config(address, 2, http(|_| {})));
    assert_cause(&report, Ending::ClosedByServer, EndedBy::Server, "closed within the answer");
    serving.join().unwrap();

    let once = answer_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let (address, serving) = serve(2, once);
    // The second request is due when the server has closed.
    let later = |http: &mut HttpSettings| {
        (http.requests, http.interval) = (2, Duration::from_secs(20));
    };
    let report = load(&config(address, 2, http(later)));
    assert_cause(&report, Ending::ClosedByServer, EndedBy::Server, "closed before the answer");
    assert_eq!(report.response_latency.count, 2);
    serving.join().unwrap();
}

#[test]
fn data_that_is_no_response_is_shown() {
    for (answer, cause) in [
        (&b"+PONG\r\n"[..], "no HTTP response"),
        (b"HTTP/1.1 204 None\r\n\r\nmore", "data after the answer"),
    ] {
        let (address, serving) = serve(2, move |stream| {
            read_until(stream, b"\r\n\r\n").unwrap();
            stream.write_all(answer).unwrap();
            read_to_end(stream);
        });
        let report = load(&config(address, 2, http(|http| http.status = 204)));
        assert_cause(&report, Ending::Unfinished, EndedBy::UnexpectedAnswer, cause);
        assert_eq!(report.unframed.unwrap().connections, 2);
        serving.join().unwrap();
    }
}

#[test]
fn a_server_that_never_answers_is_left_at_the_finish_deadline() {
    let (address, serving) = serve(2, read_to_end);
    let mut config = config(address, 2, http(|_| {}));
    config.settings.finish_deadline = Duration::from_millis(50);
    let report = load(&config);
    assert_endings(&report, [(Ending::Unfinished, 2)]);
    for attempt in &report.attempts {
        assert_eq!((attempt.ended_by, attempt.answered), (Some(EndedBy::FinishDeadline), false));
    }
    assert!(report.incomplete_causes.is_empty());
    serving.join().unwrap();
}

#[test]
fn requests_have_the_times_of_their_interval() {
    let (address, serving) = serve(1, |stream| {
        answer_each(stream, b"HTTP/1.1 204 None\r\n\r\n");
    });
    let paced = |http: &mut HttpSettings| {
        (http.status, http.requests, http.interval) = (204, 4, Duration::from_millis(10));
    };
    let report = load(&config(address, 1, http(paced)));
    assert_endings(&report, [(Ending::Finished, 1)]);
    assert_eq!((report.response_latency.count, report.send_lateness.count), (4, 3));
    let attempt = &report.attempts[0];
    // No timer fires early.
    assert!(attempt.end_ns - attempt.start_ns >= 30_000_000, "{attempt:?}");
    serving.join().unwrap();
}

#[test]
fn attempts_with_requests_can_wait_for_each_other() {
    let (address, serving) = serve(20, |stream| {
        answer_each(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let mut config = config(address, 20, http(|http| http.requests = 2));
    config.settings.pattern = ConnectPattern::OneByOne;
    let report = load(&config);
    assert_endings(&report, [(Ending::Finished, 20)]);
    for pair in report.attempts.windows(2) {
        assert!(pair[1].start_ns >= pair[0].end_ns, "{pair:?}");
    }
    assert_eq!(report.response_latency.count, 40);
    serving.join().unwrap();
}

#[test]
fn a_server_that_resets_is_a_reset() {
    let (address, serving) = serve(2, |stream| {
        // Closing with unread data sends an RST.
        stream.read_exact(&mut [0; 4]).unwrap();
    });
    let report = load(&config(address, 2, http(|_| {})));
    assert_endings(&report, [(Ending::Reset, 2)]);
    serving.join().unwrap();
}
