//! Images as servers, and those that misbehave.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use nix::sys::signal::Signal;
use run_record::{Outcome, RunDirectory, TrialRecord};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::docker::{RunObjects, assert_nothing_left_of, docker, start_with};
use crate::support::kills::clean;
use crate::support::test_engine::TestEngine;
use crate::support::test_image::TestImage;
use crate::support::{
    all_output, assert_passed, in_one_line, out_directory, queuelab, runs, send_signal, text,
    wait_until,
};

/// The configuration of nginx, in a scenario's `files`.
const FILES: &str = "files:
  /etc/queuelab/nginx.conf: |
    worker_processes 2;
    error_log stderr;
    events { worker_connections 2000; }
    http {
      access_log off;
      server { listen {port} backlog={server.backlog}; return 200 ok; }
    }
";
const NGINX: &str =
    "command: [nginx, -c, /etc/queuelab/nginx.conf, -g, daemon off;]\nbacklog: 64\n";
/// What nginx needs to give its workers another user.
const CAPABILITIES: &str = "capabilities: [SETUID, SETGID, CHOWN]\n";
const LOAD: &str = "load: { clients: 20, dialogue: none }";

/// A scenario whose server is an image.
struct Scenario {
    folder: TempDir,
    out: TempDir,
}

impl Scenario {
    /// With these settings of `server.image`; `rest` are further lines of the scenario.
    fn new(image: &str, server: &[&str], rest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines: String = server.concat().lines().map(|line| format!("    {line}\n")).collect();
        let text = format!(
            "name: image\nquestion: What does it do?\nserver:\n  image:\n    image: {image}\n    \
             port: 80\n{lines}{rest}\n"
        );
        fs::write(folder.path().join("image.yaml"), text).unwrap();
        Self { folder, out: out_directory() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("image.yaml")
    }

    fn arguments(&self) -> [String; 4] {
        let file = self.file().to_str().unwrap().to_owned();
        [file, "--allow-commands".to_owned(), "--backend".to_owned(), "docker".to_owned()]
    }

    fn run(&self) -> Output {
        let mut command = queuelab(&["run", "--out", self.out.path().to_str().unwrap()]);
        command.args(self.arguments()).output().unwrap()
    }

    fn trials(&self) -> Vec<TrialRecord> {
        let output = self.run();
        let runs = runs(self.out.path());
        assert_eq!(runs.len(), 1, "{}", all_output(&output));
        assert_passed(&output);
        RunDirectory::read(&runs[0]).unwrap().1
    }

    /// Runs a server that cannot start: what is printed as the error.
    fn error(&self) -> String {
        let output = self.run();
        assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
        in_one_line(&text(&output.stderr))
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_paused_nginx_holds_its_limit_and_one_more() {
    let image = TestImage::new();
    let server = [&NGINX.replace("backlog: 64\n", "paused: true\n"), CAPABILITIES, FILES];
    let rest = "load: { clients: 700, dialogue: none, connect_deadline: 500ms, linger: 100ms }\n\
                matrix:\n  server.image.backlog: [64, 511]\n  \
                hosts.server.sysctls.net.core.somaxconn: [4096, 128]";
    let trials = Scenario::new(&image.name, &server, rest).trials();
    assert_eq!(trials.len(), 4);
    for trial in &trials {
        let set = |path: &str| trial.point[path].as_u64().unwrap();
        let limit = set("server.image.backlog").min(set("hosts.server.sysctls.net.core.somaxconn"));
        let queue = trial.evidence.accept_queue.expect("it listens");
        assert_eq!((u64::from(queue.depth), u64::from(queue.limit)), (limit + 1, limit));
        let late = 700 - limit - 1;
        assert_eq!(trial.outcomes.get(Outcome::TimedOut), late, "{:?}", trial.outcomes);
        assert_eq!(trial.outcomes.get(Outcome::Ok), limit + 1, "{:?}", trial.outcomes);
        // A client that gives up late has sent its SYN again.
        let again = trial.evidence.client.get("TcpExt.TCPSynRetrans").copied().unwrap_or(0);
        let counted = trial.evidence.server["TcpExt.ListenDrops"].unsigned_abs();
        assert_eq!(counted, late + again.unsigned_abs());
        let drops = trial.evidence.probe.as_ref().unwrap().drops();
        assert_eq!(drops, Some(counted), "the listener's own");
        let laws: Vec<_> = trial.laws.iter().map(|law| (law.id.as_str(), law.held)).collect();
        assert_eq!(laws.len(), 2, "{laws:?}");
        assert!(laws.iter().all(|(_, held)| *held == Some(true)), "{laws:?}");
        let report = trial.program.as_ref().expect("a program");
        assert_eq!(report.end.status.as_deref(), Some("exit status 0"), "{report:?}");
        assert_eq!(
            (report.end.killed_processes, &report.listeners[..]),
            (0, &["0.0.0.0:80".to_owned()][..])
        );
        assert!(report.most_memory_bytes.unwrap() > 1 << 20, "{report:?}");
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn each_listener_of_a_paused_nginx_holds_its_own_limit_and_one_more() {
    let image = TestImage::new();
    let listener = "listen {port} backlog={server.backlog}; return 200 ok; }";
    let other = "\n      server { listen 81 backlog={server.backlogs.81}; return 200 ok; }";
    let files = FILES.replace(listener, &format!("{listener}{other}"));
    let server = [NGINX, "backlogs: { 81: 511 }\npaused: true\n", CAPABILITIES, &files];
    let rest = "load:\n  clients: 1200\n  dialogue: none\n  connect_deadline: 500ms\n  \
                linger: 100ms\n  destinations: [80, 81]";
    let trials = Scenario::new(&image.name, &server, rest).trials();
    let [trial] = &trials[..] else { panic!("{} trials", trials.len()) };
    for (at, (port, limit)) in trial.destinations.iter().zip([(80, 64), (81, 511)]) {
        assert_eq!((at.address.port(), at.attempts), (port, 600));
        let queue = at.accept_queue.expect("it listens");
        assert_eq!((u64::from(queue.depth), u64::from(queue.limit)), (limit + 1, limit));
        assert_eq!(at.outcomes.get(Outcome::Ok), limit + 1, "{:?}", at.outcomes);
        assert_eq!(at.outcomes.get(Outcome::TimedOut), 600 - limit - 1, "{:?}", at.outcomes);
    }
    let drops: Option<u64> = trial.destinations.iter().map(|at| at.drops).sum();
    assert_eq!(drops, Some(trial.evidence.server["TcpExt.ListenDrops"].unsigned_abs()));
    assert_eq!(trial.laws.len(), 4, "{:?}", trial.laws);
    assert!(trial.laws.iter().all(|law| law.held == Some(true)), "{:?}", trial.laws);
}

#[test]
#[ignore = "needs a Docker engine"]
fn two_images_are_compared_and_cannot_change_the_files_of_the_scenario() {
    let images = [TestImage::new(), TestImage::new()];
    let command = "command: [sh, -c, 'echo x > /etc/queuelab/nginx.conf || echo kept; exec nginx \
                   -c /etc/queuelab/nginx.conf -g \"daemon off;\"']\nbacklog: 64\n";
    let names = format!("{}, {}", images[0].name, images[1].name);
    let load = "load: { clients: 20, dialogue: { http: { path: /, status: 200 } } }";
    let scenario = Scenario::new("x", &[command, CAPABILITIES, FILES], load);
    let file = fs::read_to_string(scenario.file()).unwrap();
    let matrix = format!("matrix: {{ server.image.image: [{names}] }}\n");
    fs::write(scenario.file(), file.replace("    image: x\n", "") + &matrix).unwrap();
    let trials = scenario.trials();
    let reports: Vec<_> = trials.iter().map(|trial| trial.program.as_ref().unwrap()).collect();
    assert_eq!(reports.len(), 2);
    assert_ne!(reports[0].image, reports[1].image, "each records its own");
    for (trial, report) in trials.iter().zip(&reports) {
        assert!(report.image.as_ref().unwrap().starts_with("sha256:"), "{report:?}");
        assert!(report.output.head.contains("kept"), "{report:?}");
        assert_eq!(trial.outcomes.get(Outcome::Ok), 20, "{:?}", trial.outcomes);
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn one_that_does_not_start_is_an_error_that_says_why() {
    let image = TestImage::new();
    let loopback = FILES.replace("listen {port}", "listen 127.0.0.1:{port}");
    let shell = |script: &str| format!("command: [sh, -c, '{script}']\n");
    // Longer than the image takes to start, also if it stalls.
    let within = "ready: { within: 6s }\n";
    let small = "limits: { memory_mib: 16 }\n";
    for (server, expected) in [
        (
            vec![shell("echo no configuration >&2; exit 3")],
            "it ended (exit status 3) before it listened on port 80; the end of its output: no \
             configuration",
        ),
        (
            vec![shell("echo thinking; exec sleep 1000"), within.to_owned()],
            "it has not listened on port 80 within 6s; the end of its output: thinking",
        ),
        (
            vec![shell("sleep 1000 & exit 0")],
            "a container ends with its first process, which must stay in the foreground",
        ),
        (
            vec![NGINX.to_owned(), CAPABILITIES.to_owned(), loopback, within.to_owned()],
            "it listens on 127.0.0.1:80; clients of another host cannot reach that",
        ),
        (
            vec![shell("x=xxxxxxxx; while :; do x=$x$x; done"), small.to_owned()],
            "at its memory limit of 16 MiB (server.image.limits.memory_mib)",
        ),
        (vec!["command: [no-such-program]\n".to_owned()], "executable file not found"),
    ] {
        let server: Vec<_> = server.iter().map(String::as_str).collect();
        let error = Scenario::new(&image.name, &server, LOAD).error();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(&format!("start the image {}", image.name)), "{error}");
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn one_that_is_not_on_the_machine_is_an_error_before_the_first_trial() {
    let scenario = Scenario::new("queuelab-test:absent", &[NGINX, FILES], LOAD);
    let error = scenario.error();
    assert!(error.contains("`docker pull queuelab-test:absent`"), "{error}");
    assert!(runs(scenario.out.path()).is_empty(), "no run was started");
    let mut netns = queuelab(&["run", "--out", scenario.out.path().to_str().unwrap()]);
    netns.args(scenario.file().to_str()).args(["--allow-commands", "--backend", "netns"]);
    let output = netns.output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("--backend"), "{}", all_output(&output));
}

#[test]
#[ignore = "needs a Docker engine"]
fn one_that_ignores_sigterm_and_leaves_children_is_killed_with_them() {
    let image = TestImage::new();
    // nginx puts itself into the background.
    let command = "command: [sh, -c, 'trap \"\" TERM; nginx -c /etc/queuelab/nginx.conf; while :; \
                   do sleep 1; done']\nbacklog: 64\nstop: { grace: 300ms }\n";
    let trials = Scenario::new(&image.name, &[command, CAPABILITIES, FILES], LOAD).trials();
    let end = &trials[0].program.as_ref().unwrap().end;
    assert_eq!(end.status.as_deref(), Some("SIGKILL"), "{end:?}");
    assert!(end.killed_processes >= 4, "the shell, nginx and its workers: {end:?}");
    assert!(end.stop_seconds.unwrap() >= 0.3, "{end:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn its_cpu_time_is_the_labs_own_and_no_disturbance() {
    let image = TestImage::new();
    let command = "command: [sh, -c, 'while :; do :; done & exec nginx -c /etc/queuelab/nginx.conf \
                   -g \"daemon off;\"']\nbacklog: 64\n";
    // Longer than the lab stalls before the program is stopped.
    let load = "load: { clients: 1, dialogue: none, linger: 6s }";
    let trials = Scenario::new(&image.name, &[command, CAPABILITIES, FILES], load).trials();
    let used = trials[0].program.as_ref().expect("a program").cpu_seconds.unwrap();
    let own = trials[0].disturbance.as_ref().expect("the usage is known").own_cpu_seconds;
    assert!(used > 0.1 && own > used / 2.0, "{own} of {used} s");
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_one_that_died_used_is_not_known() {
    let image = TestImage::new();
    // It ends with its first request.
    let command = "command: [sh, -c, 'nginx -c /etc/queuelab/nginx.conf; until [ -s /log ]; do \
                   sleep 0.1; done; exit 3']\nbacklog: 64\n";
    let files = FILES.replace("access_log off", "access_log /log");
    let load = "load: { clients: 20, dialogue: { http: { path: / } }, linger: 10min }";
    let scenario = Scenario::new(&image.name, &[command, CAPABILITIES, &files], load);
    let output = scenario.run();
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    let trials = RunDirectory::read(&runs(scenario.out.path())[0]).unwrap().1;
    let report = trials[0].program.as_ref().unwrap();
    assert!(report.end.died_ns.is_some(), "{report:?}");
    assert_eq!(report.end.status.as_deref(), Some("exit status 3"), "{report:?}");
    assert_eq!((report.cpu_seconds, report.most_memory_bytes), (None, None));
    let page = fs::read_to_string(runs(scenario.out.path())[0].join("report.html")).unwrap();
    assert!(in_one_line(&page).contains("CPU time and memory are not known of 1 trial"));
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_interruption_does_not_wait_until_it_is_ready() {
    let image = TestImage::new();
    let never = ["command: [sleep, '10000']\n", "ready: { within: 30min }\n"];
    let scenario = Scenario::new(&image.name, &never, LOAD);
    let arguments = scenario.arguments();
    let arguments = arguments.each_ref().map(String::as_str);
    let run = start_with(scenario.out.path(), &arguments, |command| command);
    let pid = run.child.id();
    wait_until("the image runs", || {
        let objects = RunObjects { docker: &docker, pid };
        let is_image = |(_, name): &(String, String)| name.ends_with("-image");
        objects.containers().into_iter().find(is_image).is_some_and(|(id, _)| {
            docker(&["top", &id]).is_ok_and(|processes| processes.contains("sleep 10000"))
        })
    });
    send_signal(&run.child, Signal::SIGINT);
    let (output, _) = run.finish();
    assert_eq!(output.status.code(), Some(130), "{}", all_output(&output));
    assert_nothing_left_of(pid);
}

/// A scenario that lasts until it is interrupted.
fn endless(image: &str) -> Scenario {
    let load = "load: { clients: 80, dialogue: none, connect_deadline: 500ms, linger: 10min }";
    let limits = "paused: true\nlimits: { processes: 20, memory_mib: 100, open_files: 4096 }\n";
    Scenario::new(image, &[NGINX, limits, CAPABILITIES, FILES], load)
}

/// The id of the image's container, once all its processes are stopped.
fn await_paused(objects: &RunObjects<'_>) -> String {
    let mut found = None;
    wait_until("the container is paused", || {
        let is_image = |(_, name): &(String, String)| name.ends_with("-image");
        found = objects.containers().into_iter().find(is_image).map(|(id, _)| id);
        let Some(id) = &found else { return false };
        let states = (objects.docker)(&["top", id, "-o", "pid,stat"]).unwrap_or_default();
        let mut states = states.lines().skip(1).peekable();
        states.peek().is_some() && states.all(|line| line.contains(" T"))
    });
    found.unwrap()
}

#[test]
#[ignore = "needs a Docker engine"]
fn its_container_has_only_the_privileges_that_are_listed_and_ends_with_an_interrupted_run() {
    let image = TestImage::new();
    let scenario = endless(&image.name);
    let arguments = scenario.arguments();
    let arguments = arguments.each_ref().map(String::as_str);
    let run = start_with(scenario.out.path(), &arguments, |command| command);
    let pid = run.child.id();
    let id = await_paused(&RunObjects { docker: &docker, pid });
    let inspected: Value = serde_json::from_str(&docker(&["inspect", &id]).unwrap()).unwrap();
    let (host, config) = (&inspected[0]["HostConfig"], &inspected[0]["Config"]);
    assert_eq!(host["Privileged"], false);
    assert_eq!(host["CapDrop"], json!(["ALL"]));
    let added: Vec<_> = host["CapAdd"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert!(added.len() == 3 && added.iter().any(|name| name.contains("SETUID")), "{added:?}");
    assert_eq!(host["SecurityOpt"], json!(["no-new-privileges"]));
    assert_eq!((&host["PidsLimit"], &host["Memory"]), (&json!(20), &json!(100 << 20)));
    assert_eq!(host["Memory"], host["MemorySwap"], "no swap");
    assert_eq!(host["Ulimits"], json!([{ "Name": "nofile", "Hard": 4096, "Soft": 4096 }]));
    assert!(host["Binds"].is_null() && inspected[0]["Mounts"] == json!([]), "{inspected}");
    assert!(host["PortBindings"].as_object().is_none_or(|ports| ports.is_empty()));
    assert_eq!(host["NetworkMode"], host["PidMode"]);
    assert!(host["PidMode"].as_str().unwrap().starts_with("container:"));
    assert!(config["Labels"]["queuelab.run"].is_string(), "{config}");
    assert!(config["Labels"]["queuelab.trial"].is_string(), "{config}");
    send_signal(&run.child, Signal::SIGINT);
    let (output, _) = run.finish();
    assert_eq!(output.status.code(), Some(130), "{}", all_output(&output));
    assert_nothing_left_of(pid);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_killed_lab_leaves_no_container_although_the_image_is_paused() {
    // The test's own engine, because every run that begins removes leftovers too.
    let engine = TestEngine::start();
    let host = engine.host();
    let image = TestImage::on(Some(host.clone()));
    let scenario = endless(&image.name);
    let arguments = scenario.arguments();
    let arguments = arguments.each_ref().map(String::as_str);
    let mut run =
        start_with(scenario.out.path(), &arguments, |command| command.env("DOCKER_HOST", &host));
    let docker = |arguments: &[&str]| engine.docker(arguments);
    let objects = RunObjects { docker: &docker, pid: run.child.id() };
    await_paused(&objects);
    run.child.kill().unwrap();
    run.child.wait().unwrap();
    wait_until("all containers have ended by themselves", || objects.containers().is_empty());
    clean(&[("DOCKER_HOST", &host)]);
    objects.assert_none();
}
