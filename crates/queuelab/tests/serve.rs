//! `queuelab serve`: the runs in a browser.

mod support;

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Background, out_directory, queuelab, repository, request, said, status, text};

/// A page of runs below `runs`, on a free port.
fn serve(runs: &Path) -> (Background, SocketAddr) {
    let runs = runs.to_str().unwrap();
    let arguments = ["serve", "--address", "127.0.0.1:0", "--runs", runs];
    let mut server = Background::start(queuelab(&arguments));
    let line = server.lines.next().unwrap().unwrap();
    let address = line.rsplit_once("http://").unwrap().1.trim_end_matches('/').parse();
    (server, address.unwrap_or_else(|_| panic!("{line}")))
}

/// Puts a run that the tests of `report` keep below `runs`.
fn put(kept: &str, runs: &Path, name: &str) {
    let from = repository().join("crates/report/tests/runs").join(kept);
    let to = runs.join(name);
    fs::create_dir_all(&to).unwrap();
    for file in ["run.json", "trials.jsonl"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
}

#[test]
fn runs_are_listed_newest_first_and_shown() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    put("server-death", runs.path(), "sigpipe/2026-01-02T00-00-00Z");
    fs::create_dir_all(runs.path().join("torn/2026-01-03T00-00-00Z")).unwrap();
    fs::write(runs.path().join("torn/2026-01-03T00-00-00Z/run.json"), "{\n\"x\":").unwrap();
    fs::write(runs.path().join(".gitkeep"), "").unwrap();
    let (_server, address) = serve(runs.path());

    let list = request(address, "GET", "/");
    assert_eq!(status(&list), 200, "{list}");
    let order: Vec<_> = ["torn", "sigpipe", "sweep"]
        .map(|name| list.find(name).unwrap_or_else(|| panic!("no {name} in {list}")))
        .to_vec();
    assert!(order.is_sorted(), "newest first: {list}");
    assert!(list.contains("href=\"/runs/sweep/2026-01-01T00-00-00Z\""), "{list}");
    assert!(list.contains("16 / 16") && list.contains("held"), "{list}");
    assert!(list.contains("run.json, line 2: "), "why it cannot be read: {list}");

    let page = request(address, "GET", "/runs/sweep/2026-01-01T00-00-00Z");
    assert_eq!(status(&page), 200, "{page}");
    let run = runs.path().join("sweep/2026-01-01T00-00-00Z");
    let report = queuelab(&["report", run.to_str().unwrap()]).output().unwrap();
    let said = text(&report.stdout);
    let (summary, _) = said.rsplit_once("\n\nReport: ").unwrap();
    let escaped = summary.replace('&', "&amp;").replace('<', "&lt;");
    let escaped = escaped.replace('>', "&gt;").replace('"', "&quot;");
    assert!(page.contains(escaped.trim_end()), "the summary, whole: {page}");
    let torn = request(address, "GET", "/runs/torn/2026-01-03T00-00-00Z");
    assert!(torn.contains("run.json, line 2: "), "{torn}");
}

#[test]
fn a_page_needs_nothing_from_elsewhere_and_takes_nothing_in() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let record = runs.path().join("sweep/2026-01-01T00-00-00Z/run.json");
    let run = fs::read_to_string(&record).unwrap();
    let question = run.lines().find(|line| line.contains("\"question\"")).unwrap().to_owned();
    let hostile = r#""question": "<script src='//elsewhere'></script>","#;
    fs::write(&record, run.replacen(&question, hostile, 1)).unwrap();
    let (_server, address) = serve(runs.path());
    for target in ["/", "/runs/sweep/2026-01-01T00-00-00Z", "/nothing"] {
        let page = request(address, "GET", target);
        assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
        assert!(page.contains("color-scheme"), "{page}");
        for outside in ["<script", "http://", "https://", "@import", "url("] {
            assert!(!page.contains(outside), "{outside} in {page}");
        }
    }
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(status(&request(address, method, "/")), 405, "{method}");
    }
}

