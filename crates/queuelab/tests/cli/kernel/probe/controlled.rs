//! A probe that is controlled with JSON lines on its standard input.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use linux_net::NetworkNamespace;
use linux_net::testing::in_lab_namespace;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use socket2::{Domain, SockFilter, Socket, Type};

use crate::support::{Background, queuelab, wait_until};

/// A controlled probe in a namespace.
struct Probe {
    process: Background,
    /// Number of requests for a status.
    status_requests: u64,
}

impl Probe {
    fn start(host: &NetworkNamespace, config: &Value) -> Self {
        let mut command = queuelab(&["probe", "--control", "--config", &config.to_string()]);
        command.stdin(Stdio::piped());
        host.enter_on_exec(&mut command);
        let mut probe = Self { process: Background::start(command), status_requests: 0 };
        assert_eq!(
            probe.process.next_event(),
            json!({ "event": "started", "worker": "probe", "protocol": 2 })
        );
        assert_eq!(probe.process.next_event(), json!({ "event": "sampling" }));
        probe
    }

    fn request(&mut self, command: &str) -> Value {
        let input = self.process.child.stdin.as_mut().unwrap();
        writeln!(input, "{}", json!({ "command": command })).unwrap();
        self.process.next_event()
    }

    /// Requests the status until it has this depth and these connections.
    fn wait_for_status(&mut self, depth: u64, connections: &[(&str, u64)]) {
        let deadline = Instant::now() + Duration::from_secs(240);
        loop {
            let status = self.request("status");
            self.status_requests += 1;
            assert_eq!(status["event"], "status", "{status}");
            let has_connections =
                connections.iter().all(|(name, n)| status["connections"][name] == *n);
            if has_connections && status["listeners"][0]["depth"] == depth {
                return;
            }
            assert!(Instant::now() < deadline, "{depth} {connections:?}: {status}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops the probe; returns its report and the rows of its timeline.
    fn stop(mut self) -> (Value, Vec<Value>) {
        let mut done = self.request("stop");
        assert_eq!(done["event"], "done", "{done}");
        assert!(self.process.child.wait().unwrap().success());
        let rows = done["timeline"].as_array().unwrap().clone();
        (done["report"].take(), rows)
    }
}

fn loopback(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn listen(host: &NetworkNamespace, port: u16, backlog: i32) -> Socket {
    host.run(|| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&loopback(port).into()).unwrap();
        socket.listen(backlog).unwrap();
        socket
    })
    .unwrap()
}

/// Connects a client that receives no SYN-ACK.
fn connect_without_syn_ack(host: &NetworkNamespace, port: u16) -> Socket {
    host.run(|| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.attach_filter(&[SockFilter::new(6, 0, 0, 0)]).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.connect(&loopback(port).into()).unwrap_err();
        socket
    })
    .unwrap()
}

/// Asserts that samples and misses add up to the elapsed ticks, except for the last sample and
/// the requested ones.
fn assert_every_tick_is_counted(report: &Value, requested: u64) {
    let [samples, missed] =
        [&report["samples"], &report["missed"]].map(|count| count.as_u64().unwrap());
    let elapsed =
        report["seconds"].as_f64().unwrap() / report["interval_seconds"].as_f64().unwrap();
    let counted = (samples + missed) as f64;
    let excess = counted - elapsed;
    assert!(
        (-2.5..=2.5 + requested as f64).contains(&excess),
        "{counted} samples and misses in {elapsed} ticks, {requested} requested: {report}"
    );
}

#[test]
fn the_report_has_the_queue_depth_and_the_states() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        // No late RST ends a TIME_WAIT.
        host.apply_sysctls(&[("net.ipv4.tcp_rfc1337".parse().unwrap(), "1".to_owned())]).unwrap();
        let listener = listen(&host, 8080, 3);
        let _elsewhere = listen(&host, 8081, 3);
        let mut probe = Probe::start(&host, &json!({ "port": 8080, "timeline": true }));
        let _half_open = [8080, 8080, 8081].map(|port| connect_without_syn_ack(&host, port));
        let mut clients: Vec<TcpStream> = host
            .run(|| (0..4).map(|_| TcpStream::connect(loopback(8080)).unwrap()).collect())
            .unwrap();
        // Both ends of each connection are in this host.
        probe.wait_for_status(4, &[("syn_recv", 2), ("established", 8)]);
        clients.pop();
        probe.wait_for_status(4, &[("established", 6), ("fin_wait_2", 1)]);
        let _served: Vec<_> = (0..3).map(|_| listener.accept().unwrap()).collect();
        drop(listener.accept().unwrap());
        probe.wait_for_status(0, &[("time_wait", 1), ("fin_wait_2", 0)]);

