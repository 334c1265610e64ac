//! What a test needs to do without root.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

use super::binary;

/// `nobody`: an ordinary user that every machine has.
pub(crate) const ORDINARY_USER: u32 = 65534;

/// A copy of the binary, the scenarios, and a place for runs, where a user
/// without rights on the source tree can reach them.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) binary: PathBuf,
    pub(crate) out: PathBuf,
}

impl Bench {
    pub(crate) fn new() -> Self {
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

    /// `queuelab <arguments>`.
    pub(crate) fn queuelab(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// `queuelab run smoke`.
    pub(crate) fn smoke(&self) -> Command {
        let mut command = self.queuelab(&["run", "smoke", "--out"]);
        command.arg(&self.out);
        command
    }
}

/// Makes the command run as somebody who has no rights; as whoever runs the
/// tests, where that is no root.
pub(crate) fn as_ordinary_user(mut command: Command) -> Command {
    if nix::unistd::geteuid().is_root() {
        command.uid(ORDINARY_USER).gid(ORDINARY_USER);
    }
    command
}

/// Runs the command in a user namespace in which it is an ordinary user, and one of the
/// machine's limits is 0.
pub(crate) fn with_limit_zero(mut command: Command, limit: &'static str) -> Output {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
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
