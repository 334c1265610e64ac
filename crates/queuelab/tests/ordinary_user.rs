//! The lab without root: in a user namespace of its own, and where even that
//! is forbidden, an error that says so and what to do.

mod support;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::sched::{CloneFlags, unshare};
use run_record::RunDirectory;
use support::{binary, repository, runs, said, text};
use tempfile::TempDir;

/// `nobody`: an ordinary user that every machine has.
const ORDINARY_USER: u32 = 65534;

/// A copy of the binary, the scenarios, and a place for runs, where a user
/// without rights on the source tree can reach them.
struct Bench {
    folder: TempDir,
    binary: PathBuf,
    out: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (copy, out) = (folder.path().join("queuelab"), folder.path().join("runs"));
        // By another process: a child that a test beside this one forks would
        // inherit the open copy, and until it has gone exec(2) says ETXTBSY.
        let copied = Command::new("cp").arg(binary()).arg(&copy).status().unwrap();
        assert!(copied.success());
        std::fs::create_dir(&out).unwrap();
        let open = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open(folder.path(), 0o755);
        open(&out, 0o777);
        Self { binary: copy, out, folder }
    }

    /// `queuelab run smoke`.
    fn smoke(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["run", "smoke", "--out"]).arg(&self.out).current_dir(self.folder.path());
        command
    }
}

#[test]
fn smoke_runs_as_an_ordinary_user() {
    let bench = Bench::new();
    let mut smoke = bench.smoke();
    if nix::unistd::geteuid().is_root() {
        smoke.uid(ORDINARY_USER).gid(ORDINARY_USER);
    }
    let output = smoke.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let (record, trials) = RunDirectory::read(&runs(&bench.out)[0]).unwrap();
    assert_eq!(record.backend.details, "in an unprivileged user namespace");
    assert_eq!(trials.len(), record.planned_trials as usize);
}

#[test]
fn smoke_runs_as_whoever_runs_the_tests() {
    let bench = Bench::new();
    let output = Command::new(&bench.binary)
        .args(["run", "smoke", "--out"])
        .arg(&bench.out)
        .current_dir(repository())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

/// Runs it in a user namespace in which it is an ordinary user, and one of the
/// machine's limits is 0.
fn with_limit_zero(bench: &Bench, limit: &'static str) -> Output {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    let mut command = bench.smoke();
    let forbid = move || {
        unshare(CloneFlags::CLONE_NEWUSER)?;
        std::fs::write("/proc/self/setgroups", "deny")?;
        std::fs::write("/proc/self/uid_map", format!("{ORDINARY_USER} {user} 1"))?;
        std::fs::write("/proc/self/gid_map", format!("{ORDINARY_USER} {group} 1"))?;
        std::fs::write(format!("/proc/sys/user/{limit}"), "0")
    };
    #[expect(unsafe_code, reason = "code between fork and exec has no safe wrapper")]
    // SAFETY: it makes system calls, and formats short strings in a child that
    // has one thread; glibc's allocator is usable after fork.
    unsafe {
        command.pre_exec(forbid);
    }
    command.output().unwrap()
}

#[test]
fn where_user_namespaces_are_forbidden_the_error_names_the_cause_and_the_way_out() {
    let bench = Bench::new();
    let output = with_limit_zero(&bench, "max_user_namespaces");
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let stderr = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(stderr.contains("user.max_user_namespaces"), "{stderr}");
    assert!(stderr.contains("root"), "{stderr}");
    assert!(runs(&bench.out).is_empty());
}

#[test]
fn where_network_namespaces_are_forbidden_the_error_names_the_cause() {
    let bench = Bench::new();
    let output = with_limit_zero(&bench, "max_net_namespaces");
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let stderr = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(stderr.contains("max_net_namespaces"), "{stderr}");
}
