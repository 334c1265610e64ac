//! How the server starts and stops.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use nix::sys::signal::Signal;
use run_record::{Axis, RunDirectory, TrialRecord};

use crate::support::http::{request, request_with_head, status};
use crate::support::viewer::start_viewer;
use crate::support::{
    Background, all_output, copy_recorded_run, out_directory, queuelab, send_signal, terminate,
    text,
};

#[test]
fn an_address_in_use_is_reported_with_a_hint() {
    let runs = out_directory();
    let (_server, address) = start_viewer(runs.path());
    let address = address.to_string();
    let runs = runs.path().to_str().unwrap();
    let output = queuelab(&["serve", "--address", &address, "--runs", runs]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains(&address) && stderr.contains("--address"), "{stderr}");
    assert!(stderr.contains("Address already in use"), "{stderr}");
}

#[test]
fn signals_stop_the_server_despite_open_connections() {
    for stop in [Signal::SIGTERM, Signal::SIGINT] {
        let runs = out_directory();
        let (mut server, address) = start_viewer(runs.path());
        let idle = TcpStream::connect(address).unwrap();
        let mut slow = TcpStream::connect(address).unwrap();
        slow.write_all(b"GET / HT").unwrap();
        // The two connections are accepted before this one.
        assert_eq!(status(&request(address, "GET", "/")), 200);
        send_signal(&server.child, stop);
        let end = server.child.wait().unwrap();
        assert_eq!(end.code(), Some(0), "{stop}");
        drop((idle, slow));
    }
}

#[test]
fn a_signal_stops_the_server_while_a_slow_page_is_made() {
    let runs = out_directory();
    copy_recorded_run("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let run = runs.path().join("sweep/2026-01-01T00-00-00Z");
    let (mut record, trials) = RunDirectory::read(&run).unwrap();
    // Many trials, which take a while to read.
    record.axes = ["a", "b"].map(|path| axis(path, 300)).into();
    record.planned_trials = 90_000;
    fs::write(run.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    // Numbers that are replaced in the text, which is written faster than records are.
    const ID: u32 = 4_000_000_001;
    const PLACE: [u32; 2] = [4_000_000_002, 4_000_000_003];
    let point = [("a", PLACE[0]), ("b", PLACE[1])];
    let point = point.map(|(path, value)| (path.to_owned(), value.into())).into();
    let trial =
        TrialRecord { id: ID, cell: ID, repetition: 0, retry: 0, point, ..trials[0].clone() };
    let line = serde_json::to_string(&trial).unwrap() + "\n";
    let lines = (0..20_000_u32).map(|id| {
        let line = line.replace(&ID.to_string(), &id.to_string());
        let line = line.replace(&PLACE[0].to_string(), &(id / 300).to_string());
        line.replace(&PLACE[1].to_string(), &(id % 300).to_string())
    });
    fs::write(run.join("trials.jsonl"), lines.collect::<String>()).unwrap();
    let (mut server, address) = start_viewer(runs.path());
    let mut waiting = TcpStream::connect(address).unwrap();
    let head = format!("GET /runs/sweep/2026-01-01T00-00-00Z HTTP/1.1\r\nHost: {address}\r\n\r\n");
    waiting.write_all(head.as_bytes()).unwrap();
    assert_eq!(status(&request(address, "GET", "/nothing")), 404);
    terminate(&server.child);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    let mut answer = String::new();
    let _ = waiting.read_to_string(&mut answer);
    assert_eq!(answer, "", "the stop did not wait for the page");
}

fn axis(path: &str, values: u32) -> Axis {
    Axis { path: path.to_owned(), values: (0..values).map(Into::into).collect() }
}

#[test]
fn on_all_addresses_requests_to_addresses_are_accepted_and_to_names_rejected() {
    let runs = out_directory();
    let arguments = ["serve", "--address", "0.0.0.0:0", "--runs", runs.path().to_str().unwrap()];
    let mut server = Background::start(queuelab(&arguments));
    let line = server.lines.next().unwrap().unwrap();
    let (_, port) = line.split_once("http://127.0.0.1:").unwrap_or_else(|| panic!("{line}"));
    let port: u16 = port.split('/').next().unwrap().parse().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    // Through a published port, from another machine, and with a foreign name.
    for (host, expected) in
        [("127.0.0.1:8088", 200), ("192.0.2.1:8088", 200), ("evil.test:8088", 421)]
    {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n");
        assert_eq!(status(&request_with_head(address, &head).unwrap()), expected, "{host}");
    }
}

#[test]
fn a_directory_that_does_not_exist_is_refused_with_the_way_out() {
    let place = tempfile::tempdir().unwrap();
    let missing = place.path().join("runs");
    let arguments = ["serve", "--address", "127.0.0.1:0", "--runs", missing.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    let in_one_line = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(in_one_line.contains("failed to find the directory of runs"), "{stderr}");
    assert!(in_one_line.contains("--runs"), "{stderr}");
}
