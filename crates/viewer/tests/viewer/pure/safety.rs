//! Requests that are refused, and files that are not served.

use std::fs;
use std::net::SocketAddr;

use run_record::{Axis, RunDirectory};

use crate::support::http::{request, request_with_head, status};
use crate::support::{out_directory, put, serve};

#[test]
fn pages_load_nothing_from_other_origins_and_accept_no_input() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let record = runs.path().join("sweep/2026-01-01T00-00-00Z/run.json");
    let run = fs::read_to_string(&record).unwrap();
    let question = run.lines().find(|line| line.contains("\"question\"")).unwrap().to_owned();
    let hostile = r#""question": "<script src='//elsewhere'></script>","#;
    fs::write(&record, run.replacen(&question, hostile, 1)).unwrap();
    let (_server, address) = serve(runs.path());
    let one = "sweep/2026-01-01T00-00-00Z";
    let compared = format!("/compare?base={one}&new={one}");
    for target in ["/", "/runs/sweep/2026-01-01T00-00-00Z", &compared, "/compare", "/nothing"] {
        let page = request(address, "GET", target);
        assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
        assert!(page.contains("color-scheme"), "{page}");
        for outside in ["<script", "http://", "https://", "@import", "url("] {
            assert!(!page.contains(outside), "{outside} in {page}");
        }
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "MADE-UP"] {
        for target in ["/", "/runs/sweep/2026-01-01T00-00-00Z/run.json", &compared, "/nothing"] {
            let answer = request(address, method, target);
            assert_eq!(status(&answer), 405, "{method} {target}: {answer}");
            assert!(answer.contains("allow: GET, HEAD"), "{answer}");
        }
    }
    let head = request(address, "HEAD", "/");
    assert!(status(&head) == 200 && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn no_request_reads_outside_the_directory_of_runs() {
    let place = out_directory();
    let runs = place.path().join("runs");
    put("sweep", &runs, "sweep/2026-01-01T00-00-00Z");
    put("sweep", place.path(), "secret/2026-01-01T00-00-00Z");
    let secret = place.path().join("secret/2026-01-01T00-00-00Z");
    let run = runs.join("sweep/2026-01-01T00-00-00Z");
    // A run whose record is a link to another place.
    put("sweep", &runs, "led/2026-01-01T00-00-00Z");
    let led = runs.join("led/2026-01-01T00-00-00Z/run.json");
    fs::remove_file(&led).unwrap();
    for (target, link) in [
        (place.path().join("secret"), runs.join("link")),
        (secret.join("run.json"), run.join("link.json")),
        (secret.clone(), run.join("linked")),
        (secret.join("run.json"), led),
    ] {
        std::os::unix::fs::symlink(target, link).unwrap();
    }
    let (_server, address) = serve(&runs);
    for target in [
        "/runs/../secret/2026-01-01T00-00-00Z",
        "/runs/%2e%2e/secret",
        "/runs/..%2fsecret/2026-01-01T00-00-00Z",
        "/runs/%2e%2e%2fsecret/2026-01-01T00-00-00Z",
        "/runs/..%5csecret/2026-01-01T00-00-00Z",
        "/runs/sweep/..%2f..%2f..%2fsecret%2f2026-01-01T00-00-00Z",
        "/runs/sweep/%2e%2e",
        "/runs/sweep/.",
        "/runs/sweep%00/2026-01-01T00-00-00Z",
        "/runs/sweep/2026-01-01T00-00-00Z%2frun.json",
        "/runs/sweep/2026-01-01T00-00-00Z/..%2f..%2frun.json",
        "/runs/sweep/2026-01-01T00-00-00Z/../../../secret/2026-01-01T00-00-00Z/run.json",
        "/runs/link/2026-01-01T00-00-00Z/run.json",
        "/runs/%2e%2e/secret/2026-01-01T00-00-00Z/run.json",
        "/runs/sweep/2026-01-01T00-00-00Z/%2e%2e/file",
        "/runs/link/2026-01-01T00-00-00Z",
        "/runs/%2fetc/passwd",
        "/runs//",
        "/runs//etc/passwd",
        "//etc/passwd",
        "/runs/sweep/2026-01-01T00-00-00Z/link.json",
        "/runs/sweep/2026-01-01T00-00-00Z/linked/run.json",
        "/runs/sweep/2026-01-01T00-00-00Z/run.json%00",
        "/runs/%2e%2e/secret/events",
        "/runs/link/2026-01-01T00-00-00Z/events",
        "/runs/led/2026-01-01T00-00-00Z/run.json",
        "/compare?base=../secret/2026-01-01T00-00-00Z&new=sweep/2026-01-01T00-00-00Z",
        "/compare?base=link/2026-01-01T00-00-00Z&new=sweep/2026-01-01T00-00-00Z",
        "/%ff/..",
        "/runs/%ff/2026-01-01T00-00-00Z",
    ] {
        let answer = request(address, "GET", target);
        assert!([400, 404].contains(&status(&answer)), "{target}: {answer}");
        assert!(!answer.contains("attempts in"), "{target}: {answer}");
        assert!(!answer.contains("schema_version"), "{target}: {answer}");
    }
    let led = request(address, "GET", "/runs/led/2026-01-01T00-00-00Z");
    assert!(led.contains("run.json: it is a symbolic link"), "{led}");
    for long in [2_000, 60_000, 400_000] {
        let name = "a".repeat(long);
        for target in
            [format!("/runs/{name}/x"), format!("/runs/sweep/x/{name}"), format!("/?{name}")]
        {
            let Some(answer) = answered(address, &target) else { continue };
            let status = status(&answer);
            assert!([200, 400, 404, 414, 431].contains(&status), "{long}: {status}");
            assert!(status != 200 || target.starts_with("/?"), "{long}");
        }
    }
    let found = request(address, "GET", "/runs/%73weep/2026-01-01T00-00-00Z");
    assert_eq!(status(&found), 200, "percent-encoded names are decoded: {found}");
}

#[test]
fn requests_for_other_hosts_are_refused() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let (_server, address) = serve(runs.path());
    let asked = |head: &str| request_with_head(address, head).unwrap();
    let port = address.port();
    for host in [
        "localhost".to_owned(),
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "127.0.0.1:8088".to_owned(),
        format!("[::1]:{port}"),
    ] {
        let answer = asked(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n"));
        assert_eq!(status(&answer), 200, "{host}: {answer}");
    }
    for head in [
        format!("GET / HTTP/1.1\r\nHost: evil.test:{port}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.test:{port}\r\n"),
        "GET /runs/sweep/2026-01-01T00-00-00Z/run.json HTTP/1.1\r\nHost: evil.test\r\n".to_owned(),
        "GET /runs/sweep/2026-01-01T00-00-00Z/events HTTP/1.1\r\nHost: evil.test\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: 198.51.100.7\r\n".to_owned(),
        "GET http://evil.test/ HTTP/1.1\r\nHost: localhost\r\n".to_owned(),
        "GET / HTTP/1.0\r\n".to_owned(),
    ] {
        let answer = asked(&head);
        assert_eq!(status(&answer), 421, "{head}: {answer}");
        assert!(answer.contains(&format!("Open http://localhost:{port}/")), "what to do: {answer}");
        assert!(!answer.contains("sweep"), "{answer}");
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
    }
}

#[test]
fn a_record_with_more_cells_than_memory_is_listed() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let run = runs.path().join("sweep/2026-01-01T00-00-00Z");
    let (mut record, _) = RunDirectory::read(&run).unwrap();
    let axis = |number| Axis { path: format!("a{number}"), values: vec![0.into(), 1.into()] };
    record.axes = (0..64).map(axis).collect();
    fs::write(run.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    let (_server, address) = serve(runs.path());
    let list = request(address, "GET", "/");
    assert!(list.contains("have more cells than can be counted"), "{list}");
}

fn answered(address: SocketAddr, target: &str) -> Option<String> {
    request_with_head(address, &format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n"))
}
