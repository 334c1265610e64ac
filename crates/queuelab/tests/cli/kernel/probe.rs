//! The probe, by itself and in a run.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::ordinary_user::{Bench, as_ordinary_user};
use crate::support::{Background, out_directory, queuelab, run, runs, said, text};
use linux_net::NetworkNamespace;
use linux_net::testing::in_lab_namespace;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::{Outcome, RunDirectory};
use serde_json::{Value, json};
use socket2::{Domain, SockFilter, Socket, Type};

/// A probe under control, in a namespace, and how often its status was asked for.
struct Probe(Background, u64);

impl Probe {
    fn start(host: &NetworkNamespace, config: &Value) -> Self {
        let mut command = queuelab(&["probe", "--control", "--config", &config.to_string()]);
        command.stdin(Stdio::piped());
        host.enter_on_exec(&mut command);
        let mut probe = Self(Background::start(command), 0);
        assert_eq!(
            probe.0.event(),
            json!({ "event": "started", "worker": "probe", "protocol": 2 })
        );
        assert_eq!(probe.0.event(), json!({ "event": "sampling" }));
        probe
    }

    fn ask(&mut self, command: &str) -> Value {
        let input = self.0.child.stdin.as_mut().unwrap();
        writeln!(input, "{}", json!({ "command": command })).unwrap();
        self.0.event()
    }

    /// Asks for the status until it has these connections, and this depth.
    fn await_status(&mut self, depth: u64, connections: &[(&str, u64)]) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let status = self.ask("status");
            self.1 += 1;
            assert_eq!(status["event"], "status", "{status}");
            let is_there = connections.iter().all(|(name, n)| status["connections"][name] == *n);
            if is_there && status["listeners"][0]["depth"] == depth {
                return;
            }
            assert!(Instant::now() < deadline, "{depth} {connections:?}: {status}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops it: its summary and its rows.
    fn stop(mut self) -> (Value, Vec<Value>) {
        let mut done = self.ask("stop");
        assert_eq!(done["event"], "done", "{done}");
        assert!(self.0.child.wait().unwrap().success());
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

/// A client that never hears the SYN-ACK.
fn deaf(host: &NetworkNamespace, port: u16) -> Socket {
    host.run(|| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.attach_filter(&[SockFilter::new(6, 0, 0, 0)]).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.connect(&loopback(port).into()).unwrap_err();
        socket
    })
    .unwrap()
}

/// Ticks passed = samples + missed, but for the last sample, which has none, and
/// those that were asked for.
fn nothing_is_invented(report: &Value, asked: u64) {
    let [samples, missed] =
        [&report["samples"], &report["missed"]].map(|count| count.as_u64().unwrap());
    let passed = report["seconds"].as_f64().unwrap() / report["interval_seconds"].as_f64().unwrap();
    let told = (samples + missed) as f64;
    let invented = told - passed;
    assert!(
        (-2.5..=2.5 + asked as f64).contains(&invented),
        "{told} samples and misses in {passed} ticks, {asked} asked for: {report}"
    );
}

#[test]
fn depth_and_states_are_seen() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        // No late RST ends a TIME_WAIT.
        host.apply_sysctls(&[("net.ipv4.tcp_rfc1337".parse().unwrap(), "1".to_owned())]).unwrap();
        let listener = listen(&host, 8080, 3);
        let _elsewhere = listen(&host, 8081, 3);
        let mut probe = Probe::start(&host, &json!({ "port": 8080, "timeline": true }));
        let _deaf = [8080, 8080, 8081].map(|port| deaf(&host, port));
        let mut clients: Vec<TcpStream> = host
            .run(|| (0..4).map(|_| TcpStream::connect(loopback(8080)).unwrap()).collect())
            .unwrap();
        // Both ends of each connection are in this host.
        probe.await_status(4, &[("syn_recv", 2), ("established", 8)]);
        clients.pop();
        probe.await_status(4, &[("established", 6), ("fin_wait_2", 1)]);
        let _served: Vec<_> = (0..3).map(|_| listener.accept().unwrap()).collect();
        drop(listener.accept().unwrap());
        probe.await_status(0, &[("time_wait", 1), ("fin_wait_2", 0)]);

        let asked = probe.1;
        let (report, rows) = probe.stop();
        assert_eq!(report["deepest"], 4, "B + 1: {report}");
        assert_eq!(report["listeners"], json!([{ "limit": 3, "deepest": 4 }]));
        for (state, most, left) in
            [("syn_recv", 2, 2), ("established", 8, 6), ("fin_wait_2", 1, 0), ("time_wait", 1, 1)]
        {
            let seen = &report["states"][state];
            assert_eq!((&seen["most"], &seen["left"]), (&json!(most), &json!(left)), "{state}");
        }
        nothing_is_invented(&report, asked);
        let depths: Vec<_> = rows.iter().filter_map(|row| row["depth"].as_u64()).collect();
        assert_eq!((depths.first(), depths.last()), (Some(&0), Some(&0)));
        assert_eq!(depths.iter().max(), Some(&4));
        assert!(rows.iter().any(|row| row["established"] == 8), "{rows:?}");
        let times: Vec<_> = rows.iter().map(|row| row["at_ns"].as_u64().unwrap()).collect();
        assert!(times.is_sorted(), "{times:?}");
        // CLOCK_MONOTONIC, of just now.
        assert!(linux_net::monotonic_ns() - times.last().unwrap() < 30_000_000_000);
    });
}

