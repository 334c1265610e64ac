//! Requests that could be understood in several ways, or are too large.

use std::fs;

use crate::support::http::{request_with_head, status};
use crate::support::{out_directory, put, serve};

#[test]
fn requests_that_could_be_understood_in_several_ways_are_refused() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let (_server, address) = serve(runs.path());
    for head in [
        // Which of the hosts counts?
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n",
        "GET / HTTP/1.1\r\nHost: evil.test\r\nHost: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\nhOST: localhost\r\n",
        "GET / HTTP/1.0\r\nHost: localhost\r\nHost: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost, evil.test\r\n",
        "GET / HTTP/1.1\r\nHost: evil.test@localhost\r\n",
        "GET / HTTP/1.1\r\nHost: evil.test/.localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost:port\r\n",
        "GET / HTTP/1.1\r\nHost: localhost:80:80\r\n",
        "GET / HTTP/1.1\r\nHost: \r\n",
        "GET / HTTP/1.1\r\nHost:\r\n",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: local\thost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\u{e9}\r\n",
        "GET http://127.0.0.1/ HTTP/1.1\r\nHost: localhost\r\n",
        "GET http://localhost:1/ HTTP/1.1\r\nHost: localhost:2\r\n",
        "GET http://evil.test@localhost/ HTTP/1.1\r\nHost: localhost\r\n",
        "GET http://localhost/ HTTP/1.1\r\n",
        "GET https://localhost/ HTTP/1.1\r\nHost: localhost\r\n",
        "GET file://localhost/etc/passwd HTTP/1.1\r\nHost: localhost\r\n",
        // Where does the request end?
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 00\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +0\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0, 0\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "GET / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n",
        "HEAD / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n",
        // Which lines are headers?
        "GET / HTTP/1.1\r\nHost : localhost\r\n",
        "GET / HTTP/1.1\r\n Host: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\tevil.test\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\rX: y\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\0\r\n",
        "GET  / HTTP/1.1\r\nHost: localhost\r\n",
        "GET / / HTTP/1.1\r\nHost: localhost\r\n",
        "GET / HTTP/1.2\r\nHost: localhost\r\n",
        "GET / HTTP/2.0\r\nHost: localhost\r\n",
        "PRI * HTTP/2.0\r\n",
        "GET /\r\n",
    ] {
        let answer = request_with_head(address, head).unwrap_or_else(|| panic!("{head:?}"));
        assert_eq!(status(&answer), 400, "{head:?}: {answer}");
        assert!(answer.contains("connection: close"), "{head:?}: {answer}");
        assert!(!answer.contains("sweep"), "{head:?}: {answer}");
    }
}

#[test]
fn what_follows_a_refused_request_is_not_answered() {
    let runs = out_directory();
    let (_server, address) = serve(runs.path());
    for first in [
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n",
        "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: evil.test\r\n",
    ] {
        let both = format!("{first}\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\n");
        let answer = request_with_head(address, &both).unwrap();
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{first:?}: {answer}");
        assert!([400, 405, 421].contains(&status(&answer)), "{first:?}: {answer}");
    }
    // Two requests that are answered, in the order that they were sent.
    let both = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /b HTTP/1.1\r\nHost: localhost\r\n";
    let answer = request_with_head(address, both).unwrap();
    assert_eq!(answer.matches("HTTP/1.1 404").count(), 2, "{answer}");
}

#[test]
fn a_request_with_too_large_a_head_is_refused() {
    let runs = out_directory();
    let (_server, address) = serve(runs.path());
    let asked = |padding: String| {
        let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{padding}");
        request_with_head(address, &head).map(|answer| status(&answer))
    };
    assert_eq!(asked(format!("X: {}\r\n", "a".repeat(8_000))), Some(200));
    assert_eq!(asked("X: y\r\n".repeat(90)), Some(200));
    assert_eq!(asked("X: y\r\n".repeat(200)), Some(431));
    assert_eq!(asked(format!("X: {}\r\n", "a".repeat(20_000))), Some(431));
    for large in [100_000, 10_000_000] {
        // The connection may be closed before all was sent.
        let refused = asked(format!("X: {}\r\n", "a".repeat(large)));
        assert!(matches!(refused, None | Some(431)), "{refused:?}");
    }
}

#[test]
fn hard_links_and_special_files_are_not_served() {
    let place = out_directory();
    let runs = place.path().join("runs");
    put("sweep", &runs, "sweep/2026-01-01T00-00-00Z");
    put("sweep", &runs, "linked/2026-01-01T00-00-00Z");
    let run = runs.join("sweep/2026-01-01T00-00-00Z");
    let secret = place.path().join("secret");
    fs::write(&secret, "the secret").unwrap();
    fs::create_dir(run.join("charts")).unwrap();
    for name in ["report.html", "charts/success.svg"] {
        fs::hard_link(&secret, run.join(name)).unwrap();
    }
    nix::unistd::mkfifo(&run.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let record = runs.join("linked/2026-01-01T00-00-00Z/run.json");
    fs::hard_link(&record, place.path().join("record")).unwrap();
    let (_server, address) = serve(&runs);
    let page = |target: &str| {
        let head = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n");
        request_with_head(address, &head).unwrap()
    };
    for name in ["report.html", "charts/success.svg", "pipe", "charts"] {
        let answer = page(&format!("/runs/sweep/2026-01-01T00-00-00Z/{name}"));
        assert_eq!(status(&answer), 404, "{name}: {answer}");
        assert!(!answer.contains("the secret"), "{name}: {answer}");
    }
    let linked = page("/runs/linked/2026-01-01T00-00-00Z");
    assert!(linked.contains("run.json: it is a hard link"), "{linked}");
    assert_eq!(status(&page("/runs/linked/2026-01-01T00-00-00Z/run.json")), 404);
    // The list names neither, and says what is wrong.
    let list = page("/");
    assert!(list.contains("run.json: it is a hard link"), "{list}");
    assert!(!list.contains("report.html") && !list.contains("success.svg"), "{list}");
}