#[test]
fn no_request_leads_outside_the_directory_of_runs() {
    let place = out_directory();
    let runs = place.path().join("runs");
    put("sweep", &runs, "sweep/2026-01-01T00-00-00Z");
    put("sweep", place.path(), "secret/2026-01-01T00-00-00Z");
    std::os::unix::fs::symlink(place.path().join("secret"), runs.join("link")).unwrap();
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
        "/%ff/..",
        "/runs/%ff/2026-01-01T00-00-00Z",
    ] {
        let answer = request(address, "GET", target);
        assert!([400, 404].contains(&status(&answer)), "{target}: {answer}");
        assert!(!answer.contains("attempts in"), "{target}: {answer}");
        assert!(!answer.contains("schema_version"), "{target}: {answer}");
    }
    let found = request(address, "GET", "/runs/%73weep/2026-01-01T00-00-00Z");
    assert_eq!(status(&found), 200, "an encoded name is the name: {found}");
}

#[test]
fn a_report_and_the_files_beside_it_are_served_as_they_are() {
    let runs = out_directory();
    put("sweep", runs.path(), "sweep/2026-01-01T00-00-00Z");
    let run = runs.path().join("sweep/2026-01-01T00-00-00Z");
    let report = queuelab(&["report", run.to_str().unwrap()]).output().unwrap();
    assert!(text(&report.stdout).contains("report.html"), "{}", said(&report));
    let (_server, address) = serve(runs.path());
    let list = request(address, "GET", "/");
    assert!(list.contains("/runs/sweep/2026-01-01T00-00-00Z/report.html"), "{list}");
    for (file, kind) in [
        ("report.html", "text/html"),
        ("run.json", "application/json"),
        ("trials.jsonl", "text/plain"),
        ("cells.csv", "text/plain"),
        ("junit.xml", "application/xml"),
        ("charts/connect-latency.svg", "image/svg+xml"),
    ] {
        let target = format!("/runs/sweep/2026-01-01T00-00-00Z/{file}");
        let answer = request(address, "GET", &target);
        assert_eq!(status(&answer), 200, "{target}: {answer}");
        assert!(answer.contains(&format!("content-type: {kind}")), "{target}: {answer}");
        assert!(answer.contains("sandbox allow-scripts"), "{target}: {answer}");
        let contents = fs::read_to_string(run.join(file)).unwrap();
        assert!(answer.ends_with(&contents), "{target}");
    }
}

#[test]
fn a_run_shows_as_soon_as_it_is_there() {
    let place = out_directory();
    let runs = place.path().join("runs");
    let (_server, address) = serve(&runs);
    let empty = request(address, "GET", "/");
    assert!(status(&empty) == 200 && empty.contains("queuelab run smoke"), "{empty}");
    put("sweep", &runs, "sweep/2026-01-01T00-00-00Z");
    assert!(request(address, "GET", "/").contains("/runs/sweep/"));
    let trials = runs.join("sweep/2026-01-01T00-00-00Z/trials.jsonl");
    let text = fs::read_to_string(&trials).unwrap();
    fs::write(&trials, text.lines().next().unwrap().to_owned() + "\n").unwrap();
    let list = request(address, "GET", "/");
    assert!(list.contains("1 / 16") && list.contains("not finished"), "{list}");
}

#[test]
fn a_port_that_is_taken_is_told_with_a_way_out() {
    let runs = out_directory();
    let (_server, address) = serve(runs.path());
    let address = address.to_string();
    let output = queuelab(&["serve", "--address", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains(&address) && stderr.contains("--address"), "{stderr}");
    assert!(stderr.contains("Address already in use"), "{stderr}");
}

#[test]
fn it_stops_when_told_to_whoever_is_still_connected() {
    for how in [Signal::SIGTERM, Signal::SIGINT] {
        let runs = out_directory();
        let (mut server, address) = serve(runs.path());
        let idle = TcpStream::connect(address).unwrap();
        let mut slow = TcpStream::connect(address).unwrap();
        slow.write_all(b"GET / HT").unwrap();
        // Until this is answered, the two before it may still be in the queue.
        assert_eq!(status(&request(address, "GET", "/")), 200);
        let told = Instant::now();
        kill(Pid::from_raw(server.child.id().cast_signed()), how).unwrap();
        let end = server.child.wait().unwrap();
        assert_eq!(end.code(), Some(0), "{how}");
        assert!(told.elapsed() < Duration::from_secs(8), "before a container is killed");
        drop((idle, slow));
    }
}