#[test]
fn ticks_that_were_overslept_are_missed() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let probe = Probe::start(&host, &json!({ "port": 8080, "timeline": true }));
        let pid = Pid::from_raw(probe.0.child.id().cast_signed());
        kill(pid, Signal::SIGSTOP).unwrap();
        // Until it has stopped, and no longer than it is stopped.
        let is_stopped = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            stat.rsplit(") ").next().unwrap().starts_with('T')
        };
        while !is_stopped() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(50));
        kill(pid, Signal::SIGCONT).unwrap();
        let (report, rows) = probe.stop();
        assert!(report["missed"].as_u64().unwrap() >= 48, "{report}");
        nothing_is_invented(&report, 0);
        let gap = |row: &Value| row["missed"].as_u64().unwrap();
        let longest = (1..rows.len()).max_by_key(|&index| gap(&rows[index])).unwrap();
        assert!(gap(&rows[longest]) >= 48, "one gap: {rows:?}");
        let at = |index: usize| rows[index]["at_ns"].as_u64().unwrap();
        assert!(at(longest) - at(longest - 1) >= 48_000_000, "nothing in it: {rows:?}");
        let total: u64 = rows.iter().map(gap).sum();
        assert_eq!(report["missed"], total, "rows tell of every miss");
    });
}

#[test]
fn by_hand_an_ordinary_user_reads_a_line_a_second_and_what_it_cost() {
    let bench = Bench::new();
    let command = bench.queuelab(&["probe", "--port=9", "--for=2500ms"]);
    let output = as_ordinary_user(command).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let printed = text(&output.stdout);
    assert!(printed.starts_with("sampling port 9 every 1ms\n"), "{printed}");
    assert_eq!(printed.matches("no listener · SYN_RECV 0 ").count(), 2, "{printed}");
    let share = printed.split(" % of one CPU").next().unwrap().rsplit(' ').next().unwrap();
    // Its aim is 3; this is an unoptimised build, on a machine with other work.
    assert!(share.parse::<f64>().unwrap() < 20.0, "{printed}");
}

