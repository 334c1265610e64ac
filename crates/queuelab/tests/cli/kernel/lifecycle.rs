//! However a run ends, it leaves no process behind, loses no finished trial, and can be
//! resumed.

use std::collections::HashSet;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{
    Background, all_output, assert_passed, binary, has_passed_in, install, out_directory, queuelab,
    repository, run, runs, send_signal, text, wait_until, with_hangup,
};
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use run_record::{Outcome, RunDirectory, TrialRecord};

/// A run long enough to be interrupted: its trials last until a deadline.
const SLOW: &[&str] = &["accept-queue-capacity", "--set", "load.connect_deadline=700ms"];

fn start(out: &Path, arguments: &[&str]) -> Background {
    let mut command = with_hangup(&["run", "--out", out.to_str().unwrap()]);
    command.args(arguments).stderr(Stdio::piped()).process_group(0);
    Background::start(command)
}

/// Waits until the run directory has this many trials.
fn wait_for_trials(out: &Path, count: usize) {
    wait_until(&format!("{count} trials"), || trials_done(out) >= count);
}

fn trials_done(out: &Path) -> usize {
    let runs = runs(out);
    let trials = runs.first().and_then(|run| RunDirectory::read(run).ok());
    trials.map_or(0, |(_, trials)| trials.len())
}

/// The workers of a lab with this process id, and their namespaces.
fn workers_of(parent: u32) -> (HashSet<u32>, HashSet<String>) {
    let own = namespace_of(std::process::id()).unwrap();
    let children: HashSet<u32> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let after_name = stat.rsplit(')').next().unwrap_or_default().to_owned();
            after_name.split_whitespace().nth(1) == Some(&parent.to_string())
        })
        // A worker that was just forked is still in the machine's own namespace.
        .filter(|pid| namespace_of(*pid).is_some_and(|namespace| namespace != own))
        .collect();
    let namespaces = children.iter().filter_map(|pid| namespace_of(*pid)).collect();
    (children, namespaces)
}

fn process_name(pid: u32) -> String {
    let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    comm.trim_end().to_owned()
}

fn namespace_of(pid: u32) -> Option<String> {
    let link = std::fs::read_link(format!("/proc/{pid}/ns/net")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

fn all_namespaces() -> HashSet<String> {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| namespace_of(entry.ok()?.file_name().to_str()?.parse().ok()?))
        .collect()
}

/// Asserts that the processes end soon, and that no process remains in the namespaces.
fn assert_removed(processes: &HashSet<u32>, namespaces: &HashSet<String>) {
    assert!(!processes.is_empty() && !namespaces.is_empty(), "there were workers");
    let deadline = Instant::now() + Duration::from_secs(240);
    loop {
        let alive: Vec<_> = processes
            .iter()
            .filter(|pid| {
                let exe = std::fs::read_link(format!("/proc/{pid}/exe"));
                exe.is_ok_and(|exe| exe == Path::new(binary()))
            })
            .collect();
        let in_use: Vec<_> = namespaces.intersection(&all_namespaces()).cloned().collect();
        if alive.is_empty() && in_use.is_empty() {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "left behind: processes {alive:?}, namespaces {in_use:?}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_run_leaves_nothing_behind_and_resume_runs_only_missing_trials() {
    let out = out_directory();
    let mut lab = start(out.path(), SLOW);
    wait_for_trials(out.path(), 2);
    let deadline = Instant::now() + Duration::from_secs(240);
    let (processes, namespaces) = loop {
        let found = workers_of(lab.child.id());
        // `top` shows this name, not that of a link in /proc.
        if found.0.len() == 3 && found.0.iter().all(|pid| process_name(*pid) == "queuelab") {
            break found;
        }
        assert!(Instant::now() < deadline, "server, probe and load never ran at the same time");
    };
    send_signal(&lab.child, Signal::SIGKILL);
    lab.child.wait().unwrap();
    assert_removed(&processes, &namespaces);

    let path = runs(out.path()).remove(0);
    let (_, before) = RunDirectory::read(&path).unwrap();
    let output = queuelab(&["run", "--resume", path.to_str().unwrap()]).output().unwrap();
    assert_passed(&output);
    let (record, after) = RunDirectory::read(&path).unwrap();
    assert!(before.len() >= 2 && before.len() < 8, "killed before its end: {}", before.len());
    assert_eq!(after[..before.len()], before, "finished trials are not run again");
    let mut ids: Vec<_> = after.iter().map(|trial| trial.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..8).collect::<Vec<_>>());
    assert!(record.ended.is_some() && record.resumed.len() == 1);
    assert_eq!(runs(out.path()).len(), 1, "it was resumed in the same directory");
}

#[test]
fn a_run_continues_while_its_binary_is_replaced() {
    let (out, folder) = (out_directory(), out_directory());
    let [used, built, errors] =
        ["queuelab", "built", "errors"].map(|name| folder.path().join(name));
    install(Path::new(binary()), &used);
    // Not a build of this program: a worker that ran it would fail.
    install(Path::new("/bin/false"), &built);
    let mut command = Command::new(&used);
    command.args(["run", "smoke", "--out", out.path().to_str().unwrap()]);
    command.current_dir(repository()).stdin(Stdio::null());
    command.stderr(std::fs::File::create(&errors).unwrap());
    let mut run = Background::start(command);
    // Often, because a name may refer to another file between a check and its use.
    let mut times = 0;
    let status = loop {
        renameat2(AT_FDCWD, &used, AT_FDCWD, &built, RenameFlags::RENAME_EXCHANGE).unwrap();
        times += 1;
        if let Some(status) = run.child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_micros(100));
    };
    let errors = std::fs::read_to_string(&errors).unwrap();
    let has_passed = has_passed_in(status.code(), out.path());
    assert!(has_passed, "{status}\n{}\n{errors}", run.remaining_output());
    assert!(times > 10 && trials_done(out.path()) > 0, "{times} times");
}

#[test]
fn an_interrupted_run_saves_its_trials_and_prints_how_to_resume() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let out = out_directory();
        let mut lab = start(out.path(), SLOW);
        wait_for_trials(out.path(), 1);
        let deadline = Instant::now() + Duration::from_secs(240);
        let (processes, namespaces) = loop {
            let found = workers_of(lab.child.id());
            if !found.0.is_empty() {
                break found;
            }
            assert!(Instant::now() < deadline, "no worker ever ran");
        };
        // To the process group, as a terminal does.
        killpg(Pid::from_raw(lab.child.id().cast_signed()), signal).unwrap();
        let status = lab.child.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{signal}");
        assert_removed(&processes, &namespaces);
        let mut stderr = String::new();
        std::io::Read::read_to_string(lab.child.stderr.as_mut().unwrap(), &mut stderr).unwrap();
        let path = runs(out.path()).remove(0);
        assert!(stderr.contains(&format!("run --resume {}", path.display())), "{stderr}");
        let saved = trials_done(out.path());
        assert!(stderr.contains(&format!("{saved} of 8 trials are saved")), "{saved}: {stderr}");
    }
}

