//! `queuelab watch --record`, and what shows the record.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use nix::pty::{Winsize, openpty};
use socket2::{Domain, Socket, Type};

use crate::pure::schemas::{assert_valid, committed};
use crate::support::{
    all_output, in_one_line, out_directory, queuelab, terminate, text, wait_until,
};

/// A listener of this process on a free port of loopback, and its address.
fn listen(backlog: i32) -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(backlog).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

fn connect(address: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.connect(&address.into()).unwrap_err();
    socket
}

#[test]
fn a_burst_is_recorded_and_shown_by_report_show_and_nothing_that_needs_a_run() {
    let (_listener, address) = listen(2);
    let port = address.port().to_string();
    let place = out_directory();
    let record = place.path().join("runs/watch/incident");
    let path = record.to_str().unwrap();
    let arguments = ["watch", "--own", "--json", "--max-cpu", "0.2", "--port", &port];
    let mut watch = queuelab(&arguments)
        .args(["--record", path])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = || fs::read_to_string(record.join("seconds.jsonl")).unwrap_or_default();
    wait_until("the first line", || lines().contains('\n'));
    let _clients: Vec<_> = (0..6).map(|_| connect(address)).collect();
    wait_until("the burst is recorded", || lines().contains("full_us"));
    terminate(&watch);
    let status = watch.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    let header = serde_json::from_str(&fs::read_to_string(record.join("watch.json")).unwrap());
    let header: serde_json::Value = header.unwrap();
    assert_valid(&committed("watch-record"), &header, "watch.json");
    assert_eq!(header["end"], "stopped");
    let of_line = committed("watch-line");
    for line in lines().lines() {
        assert_valid(&of_line, &serde_json::from_str(line).unwrap(), "seconds.jsonl");
    }

    let told = format!("{address} ");
    for command in ["report", "show"] {
        let output = queuelab(&[command, path]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        let printed = in_one_line(&text(&output.stdout));
        assert!(printed.contains("1 of 1 listener was in trouble"), "{printed}");
        assert!(printed.contains(&told) && printed.contains("its queue was full"), "{printed}");
    }
    let page = fs::read_to_string(record.join("report.html")).unwrap();
    assert!(page.contains("<svg class=\"chart\"") && record.join("summary.md").exists());
    let code = |arguments: &[&str], why: &str| {
        let output = queuelab(arguments).output().unwrap();
        let printed = in_one_line(&all_output(&output));
        assert!(printed.contains(why), "{printed}");
        output.status.code()
    };
    assert_eq!(code(&["compare", path, path], "it is the record of a watch"), Some(2));
    assert_eq!(code(&["report", path, "--annotate"], "which has no checks"), Some(2));
    assert_eq!(code(&["show", path, "--json"], "it is the record of a watch"), Some(2));
    assert_eq!(code(&["watch", "--once", "--record", path], "name a new directory"), Some(2));
    let runs = place.path().join("runs");
    code(&["clean", "--dry-run", "--out", runs.to_str().unwrap()], "");
    assert!(record.join("watch.json").exists());
}

#[test]
fn a_recording_ends_at_its_limit_and_the_watch_goes_on() {
    let place = out_directory();
    let record = place.path().join("record");
    let arguments = ["watch", "--own", "--json", "--for", "1s", "--record-limit", "10"];
    let arguments = arguments.into_iter().chain(["--record", record.to_str().unwrap()]);
    let output = queuelab(&arguments.collect::<Vec<_>>()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert!(!output.stdout.is_empty(), "it still watches");
    let stderr = in_one_line(&text(&output.stderr));
    assert!(stderr.contains("it reached its limit of 10 bytes (--record-limit)"), "{stderr}");
    assert_eq!(fs::metadata(record.join("seconds.jsonl")).unwrap().len(), 0);
    let header = fs::read_to_string(record.join("watch.json")).unwrap();
    assert!(header.contains("\"end\": \"limit_reached\""), "{header}");
}

#[test]
fn the_end_of_a_recording_is_printed_after_the_screen() {
    let place = out_directory();
    let record = place.path().join("record");
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(&size, None).unwrap();
    let [mut master, slave] = [pty.master, pty.slave].map(File::from);
    let end = || Stdio::from(slave.try_clone().unwrap());
    let arguments = ["watch", "--own", "--record-limit", "10", "--record"];
    let mut watch = queuelab(&[&arguments[..], &[record.to_str().unwrap()]].concat())
        .env("TERM", "xterm-256color")
        .stdin(end())
        .stdout(end())
        .stderr(end())
        .spawn()
        .unwrap();
    let shown = Arc::<Mutex<String>>::default();
    let (mut reader, written) = (master.try_clone().unwrap(), Arc::clone(&shown));
    // It ends when the last file of the other side is closed.
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length) = reader.read(&mut buffer) {
            written.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    });
    wait_until("the screen is drawn", || shown.lock().unwrap().contains("ADDRESS"));
    master.write_all(b"q").unwrap();
    let status = watch.wait().unwrap();
    let limit = "it reached its limit of 10 bytes";
    wait_until("the warning is printed", || shown.lock().unwrap().contains(limit));
    assert_eq!(status.code(), Some(0));
    let shown = shown.lock().unwrap();
    assert!(shown.find(limit) > shown.rfind("\u{1b}[?1049l"), "{shown:?}");
    assert_eq!(shown.matches(limit).count(), 1, "{shown:?}");
}

#[test]
fn another_user_records_into_a_directory_that_was_created_for_it() {
    // Only this user may enter it.
    let place = out_directory();
    let record = place.path().join("watch/incident");
    let watch = |user: &str, record: &std::path::Path| {
        let arguments = ["watch", "--own", "--once", "--user", user, "--record"];
        queuelab(&[&arguments[..], &[record.to_str().unwrap()]].concat()).output().unwrap()
    };
    let output = watch("no-such-user", &record);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(!place.path().join("watch").exists());
    let output = watch("65534", &record);
    if !nix::unistd::geteuid().is_root() {
        assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
        assert!(!record.exists());
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert!(!fs::read_to_string(record.join("seconds.jsonl")).unwrap().is_empty());
    let header = fs::read_to_string(record.join("watch.json")).unwrap();
    assert!(header.contains("\"end\": \"stopped\""), "{header}");
    for path in [record.clone(), record.join("watch.json"), record.join("seconds.jsonl")] {
        assert_eq!(fs::metadata(path).unwrap().uid(), 65_534);
    }
    assert_eq!(fs::metadata(place.path().join("watch")).unwrap().uid(), 0);

    // One that is there keeps its owner.
    let existing = place.path().join("existing");
    fs::create_dir(&existing).unwrap();
    let output = watch("65534", &existing);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    let stderr = in_one_line(&text(&output.stderr));
    assert!(stderr.contains("name a directory that does not exist"), "{stderr}");
    assert_eq!(fs::metadata(&existing).unwrap().uid(), 0);
}