        let requested = probe.status_requests;
        let (report, rows) = probe.stop();
        assert_eq!(report["deepest"], 4, "B + 1: {report}");
        let listener = json!({
            "limit": 3, "deepest": 4, "drops": 0, "address": "127.0.0.1:8080",
        });
        assert_eq!(report["listeners"], json!([listener]));
        for (state, most, left) in
            [("syn_recv", 2, 2), ("established", 8, 6), ("fin_wait_2", 1, 0), ("time_wait", 1, 1)]
        {
            let counts = &report["states"][state];
            assert_eq!((&counts["most"], &counts["left"]), (&json!(most), &json!(left)), "{state}");
        }
        assert_every_tick_is_counted(&report, requested);
        let depths: Vec<_> = rows.iter().filter_map(|row| row["depth"].as_u64()).collect();
        assert_eq!((depths.first(), depths.last()), (Some(&0), Some(&0)));
        assert_eq!(depths.iter().max(), Some(&4));
        assert!(rows.iter().any(|row| row["established"] == 8), "{rows:?}");
        let times: Vec<_> = rows.iter().map(|row| row["at_ns"].as_u64().unwrap()).collect();
        assert!(times.is_sorted(), "{times:?}");
        // Recent times of CLOCK_MONOTONIC.
        assert!(linux_net::monotonic_ns() - times.last().unwrap() < 30_000_000_000);
    });
}

#[test]
fn ticks_of_a_stopped_process_are_missed() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let probe = Probe::start(&host, &json!({ "port": 8080, "timeline": true }));
        let pid = Pid::from_raw(probe.process.child.id().cast_signed());
        kill(pid, Signal::SIGSTOP).unwrap();
        // The signal takes effect later; the time while it is stopped counts.
        let is_stopped = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            stat.rsplit(") ").next().unwrap().starts_with('T')
        };
        wait_until("the probe is stopped", is_stopped);
        let stopped = Instant::now();
        std::thread::sleep(Duration::from_millis(50));
        let stopped_for = stopped.elapsed();
        kill(pid, Signal::SIGCONT).unwrap();
        let (report, rows) = probe.stop();
        let interval = report["interval_seconds"].as_f64().unwrap();
        // A thread may run for a moment after the process is shown as stopped.
        let min_missed = (stopped_for.as_secs_f64() / interval) as u64 - 2;
        assert!(report["missed"].as_u64().unwrap() >= min_missed, "{stopped_for:?}: {report}");
        assert_every_tick_is_counted(&report, 0);
        let gap = |row: &Value| row["missed"].as_u64().unwrap();
        let longest = (1..rows.len()).max_by_key(|&index| gap(&rows[index])).unwrap();
        assert!(gap(&rows[longest]) >= min_missed, "one gap, {stopped_for:?}: {rows:?}");
        let at = |index: usize| rows[index]["at_ns"].as_u64().unwrap();
        let without_samples = (at(longest) - at(longest - 1)) as f64 / 1e9;
        assert!(without_samples >= min_missed as f64 * interval, "no sample in the gap: {rows:?}");
        let total: u64 = rows.iter().map(gap).sum();
        assert_eq!(report["missed"], total, "the rows have every miss");
    });
}

#[test]
fn an_invalid_command_is_reported_and_sampling_continues() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let mut probe = Probe::start(&host, &json!({}));
        let input = probe.process.child.stdin.as_mut().unwrap();
        input.write_all(b"\xff\xfe\n\n").unwrap();
        let response = probe.process.next_event();
        assert_eq!(response["event"], "failed", "{response}");
        assert_eq!(probe.request("status")["event"], "status");
        probe.stop();
    });
}

#[test]
fn a_listener_keeps_its_number_when_another_closes() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let listen = |backlog| {
            host.run(|| {
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                socket.set_reuse_port(true).unwrap();
                socket.bind(&loopback(8080).into()).unwrap();
                socket.listen(backlog).unwrap();
                socket
            })
            .unwrap()
        };
        let first = listen(1);
        let mut probe = Probe::start(&host, &json!({ "port": 8080 }));
        let wait_for_listeners = |probe: &mut Probe, limits: &[u64]| {
            let deadline = Instant::now() + Duration::from_secs(240);
            loop {
                let status = probe.request("status");
                let listeners = status["listeners"].as_array().unwrap();
                let mut found: Vec<_> =
                    listeners.iter().map(|listener| listener["limit"].as_u64().unwrap()).collect();
                found.sort_unstable();
                if found == limits {
                    return;
                }
                assert!(Instant::now() < deadline, "{limits:?}: {status}");
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        // A new listener is found although a single one is queried by its address.
        let second = listen(2);
        wait_for_listeners(&mut probe, &[1, 2]);
        drop(first);
        wait_for_listeners(&mut probe, &[2]);
        let _third = listen(3);
        wait_for_listeners(&mut probe, &[2, 3]);
        drop(second);
        let (report, _) = probe.stop();
        let listeners = report["listeners"].as_array().unwrap();
        let limits: Vec<_> = listeners.iter().map(|listener| &listener["limit"]).collect();
        assert_eq!(limits, [1, 2, 3], "{report}");
    });
}