/// As `nohup` starts it.
#[test]
fn a_run_that_ignores_the_end_of_its_terminal_continues() {
    let out = out_directory();
    let script = "trap '' HUP; exec \"$0\" run \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, binary()]).args(SLOW).arg("--out").arg(out.path());
    command.current_dir(repository()).stdin(Stdio::null()).stderr(Stdio::null());
    let mut lab = Background::start(command);
    wait_for_trials(out.path(), 1);
    send_signal(&lab.child, Signal::SIGHUP);
    let status = lab.child.wait().unwrap();
    assert!(has_passed_in(status.code(), out.path()), "{status}");
    assert_eq!(trials_done(out.path()), 8);
}

#[test]
fn concurrent_runs_do_not_affect_each_other() {
    let out = out_directory();
    let flags = ["accept-queue-capacity", "--set", "load.connect_deadline=700ms"];
    let labs: Vec<_> = (0..2).map(|_| start(out.path(), &flags)).collect();
    for mut lab in labs {
        let status = lab.child.wait().unwrap();
        let mut stderr = String::new();
        std::io::Read::read_to_string(lab.child.stderr.as_mut().unwrap(), &mut stderr).unwrap();
        // Each of them disturbs the others.
        assert!(has_passed_in(status.code(), out.path()), "{status}: {stderr}");
    }
    let runs = runs(out.path());
    assert_eq!(runs.len(), 2, "each has its own directory: {runs:?}");
    for path in runs {
        let (_, trials) = RunDirectory::read(&path).unwrap();
        assert_eq!(trials.len(), 8);
        assert!(trials.iter().all(run_record::TrialRecord::held), "exact laws hold in both runs");
    }
}

#[test]
fn many_short_concurrent_runs_hold() {
    // Many workers end at the same time, on too few CPUs.
    let out = out_directory();
    let mut labs: Vec<_> = (0..8).map(|_| start(out.path(), &["smoke"])).collect();
    for lab in &mut labs {
        let status = lab.child.wait().unwrap();
        let mut stderr = String::new();
        std::io::Read::read_to_string(lab.child.stderr.as_mut().unwrap(), &mut stderr).unwrap();
        // Each of them disturbs the others.
        assert!(has_passed_in(status.code(), out.path()), "{status}: {stderr}");
    }
    assert_eq!(runs(out.path()).len(), 8);
}

