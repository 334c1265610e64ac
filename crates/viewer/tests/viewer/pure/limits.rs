//! Clients that are too many, too slow or never finish. The limits are short where a test
//! waits for them, and never reached where it does not.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use viewer::Limits;

use crate::support::event_stream::EventStream;
use crate::support::http::{request, status};
use crate::support::{driven_run, out_directory, put, serve, serve_changed, serve_with, until};

/// Limits that no client of a test reaches.
const ENDLESS: Limits = Limits {
    connections: 1000,
    head_timeout: Duration::from_secs(3600),
    stall_timeout: Duration::from_secs(3600),
};

const SHORT: Duration = Duration::from_millis(200);

#[test]
fn a_client_that_never_finishes_a_request_is_closed() {
    let runs = out_directory();
    let (_server, address) = serve_with(runs.path(), Limits { head_timeout: SHORT, ..ENDLESS });
    for sent in [
        "",
        "G",
        "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: half a hea",
        // A whole request, and no other.
        "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\nGET /",
        // A body that never ends.
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf",
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nhalf",
    ] {
        let mut client = connect(address);
        client.write_all(sent.as_bytes()).unwrap();
        assert!(closed(&mut client), "{sent:?}");
    }
    // A byte at a time: the time is for the whole head.
    let mut client = connect(address);
    client.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let mut head = "GET / HTTP/1.1\r\nX: ".bytes().chain(std::iter::repeat(b'a'));
    until("a slow request is closed", || {
        client.write_all(&[head.next().unwrap()]).is_err()
            || !matches!(client.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    });
}

#[test]
fn more_connections_than_allowed_are_refused_and_then_have_room_again() {
    let runs = out_directory();
    let (_server, address) = serve_with(runs.path(), Limits { connections: 3, ..ENDLESS });
    let answer = "HTTP/1.1 503 Service Unavailable\r\n";
    let mut open: Vec<_> = (0..3).map(|_| served(address)).collect();
    for _ in 0..50 {
        let mut refused = String::new();
        // The response may be lost with a connection that is reset.
        let _ = connect(address).read_to_string(&mut refused);
        assert!(refused.is_empty() || refused.starts_with(answer), "{refused}");
    }
    for client in &mut open {
        ask(client);
    }
    drop(open.pop());
    until("there is room again", || try_ask(&mut connect(address)).is_some());
}

#[test]
fn a_client_that_reads_no_more_is_closed() {
    let runs = out_directory();
    let file = large_file(runs.path());
    let limits = Limits { stall_timeout: SHORT, connections: 1, ..ENDLESS };
    let (_server, address) = serve_with(runs.path(), limits);
    let mut stalled = connect(address);
    let head = format!("GET {file} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stalled.write_all(head.as_bytes()).unwrap();
    stalled.read_exact(&mut [0; 1000]).unwrap();
    until("its place is free", || try_ask(&mut connect(address)).is_some());
    assert!(closed(&mut stalled), "what was sent before is all that it gets");
}

#[test]
fn a_client_that_takes_its_time_gets_the_whole_file() {
    let runs = out_directory();
    let run = runs.path().join("sweep/2026-01-01T00-00-00Z");
    fs::create_dir_all(&run).unwrap();
    let contents: Vec<u8> = (0..3_000_000u32).flat_map(u32::to_le_bytes).collect();
    fs::write(run.join("contents"), &contents).unwrap();
    let (_server, address) = serve(runs.path());
    let mut client = connect(address);
    let target = "/runs/sweep/2026-01-01T00-00-00Z/contents";
    let head = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    client.write_all(head.as_bytes()).unwrap();
    let mut response = Vec::new();
    let mut part = [0; 10_000];
    while let read @ 1.. = client.read(&mut part).unwrap() {
        response.extend(&part[..read]);
        std::thread::yield_now();
    }
    let start = response.len() - contents.len();
    assert!(response[start..] == contents, "the contents are the same");
    let head = String::from_utf8_lossy(&response[..start]).into_owned();
    assert!(head.contains(&format!("content-length: {}\r\n", contents.len())), "{head}");
    let only_head = request(address, "HEAD", target);
    assert!(only_head.contains(&format!("content-length: {}\r\n", contents.len())), "{only_head}");
    assert!(only_head.ends_with("\r\n\r\n"), "{only_head}");
}

#[test]
fn a_file_with_many_readers_is_not_read_into_memory() {
    let runs = out_directory();
    let file = large_file(runs.path());
    let (_server, address) = serve_with(runs.path(), ENDLESS);
    let before = resident_bytes();
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let mut client = connect(address);
            let head = format!("GET {file} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            client.write_all(head.as_bytes()).unwrap();
            // More than the sockets' buffers have room for.
            client.read_exact(&mut vec![0; 16 << 20]).unwrap();
            client
        })
        .collect();
    let used = resident_bytes().saturating_sub(before);
    // Read into memory, a single one would take more.
    assert!(used < LARGE, "{used} bytes for {} readers", clients.len());
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_ends_the_connection() {
    let runs = out_directory();
    let file = large_file(runs.path());
    let (_server, address) = serve_with(runs.path(), ENDLESS);
    let mut client = connect(address);
    let head = format!("GET {file} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    client.write_all(head.as_bytes()).unwrap();
    client.read_exact(&mut [0; 1000]).unwrap();
    let path = runs.path().join("sweep/2026-01-01T00-00-00Z/large");
    File::options().write(true).open(path).unwrap().set_len(1000).unwrap();
    assert!(closed(&mut client));
    assert_eq!(status(&request(address, "GET", "/")), 200);
}

#[test]
fn the_events_of_a_run_end_after_a_while_and_leave_room_for_others() {
    let runs = out_directory();
    let run = driven_run::DrivenRun::start(runs.path());
    let (_server, address) = serve_changed(runs.path(), |server| {
        server.with_limits(ENDLESS).with_events_lifetime(SHORT)
    });
    // More of them than may watch at the same time.
    for _ in 0..3 {
        let mut streams: Vec<_> =
            (0..60).map(|_| EventStream::open(address, &run.name())).collect();
        for stream in &mut streams {
            assert!(stream.head.starts_with("HTTP/1.0 200"), "{}", stream.head);
            while let Some((name, _)) = stream.event() {
                assert_ne!(name, "bye", "the run is in progress: the browser connects again");
            }
        }
        drop(streams);
    }
}

#[test]
fn pages_of_a_run_are_the_same_however_often_and_at_once_they_are_requested() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    put("sweep", runs.path(), "sweep/2026-01-02T00-00-00Z");
    let (_server, address) = serve(runs.path());
    for target in ["/", "/runs/sweep/2026-01-02T00-00-00Z"] {
        let get = || {
            let page = request(address, "GET", target);
            assert_eq!(status(&page), 200, "{page}");
            page.split_once("\r\n\r\n").unwrap().1.to_owned()
        };
        let first = get();
        let pages: Vec<String> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..20).map(|_| scope.spawn(get)).collect();
            all.into_iter().map(|page| page.join().unwrap()).collect()
        });
        assert!(pages.iter().all(|page| *page == first), "{target}");
    }
}

