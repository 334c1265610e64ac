//! However a run ends, nothing of it is left behind, nothing finished is lost,
//! and it can go on.

use std::collections::HashSet;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{
    Background, binary, install, out_directory, queuelab, repository, run, runs, said, signal,
    text, until,
};
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use run_record::RunDirectory;

/// A run long enough to be ended in its middle: its trials wait out a deadline.
const SLOW: &[&str] = &["accept-queue-capacity", "--set", "load.connect_deadline=700ms"];

fn start(out: &Path, arguments: &[&str]) -> Background {
    let mut command = queuelab(&["run", "--out", out.to_str().unwrap()]);
    command.args(arguments).stderr(Stdio::piped()).process_group(0);
    Background::start(command)
}

/// Waits until the run has that many trials in its directory.
fn await_trials(out: &Path, count: usize) {
    until(&format!("{count} trials"), || trials_done(out) >= count);
}

fn trials_done(out: &Path) -> usize {
    let runs = runs(out);
    let trials = runs.first().and_then(|run| RunDirectory::read(run).ok());
    trials.map_or(0, |(_, trials)| trials.len())
}

/// Our binary's processes that descend from `parent`, and their namespaces.
fn parts_of(parent: u32) -> (HashSet<u32>, HashSet<String>) {
    let own = namespace_of(std::process::id()).unwrap();
    let children: HashSet<u32> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let after_name = stat.rsplit(')').next().unwrap_or_default().to_owned();
            after_name.split_whitespace().nth(1) == Some(&parent.to_string())
        })
        // A part just forked is still in the machine's own namespace.
        .filter(|pid| namespace_of(*pid).is_some_and(|namespace| namespace != own))
        .collect();
    let namespaces = children.iter().filter_map(|pid| namespace_of(*pid)).collect();
    (children, namespaces)
}

