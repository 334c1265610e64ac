//! The metrics over HTTP.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use watch_metrics::{Exporter, PACE, router};

use crate::openmetrics::parse;
use crate::snapshots::everything;

/// Serves until the sender is dropped.
fn serve() -> (oneshot::Sender<()>, SocketAddr) {
    let (shutdown, stopped) = oneshot::channel::<()>();
    let (bound, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = http_server::Server::bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
            bound.send(server.address()).unwrap();
            let shutdown = async { drop(stopped.await) };
            server.for_other_machines().serve(router(Exporter::new(everything)), shutdown).await;
        });
    });
    (shutdown, address.recv().unwrap())
}

/// The head and the body of a response.
fn request(address: SocketAddr, request_line: &str, headers: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!("{request_line} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn a_scrape_gets_the_format_that_it_asks_for() {
    let (_server, address) = serve();
    let accept = "Host: localhost\r\nAccept: application/openmetrics-text;version=1.0.0\r\n";
    let (head, body) = request(address, "GET /metrics", accept);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(head.contains(&format!("content-type: {content_type}\r\n")), "{head}");
    assert!(parse(&body).get("queuelab_watch_looks_total").is_some());
    let (head, body) = request(address, "GET /metrics", "Host: localhost\r\n");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{head}");
    assert!(!body.contains("# EOF"), "{body}");
    let (head, body) = request(address, "HEAD /metrics", "Host: localhost\r\n");
    assert!(head.starts_with("HTTP/1.1 200 ") && body.is_empty(), "{head}");
}

#[test]
fn other_requests_get_no_metrics() {
    let (_server, address) = serve();
    let (head, body) = request(address, "GET /", "Host: localhost\r\n");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(body.ends_with("/metrics\n") && body.lines().count() == 1, "{body}");
    for (line, headers, status) in [
        ("GET /metrics/x", "Host: localhost\r\n", "404"),
        ("POST /metrics", "Host: localhost\r\n", "405"),
        ("GET /metrics", "", "400"),
        // A page of another site whose name leads here.
        ("GET /metrics", "Host: evil.test\r\n", "421"),
    ] {
        let (head, body) = request(address, line, headers);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{line} {headers}: {head}");
        assert!(!body.contains("queuelab_"), "{body}");
    }
}

#[test]
fn a_client_that_asks_without_a_pause_waits() {
    let (_server, address) = serve();
    let began = Instant::now();
    for _ in 0..5 {
        let (head, _) = request(address, "GET /metrics", "Host: localhost\r\n");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
    assert!(began.elapsed() >= 4 * PACE, "{:?}", began.elapsed());
}
