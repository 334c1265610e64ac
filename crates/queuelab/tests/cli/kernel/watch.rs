//! `queuelab watch`: what it prints of a listener, and how it ends.

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::pure::schemas::committed;
use crate::support::machine::Machine;
use crate::support::ordinary_user::{Sandbox, as_ordinary_user};
use crate::support::{
    Background, all_output, binary, queuelab, send_signal, start_server, terminate, text,
    wait_until,
};
use nix::sys::signal::Signal;

/// A server that accepts nothing, with a full queue, and what keeps it full.
struct Full {
    server: Background,
    port: String,
    address: std::net::SocketAddr,
    _queued: Vec<TcpStream>,
}

impl Full {
    fn new() -> Self {
        let (server, address) = start_server(&["--accept-paused=true", "--backlog", "2"]);
        let queued = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
        Self { server, port: address.port().to_string(), address, _queued: queued }
    }

    /// Connects one more, which the listener drops at once, and again at each retransmission.
    fn overflow(&self) -> Socket {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.connect(&self.address.into()).unwrap_err();
        socket
    }

    fn watch(&self, arguments: &[&str]) -> Command {
        let first = ["watch", "--own", "--port", &self.port];
        queuelab(&[&first, arguments].concat())
    }
}

fn listener(snapshot: &Value) -> &Value {
    assert_eq!(snapshot["listeners"].as_array().unwrap().len(), 1, "{snapshot}");
    &snapshot["listeners"][0]
}