/// The bytes of a large file.
const LARGE: u64 = 200 << 20;

/// Creates a large file without contents; its URL's path.
fn large_file(runs: &Path) -> String {
    let run = runs.join("sweep/2026-01-01T00-00-00Z");
    fs::create_dir_all(&run).unwrap();
    File::create(run.join("large")).unwrap().set_len(LARGE).unwrap();
    "/runs/sweep/2026-01-01T00-00-00Z/large".to_owned()
}

/// The memory that this process uses.
fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(240))).unwrap();
    client
}

/// A connection with a request that was answered.
fn served(address: SocketAddr) -> TcpStream {
    let mut client = connect(address);
    ask(&mut client);
    client
}

fn ask(client: &mut TcpStream) {
    try_ask(client).expect("an answer");
}

/// Sends a request without closing; `None` if it is not served.
fn try_ask(client: &mut TcpStream) -> Option<()> {
    client.write_all(b"HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
    let mut response = Vec::new();
    let mut part = [0; 1000];
    while !response.ends_with(b"\r\n\r\n") {
        match client.read(&mut part).ok()? {
            0 => return None,
            read => response.extend(&part[..read]),
        }
    }
    response.starts_with(b"HTTP/1.1 404").then_some(())
}

/// Reads until the server closes the connection; false if it does not within four minutes.
fn closed(client: &mut TcpStream) -> bool {
    let mut part = vec![0; 64 << 10];
    loop {
        match client.read(&mut part) {
            Ok(0) => return true,
            Ok(_) => {}
            // Of a process that was stopped and continues: the socket has a timeout.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return error.kind() == ErrorKind::ConnectionReset,
        }
    }
}