#[test]
fn a_load_that_ends_before_a_paused_server_accepts_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    // No client has a local port: each attempt ends at once, and with the last one the load.
    let yaml = "name: mine\nquestion: Who has a port?\n\
                hosts: {client: {sysctls: {net.ipv4.ip_local_reserved_ports: 1-65535}}}\n\
                server: {accept_paused: true}\nload: {clients: 8}\n";
    std::fs::write(&file, yaml).unwrap();
    let (_, _, trials) = run(&folder.path().join("runs"), &[file.to_str().unwrap()]);
    assert_eq!(trials[0].outcomes.get(Outcome::NoPort), 8, "{:?}", trials[0].outcomes);
    assert_eq!(trials[0].held_bytes, None);
}

#[test]
fn a_value_that_the_kernel_rejects_is_reported_with_its_line_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    let yaml = "name: mine\nquestion: Does the kernel accept it?\nmatrix:\n  \
                hosts.server.sysctls.net.core.somaxconn: [4096, -5]\n";
    std::fs::write(&file, yaml).unwrap();
    let out = folder.path().join("runs");
    let arguments = ["run", file.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("mine.yaml:4:"), "file and line: {stderr}");
    assert!(stderr.contains("Invalid argument"), "the kernel's error: {stderr}");
    assert!(runs(&out).is_empty(), "nothing was started");
}

#[test]
fn the_machines_sysctls_are_never_written() {
    let path = "/proc/sys/net/core/somaxconn";
    let before = std::fs::read_to_string(path).unwrap();
    let out = out_directory();
    let odd = "hosts.server.sysctls.net.core.somaxconn=1234";
    let (output, record, trials) = run(out.path(), &["smoke", "--set", odd]);
    assert_passed(&output);
    assert_eq!(record.sysctls.server["net.core.somaxconn"], "1234");
    assert_eq!(trials[0].sysctls.server["net.core.somaxconn"], "1234");
    assert_eq!(std::fs::read_to_string(path).unwrap(), before);
}

#[test]
fn a_sysctl_that_is_not_per_namespace_is_rejected_before_the_run() {
    for name in ["net.core.rmem_max", "net.ipv4.tcp_mem", "kernel.pid_max", "net.ipv4.tcp_nosuch"] {
        let out = out_directory();
        let set = format!("hosts.server.sysctls.{name}=1");
        let output = queuelab(&["run", "smoke", "--out", out.path().to_str().unwrap()])
            .args(["--set", &set])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {}", all_output(&output));
        assert!(text(&output.stderr).contains(name), "{}", all_output(&output));
        assert!(runs(out.path()).is_empty(), "nothing was started");
    }
}

#[test]
fn a_too_low_limit_of_open_files_is_reported_before_the_run() {
    let out = out_directory();
    let script = format!(
        "ulimit -n 200; exec {} run smoke --set load.clients=300 --out {}",
        binary(),
        out.path().display()
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(repository()).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("364") && stderr.contains("200"), "required and hard limit: {stderr}");
    assert!(runs(out.path()).is_empty(), "nothing was started");
}

/// Trials that all start at the same time, and wait for seconds.
const SIDE_BY_SIDE: &[&str] = &["defer-accept", "--set", "matrix.server.defer_accept=[1, 2, 3]"];

#[test]
fn concurrent_trials_take_as_long_as_the_longest_and_can_be_interrupted() {
    let out = out_directory();
    let mut lab = start(out.path(), &[SIDE_BY_SIDE, &["--set", "load.linger=8s"]].concat());
    let deadline = Instant::now() + Duration::from_secs(240);
    let (processes, namespaces) = loop {
        let found = workers_of(lab.child.id());
        if found.0.len() == 9 {
            break found;
        }
        assert!(Instant::now() < deadline, "three trials never ran at the same time: {found:?}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(namespaces.len(), 6, "two hosts for each trial");
    send_signal(&lab.child, Signal::SIGINT);
    assert_eq!(lab.child.wait().unwrap().code(), Some(130));
    assert_removed(&processes, &namespaces);

    let run = &runs(out.path())[0];
    let output = queuelab(&["run", "--resume", run.to_str().unwrap()]).output().unwrap();
    assert_passed(&output);
    let (_, trials) = RunDirectory::read(run).unwrap();
    assert_eq!(trials.len(), 3);
    let total: f64 = trials.iter().map(|trial| trial.duration_seconds).sum();
    // By the trials' own times: what delays one of them delays both sums.
    let first = trials.iter().map(|trial| trial.started).min().unwrap();
    let since_first = |trial: &TrialRecord| trial.started.duration_since(first).as_secs_f64();
    let ends = trials.iter().map(|trial| since_first(trial) + trial.duration_seconds);
    let took = ends.fold(0.0, f64::max);
    assert!(total > 24.0 && took < total / 2.0, "{total} s of trials in {took} s");
}