#[test]
fn what_it_cannot_do_is_a_wrong_use() {
    for (flags, why) in [
        (&["--interval=1us"][..], "the shortest interval is 100µs"),
        (&["--interval=2h"], "the longest interval is 3600s"),
        (&["--cpu-share=NaN"], "it must be above 0"),
        (&["--cpu-share=0"], "it must be above 0"),
        (&["--config={\"cpu_share\":2}"], "it must be above 0"),
        (&["--config={}", "--port=8080"], "cannot be used with"),
        (&["--config={}", "--interval=1ms"], "cannot be used with"),
    ] {
        let output = queuelab(&["probe"]).args(flags).output().unwrap();
        let told = said(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {told}");
        assert!(told.contains(why), "{flags:?}: {told}");
    }
}

#[test]
fn it_ends_when_nobody_reads_and_says_when_it_cannot_write() {
    // The end of standard input does not end it, nor does time.
    let mut probe = queuelab(&["probe", "--port=9"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    probe.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let status = loop {
        if let Some(status) = probe.try_wait().unwrap() {
            break status;
        }
        if Instant::now() >= deadline {
            probe.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(0));

    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = queuelab(&["probe", "--port=9"]).stdout(full).stderr(Stdio::piped()).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(text(&output.stderr).contains("No space left"), "{}", said(&output));
}

#[test]
fn a_line_that_is_no_command_is_answered_and_sampling_goes_on() {
    in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        let mut probe = Probe::start(&host, &json!({}));
        let input = probe.0.child.stdin.as_mut().unwrap();
        input.write_all(b"\xff\xfe\n\n").unwrap();
        let answer = probe.0.event();
        assert_eq!(answer["event"], "failed", "{answer}");
        assert_eq!(probe.ask("status")["event"], "status");
        probe.stop();
    });
}

#[test]
fn a_listener_keeps_its_number_when_another_goes() {
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
        let await_listeners = |probe: &mut Probe, limits: &[u64]| {
            let deadline = Instant::now() + Duration::from_secs(20);
            loop {
                let status = probe.ask("status");
                let listeners = status["listeners"].as_array().unwrap();
                let mut there: Vec<_> =
                    listeners.iter().map(|listener| listener["limit"].as_u64().unwrap()).collect();
                there.sort_unstable();
                if there == limits {
                    return;
                }
                assert!(Instant::now() < deadline, "{limits:?}: {status}");
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        // A newcomer is found where a lone one is asked for by its address.
        let second = listen(2);
        await_listeners(&mut probe, &[1, 2]);
        drop(first);
        await_listeners(&mut probe, &[2]);
        let _third = listen(3);
        await_listeners(&mut probe, &[2, 3]);
        drop(second);
        let (report, _) = probe.stop();
        let listeners = report["listeners"].as_array().unwrap();
        let limits: Vec<_> = listeners.iter().map(|listener| &listener["limit"]).collect();
        assert_eq!(limits, [1, 2, 3], "{report}");
    });
}

const CAPACITY: &str = "\
name: probed
question: Is it seen?
hosts:
  server: {sysctls: {net.core.somaxconn: 4096}}
server: {accept_paused: true}
load: {clients: 20, pattern: rate, connect_rate: 200, messages: 0, connect_deadline: 900ms, finish_deadline: 5s}
matrix:
  server.backlog: [2, 11]
record: {timelines: true, attempts: true}
expect:
  - that: probe.deepest == server.backlog + 1
  - that: probe.established >= server.backlog + 1
  - that: probe.syn_recv + probe.time_wait + probe.fin_wait_2 >= 0
";

#[test]
fn a_trial_has_what_its_probe_saw() {
    let out = out_directory();
    let file = out.path().join("probed.yaml");
    std::fs::write(&file, CAPACITY).unwrap();
    let runs_in = out.path().join("runs");
    let (output, _, trials) = run(&runs_in, &[file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(trials.len(), 2);
    for trial in &trials {
        let probe = trial.evidence.probe.as_ref().unwrap();
        let capacity = trial.outcomes.get(Outcome::Ok) as u32;
        assert_eq!((probe.deepest, probe.listeners.len()), (capacity, 1), "{probe:?}");
        assert_eq!(probe.listeners[0].limit, capacity - 1);
        assert!(probe.seconds >= 0.9 && probe.cpu_seconds > 0.0, "{probe:?}");
        let run = &runs(&runs_in)[0];
        let rows = RunDirectory::read_timeline(run, trial.id).unwrap().unwrap();
        assert_eq!(rows.iter().filter_map(|row| row.depth).max(), Some(capacity));
        assert_eq!(rows.iter().map(|row| row.missed).sum::<u64>(), probe.missed);
        // One clock: the first attempt started between the first row and the
        // first that shows a queue.
        let attempts = std::fs::read_to_string(run.join(format!("attempts/{:05}.csv", trial.id)));
        let attempts = attempts.unwrap();
        let first_attempt = attempts.lines().nth(1).unwrap().split(',').nth(3).unwrap();
        let first_attempt: u64 = first_attempt.parse().unwrap();
        let first_queue = rows.iter().find(|row| row.depth > Some(0)).unwrap();
        assert!(rows[0].at_ns < first_attempt && first_attempt < first_queue.at_ns, "{rows:?}");
    }
}

#[test]
fn without_being_asked_there_is_a_probe_and_no_timeline() {
    let out = out_directory();
    let (output, _, trials) = run(out.path(), &["smoke"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(trials.iter().all(|trial| trial.evidence.probe.as_ref().unwrap().samples > 1));
    let run = &runs(out.path())[0];
    assert_eq!(RunDirectory::read_timeline(run, trials[0].id).unwrap(), None);
}

const LINGERING: &str = "\
name: lingering
question: Is the trial kept?
load: {clients: 4, messages: 1, linger: 3s}
";

#[test]
fn a_probe_that_dies_is_a_breach_and_the_trial_is_kept() {
    let out = out_directory();
    let file = out.path().join("lingering.yaml");
    std::fs::write(&file, LINGERING).unwrap();
    let runs_in = out.path().join("runs");
    let arguments = ["run", file.to_str().unwrap(), "--out", runs_in.to_str().unwrap()];
    let mut lab =
        queuelab(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    // The load starts when the probe has taken its first sample.
    let probe = loop {
        if let (Some(_), Some(probe)) = (part_of(lab.id(), "load"), part_of(lab.id(), "probe")) {
            break probe;
        }
        assert!(Instant::now() < deadline && lab.try_wait().unwrap().is_none(), "no load ran");
        std::thread::sleep(Duration::from_millis(2));
    };
    kill(Pid::from_raw(probe), Signal::SIGKILL).unwrap();
    let output = lab.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let (_, trials) = RunDirectory::read(&runs(&runs_in)[0]).unwrap();
    let [trial] = &trials[..] else { panic!("{trials:?}") };
    assert_eq!(trial.outcomes.get(Outcome::Ok), 4);
    assert_eq!(trial.evidence.probe, None);
    let violations: Vec<_> = trial.violations().map(|violation| violation.to_string()).collect();
    assert_eq!(
        violations,
        [
            "invariant `probe ran to the end`: failed to run the probe: it exited unexpectedly (SIGKILL)"
        ]
    );
}

/// The process id of a child that is a part, whichever thread started it.
fn part_of(lab: u32, part: &str) -> Option<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{lab}/task")).ok()?;
    let children: String = tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .collect();
    children.split_whitespace().find_map(|child| {
        let line = std::fs::read_to_string(format!("/proc/{child}/cmdline")).ok()?;
        (line.split('\0').nth(1) == Some(part)).then(|| child.parse().unwrap())
    })
}