fn printed(output: &Output) -> String {
    text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn one_look_shows_the_queue_its_limit_and_its_process() {
    let full = Full::new();
    let output = full.watch(&["--once"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let pid = full.server.child.id();
    let printed = printed(&output);
    assert!(printed.contains("1 listener"), "{printed}");
    assert!(printed.contains(&format!("queuelab {pid}")), "{printed}");

    let output = full.watch(&["--once", "--json"]).output().unwrap();
    let snapshot: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(text(&output.stdout).lines().count(), 1);
    let schema = committed("watch");
    let problems: Vec<_> = schema.iter_errors(&snapshot).collect();
    assert!(problems.is_empty(), "{problems:?} {snapshot}");
    let listener = listener(&snapshot);
    assert_eq!((&listener["depth"], &listener["limit"]), (&3.into(), &2.into()));
    assert_eq!(listener["connections"]["not_accepted"], 3);
    assert_eq!(listener["processes"][0]["pid"], pid);
}

#[test]
fn a_listener_that_drops_while_it_is_watched_gives_exit_code_3() {
    let full = Full::new();
    let output = full.watch(&["--once", "--for", "300ms"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert!(printed(&output).contains("None dropped a connection"), "{}", all_output(&output));
    let mut excess = Vec::new();
    let mut output = None;
    // Of the retransmissions, some are in one of the watches. One after its last reading of the
    // counters is not in them.
    wait_until("a watch sees a drop", || {
        excess.push(full.overflow());
        let watched = full.watch(&["--once", "--for", "1s"]).output().unwrap();
        let has_dropped = watched.status.code() == Some(3);
        let is_counted = printed(&watched).contains("ListenOverflows");
        output = Some(watched);
        has_dropped && is_counted
    });
    let printed = printed(&output.unwrap());
    assert!(printed.contains("1 listener dropped"), "{printed}");
}

#[test]
fn lines_of_json_follow_the_listener_until_a_signal() {
    let full = Full::new();
    let mut watch = Background::start(full.watch(&["--json", "--every", "100ms"]));
    let first = watch.next_event();
    assert_eq!(listener(&first)["drops_watched"], 0, "{first}");
    let _excess = full.overflow();
    let mut seen = Value::Null;
    wait_until("the drop is seen", || {
        seen = watch.next_event();
        listener(&seen)["drops_watched"].as_u64().unwrap() >= 1
    });
    assert_eq!(listener(&seen)["peak"]["was_full"], true, "{seen}");
    assert!(seen["effort"]["looks"].as_u64().unwrap() >= 2);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        send_signal(&watch.child, signal);
        watch.remaining_output();
        assert_eq!(watch.child.wait().unwrap().code(), Some(0));
        watch = Background::start(full.watch(&["--json"]));
        watch.next_event();
    }
}

#[test]
fn the_process_of_a_listener_that_closes_is_gone_with_it() {
    let full = Full::new();
    let mut watch = Background::start(full.watch(&["--json", "--every", "100ms"]));
    assert_eq!(listener(&watch.next_event())["depth"], 3);
    terminate(&full.server.child);
    wait_until("the listener is gone", || {
        watch.next_event()["listeners"].as_array().unwrap().is_empty()
    });
}

#[test]
fn an_ordinary_user_sees_the_queues_and_is_told_what_is_not_visible() {
    let full = Full::new();
    let sandbox = Sandbox::new();
    let command = sandbox.queuelab(&["watch", "--once", "--json", "--port", &full.port]);
    let output = as_ordinary_user(command).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let snapshot: Value = serde_json::from_slice(&output.stdout).unwrap();
    let listener = listener(&snapshot);
    assert_eq!((&listener["depth"], &listener["limit"]), (&3.into(), &2.into()));
    if nix::unistd::geteuid().is_root() {
        assert_eq!(listener["processes"], Value::Array(Vec::new()), "{listener}");
        let unseen = snapshot["unseen"].to_string();
        assert!(unseen.contains("root sees"), "{unseen}");
    }
}

#[test]
fn the_rights_of_another_user_are_taken_if_there_is_one() {
    let full = Full::new();
    if nix::unistd::geteuid().is_root() {
        let output = full.watch(&["--once", "--json", "--user", "nobody"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        let snapshot: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(listener(&snapshot)["processes"], Value::Array(Vec::new()));
    }
    let output = full.watch(&["--once", "--user", "no-such-user"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
}

#[test]
fn settings_out_of_range_are_refused() {
    for arguments in [
        ["--every", "1ms"],
        ["--interval", "10us"],
        ["--max-cpu", "0"],
        ["--max-cpu", "2"],
        ["--port", "70000"],
        ["--for", "soon"],
    ] {
        let output = queuelab(&["watch", "--once", arguments[0], arguments[1]]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {}", all_output(&output));
    }
}

#[test]
fn a_watch_leaves_the_machine_as_it_was() {
    let machine = Machine::start();
    let before = machine.state();
    for arguments in [&["watch", "--once", "--for", "300ms"][..], &["watch", "--once", "--json"]] {
        let output = machine.command(binary(), arguments).output().unwrap();
        // Listeners of other tests may drop meanwhile.
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", all_output(&output));
    }
    assert_eq!(machine.state(), before);
}

/// Resident memory of a process, bytes.
fn resident_bytes(pid: u32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    let pages: u64 = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[test]
fn memory_does_not_grow_as_listeners_and_connections_come_and_go() {
    let (_server, address) = start_server(&["--accept-paused=true"]);
    let port = address.port().to_string();
    let arguments = ["watch", "--own", "--json", "--every", "100ms", "--interval", "1ms"];
    let mut watch = Background::start(queuelab(&[&arguments[..], &["--max-cpu", "1"]].concat()));
    let own = |snapshot: &Value| {
        let listeners = snapshot["listeners"].as_array().unwrap();
        let is_it = |it: &&Value| it["address"].as_str().unwrap().ends_with(&format!(":{port}"));
        listeners.iter().any(|it| is_it(&it))
    };
    assert!(own(&watch.next_event()));
    // Each batch is seen before it closes; in all as many as come and go in most of a day, if one
    // does in a minute.
    let mut churn = |batches: u32| {
        for _ in 0..batches {
            let listeners: Vec<_> =
                (0..60).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
            let addresses: Vec<_> =
                listeners.iter().map(|it| it.local_addr().unwrap().to_string()).collect();
            let clients: Vec<_> =
                addresses.iter().map(|address| TcpStream::connect(address).unwrap()).collect();
            let count = |snapshot: &Value| {
                let shown = snapshot["listeners"].as_array().unwrap().iter();
                let is_one =
                    |it: &&Value| addresses.iter().any(|address| it["address"] == **address);
                shown.filter(is_one).count()
            };
            wait_until("all are seen", || count(&watch.next_event()) == 60);
            drop((clients, listeners));
            wait_until("all are gone", || count(&watch.next_event()) == 0);
        }
        assert!(own(&watch.next_event()));
        resident_bytes(watch.child.id())
    };
    let after_a_third = churn(5);
    let after_a_day = churn(10);
    let grown = after_a_day.saturating_sub(after_a_third);
    assert!(grown < 4 << 20, "{after_a_third} bytes, and {grown} more after twice as many");
}

/// A server in a network namespace of its own, whose queue of two connections overflows.
struct Elsewhere {
    machine: Machine,
    server: Background,
    clients: Background,
}

impl Elsewhere {
    fn new(port: u16) -> Self {
        let machine = Machine::start();
        let number = port.to_string();
        let arguments =
            ["server", "--address", "127.0.0.1", "--port", &number, "--accept-paused=true"];
        let arguments = [&arguments[..], &["--backlog", "1"]].concat();
        let mut server = Background::start(machine.command(binary(), &arguments));
        assert_eq!(server.next_event()["event"], "listening");
        let program = format!(
            "import socket, time\nall = []\nprint('{{}}', flush=True)\nwhile True:\n \
             all.append(socket.socket()); all[-1].setblocking(False)\n \
             all[-1].connect_ex(('127.0.0.1', {port})); all = all[-20:]; time.sleep(0.05)"
        );
        let mut clients = Background::start(machine.command("python3", &["-c", &program]));
        clients.next_event();
        Self { machine, server, clients }
    }

    /// Ends its processes, and the namespace with them.
    fn end(mut self) {
        for child in [&mut self.clients.child, &mut self.server.child] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        drop(self.machine);
    }
}

#[test]
fn namespaces_of_others_stay_visible_after_the_rights_are_taken() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let elsewhere = Elsewhere::new(18_077);
    let arguments = ["watch", "--json", "--every", "100ms", "--port", "18077", "--user", "nobody"];
    let mut watch = Background::start(queuelab(&arguments));
    for _ in 0..30 {
        let snapshot = watch.next_event();
        assert_eq!(listener(&snapshot)["limit"], 1, "{snapshot}");
    }
    elsewhere.end();
    wait_until("it is gone", || watch.next_event()["listeners"].as_array().unwrap().is_empty());
}

#[test]
fn drops_of_a_namespace_that_ends_are_not_forgotten() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let elsewhere = Elsewhere::new(18_078);
    let inode = elsewhere.machine.namespace().to_string();
    let arguments = ["watch", "--json", "--every", "100ms", "--netns", &inode];
    let mut watch = Background::start(queuelab(&arguments));
    let mut dropped = 0;
    wait_until("it drops", || {
        let snapshot = watch.next_event();
        dropped = listener(&snapshot)["drops_watched"].as_u64().unwrap();
        dropped >= 3
    });
    elsewhere.end();
    let mut last = Value::Null;
    wait_until("it is gone", || {
        last = watch.next_event();
        last["namespaces"].as_array().unwrap().is_empty()
    });
    assert!(last["drops_of_gone"].as_u64().unwrap() >= dropped, "{last}");
}

#[test]
fn lines_of_json_end_with_their_reader() {
    let full = Full::new();
    let mut watch = Background::start(full.watch(&["--json", "--every", "100ms"]));
    watch.next_event();
    // Its end of the pipe closes with those of a program that prints nothing.
    let mut other = Background::start(Command::new("true"));
    std::mem::swap(&mut watch.lines, &mut other.lines);
    drop(other);
    wait_until("it ends", || watch.child.try_wait().unwrap().is_some());
    assert_eq!(watch.child.wait().unwrap().code(), Some(0));
}
