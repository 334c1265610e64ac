//! Runs commands without root's privileges.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

use super::{binary, install};

/// `nobody`: an ordinary user that every machine has.
pub(crate) const ORDINARY_USER: u32 = 65534;

/// A copy of the binary and a directory for runs that every user can access, unlike the
/// source tree.
pub(crate) struct Sandbox {
    folder: TempDir,
    pub(crate) binary: PathBuf,
    pub(crate) out: PathBuf,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (copy, out) = (folder.path().join("queuelab"), folder.path().join("runs"));
        install(Path::new(binary()), &copy);
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

/// Runs the command as an ordinary user: the user of the tests, unless that is root.
pub(crate) fn as_ordinary_user(mut command: Command) -> Command {
    if nix::unistd::geteuid().is_root() {
        command.uid(ORDINARY_USER).gid(ORDINARY_USER);
    }
    command
}

/// Runs the command as an ordinary user in a user namespace that has one of the limits in
/// /proc/sys/user set to 0.
pub(crate) fn run_with_limit_zero(mut command: Command, limit: &'static str) -> Output {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    let forbid = move || {
        unshare(CloneFlags::CLONE_NEWUSER)?;
        std::fs::write("/proc/self/setgroups", "deny")?;
        std::fs::write("/proc/self/uid_map", format!("{ORDINARY_USER} {user} 1"))?;
        std::fs::write("/proc/self/gid_map", format!("{ORDINARY_USER} {group} 1"))?;
        std::fs::write(format!("/proc/sys/user/{limit}"), "0")
    };
    #[expect(unsafe_code, reason = "code between fork and exec has no safe wrapper")]
    // SAFETY: the closure makes system calls and formats short strings in a
    // single-threaded child; glibc's allocator is usable after fork.
    unsafe {
        command.pre_exec(forbid);
    }
    command.output().unwrap()
}