fn comm(pid: u32) -> String {
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

/// Waits until none of the processes is alive, and no process is in any of the
/// namespaces.
fn assert_gone(processes: &HashSet<u32>, namespaces: &HashSet<String>) {
    assert!(!processes.is_empty() && !namespaces.is_empty(), "there was something to lose");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let alive: Vec<_> = processes
            .iter()
            .filter(|pid| {
                let exe = std::fs::read_link(format!("/proc/{pid}/exe"));
                exe.is_ok_and(|exe| exe == Path::new(binary()))
            })
            .collect();
        let held: Vec<_> = namespaces.intersection(&all_namespaces()).cloned().collect();
        if alive.is_empty() && held.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "left behind: processes {alive:?}, {held:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn sigkill_leaves_nothing_behind_and_resume_does_only_what_is_missing() {
    let out = out_directory();
    let mut lab = start(out.path(), SLOW);
    await_trials(out.path(), 2);
    let deadline = Instant::now() + Duration::from_secs(30);
    let (processes, namespaces) = loop {
        let found = parts_of(lab.child.id());
        // By the name that `top` shows them by, not that of a link in /proc.
        if found.0.len() == 3 && found.0.iter().all(|pid| comm(*pid) == "queuelab") {
            break found;
        }
        assert!(Instant::now() < deadline, "server, probe and load never ran side by side");
    };
    signal(&lab.child, Signal::SIGKILL);
    lab.child.wait().unwrap();
    assert_gone(&processes, &namespaces);

    let path = runs(out.path()).remove(0);
    let (_, before) = RunDirectory::read(&path).unwrap();
    let output = queuelab(&["run", "--resume", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let (record, after) = RunDirectory::read(&path).unwrap();
    assert!(before.len() >= 2 && before.len() < 8, "killed in its middle: {}", before.len());
    assert_eq!(after[..before.len()], before, "what was done is not done again");
    let mut ids: Vec<_> = after.iter().map(|trial| trial.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..8).collect::<Vec<_>>());
    assert!(record.ended.is_some() && record.resumed.len() == 1);
    assert_eq!(runs(out.path()).len(), 1, "it went on in the same directory");
}

#[test]
fn a_run_goes_on_while_its_binary_is_built_anew() {
    let (out, folder) = (out_directory(), out_directory());
    let [used, built, errors] =
        ["queuelab", "built", "errors"].map(|name| folder.path().join(name));
    install(Path::new(binary()), &used);
    // No build of this program: a part that ran it would be seen to fail.
    install(Path::new("/bin/false"), &built);
    let mut command = Command::new(&used);
    command.args(["run", "smoke", "--out", out.path().to_str().unwrap()]);
    command.current_dir(repository()).stdin(Stdio::null());
    command.stderr(std::fs::File::create(&errors).unwrap());
    let mut run = Background::start(command);
    // At every instant of it, for what is looked at and then run by its name may be
    // another file in between.
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
    assert!(status.success(), "{status}\n{}\n{errors}", run.rest());
    assert!(times > 10 && trials_done(out.path()) > 0, "{times} times");
}

#[test]
fn an_interrupted_run_keeps_its_trials_and_says_how_to_go_on() {
    for how in [Signal::SIGINT, Signal::SIGTERM] {
        let out = out_directory();
        let mut lab = start(out.path(), SLOW);
        await_trials(out.path(), 1);
        let deadline = Instant::now() + Duration::from_secs(30);
        let (processes, namespaces) = loop {
            let found = parts_of(lab.child.id());
            if !found.0.is_empty() {
                break found;
            }
            assert!(Instant::now() < deadline, "no part ever ran");
        };
        // To the whole group, as a terminal does.
        killpg(Pid::from_raw(lab.child.id().cast_signed()), how).unwrap();
        let status = lab.child.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{how}");
        assert_gone(&processes, &namespaces);
        let mut stderr = String::new();
        std::io::Read::read_to_string(lab.child.stderr.as_mut().unwrap(), &mut stderr).unwrap();
        let path = runs(out.path()).remove(0);
        assert!(stderr.contains(&format!("run --resume {}", path.display())), "{stderr}");
        let kept = trials_done(out.path());
        assert!(stderr.contains(&format!("{kept} of 8 trials are saved")), "{kept}: {stderr}");
    }
}

#[test]
fn two_runs_at_once_do_not_disturb_each_other() {
    let out = out_directory();
    let flags = ["accept-queue-capacity", "--set", "load.connect_deadline=700ms"];
    let labs: Vec<_> = (0..2).map(|_| start(out.path(), &flags)).collect();
    for mut lab in labs {
        let status = lab.child.wait().unwrap();
        let mut stderr = String::new();
        std::io::Read::read_to_string(lab.child.stderr.as_mut().unwrap(), &mut stderr).unwrap();
        assert_eq!(status.code(), Some(0), "{stderr}");
    }
    let runs = runs(out.path());
    assert_eq!(runs.len(), 2, "each has a directory of its own: {runs:?}");
    for path in runs {
        let (_, trials) = RunDirectory::read(&path).unwrap();
        assert_eq!(trials.len(), 8);
        assert!(trials.iter().all(run_record::TrialRecord::held), "exact laws hold in both");
    }
}

#[test]
fn short_runs_side_by_side_all_hold() {
    // Many parts end at the same time here, on too few CPUs.
    let out = out_directory();
    let mut labs: Vec<_> = (0..8).map(|_| start(out.path(), &["smoke"])).collect();
    for lab in &mut labs {
        let status = lab.child.wait().unwrap();
        let mut stderr = String::new();
        std::io::Read::read_to_string(lab.child.stderr.as_mut().unwrap(), &mut stderr).unwrap();
        assert_eq!(status.code(), Some(0), "{stderr}");
    }
    assert_eq!(runs(out.path()).len(), 8);
}

#[test]
fn a_value_that_the_kernel_refuses_is_told_at_its_place_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    let yaml = "name: mine\nquestion: Does the kernel take it?\nmatrix:\n  \
                hosts.server.sysctls.net.core.somaxconn: [4096, -5]\n";
    std::fs::write(&file, yaml).unwrap();
    let out = folder.path().join("runs");
    let arguments = ["run", file.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let output = queuelab(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("mine.yaml:4:"), "file and line: {stderr}");
    assert!(stderr.contains("Invalid argument"), "the kernel's words: {stderr}");
    assert!(runs(&out).is_empty(), "nothing was started");
}

#[test]
fn the_machines_own_sysctls_are_never_written() {
    let path = "/proc/sys/net/core/somaxconn";
    let before = std::fs::read_to_string(path).unwrap();
    let out = out_directory();
    let odd = "hosts.server.sysctls.net.core.somaxconn=1234";
    let (output, record, trials) = run(out.path(), &["smoke", "--set", odd]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(record.sysctls.server["net.core.somaxconn"], "1234");
    assert_eq!(trials[0].sysctls.server["net.core.somaxconn"], "1234");
    assert_eq!(std::fs::read_to_string(path).unwrap(), before);
}

#[test]
fn a_sysctl_that_is_not_kept_per_namespace_is_refused_before_anything_starts() {
    for name in ["net.core.rmem_max", "net.ipv4.tcp_mem", "kernel.pid_max", "net.ipv4.tcp_nosuch"] {
        let out = out_directory();
        let set = format!("hosts.server.sysctls.{name}=1");
        let output = queuelab(&["run", "smoke", "--out", out.path().to_str().unwrap()])
            .args(["--set", &set])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
        assert!(text(&output.stderr).contains(name), "{}", said(&output));
        assert!(runs(out.path()).is_empty(), "nothing was started");
    }
}

#[test]
fn too_few_open_files_are_told_before_anything_starts() {
    let out = out_directory();
    let script = format!(
        "ulimit -n 200; exec {} run smoke --set load.clients=300 --out {}",
        binary(),
        out.path().display()
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(repository()).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("364") && stderr.contains("200"), "needed and hard: {stderr}");
    assert!(runs(out.path()).is_empty(), "nothing was started");
}

/// Trials that are all begun at once, and wait for seconds.
const SIDE_BY_SIDE: &[&str] = &["defer-accept", "--set", "matrix.server.defer_accept=[1, 4, 5]"];

#[test]
fn trials_side_by_side_take_as_long_as_the_longest_and_can_be_ended() {
    let out = out_directory();
    let mut lab = start(out.path(), &[SIDE_BY_SIDE, &["--set", "load.linger=8s"]].concat());
    let deadline = Instant::now() + Duration::from_secs(30);
    let (processes, namespaces) = loop {
        let found = parts_of(lab.child.id());
        if found.0.len() == 9 {
            break found;
        }
        assert!(Instant::now() < deadline, "three trials never ran side by side: {found:?}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(namespaces.len(), 6, "two hosts each");
    signal(&lab.child, Signal::SIGINT);
    assert_eq!(lab.child.wait().unwrap().code(), Some(130));
    assert_gone(&processes, &namespaces);

    let run = &runs(out.path())[0];
    let began = Instant::now();
    let output = queuelab(&["run", "--resume", run.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let took = began.elapsed();
    let (_, trials) = RunDirectory::read(run).unwrap();
    assert_eq!(trials.len(), 3);
    let each: f64 = trials.iter().map(|trial| trial.duration_seconds).sum();
    assert!(each > 24.0 && took.as_secs_f64() < each / 2.0, "{each} s of trials in {took:?}");
}
