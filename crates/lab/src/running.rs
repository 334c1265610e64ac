//! The running executable, even if another build has replaced its file.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::prctl;

/// The kernel's link to the executable, which is always valid.
const ITSELF: &str = "/proc/self/exe";

/// The path of the executable, for messages.
pub(crate) fn path() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| ITSELF.into())
}

/// Opens the executable.
pub(crate) fn open() -> io::Result<File> {
    File::open(ITSELF)
}

/// The contents of the executable.
pub(crate) fn contents() -> io::Result<Vec<u8>> {
    fs::read(ITSELF)
}

/// A command that runs it through the kernel's link: a run continues while its binary is
/// rebuilt, and all its workers are of the same build. With its path, the file could be
/// replaced between a check and the exec.
///
/// `ps` shows it by its path; for `top` it names itself ([`crate::name_process`]).
pub(crate) fn command() -> Command {
    let mut command = Command::new(ITSELF);
    command.arg0(path());
    command
}

/// Names this process in `top` and `/proc/PID/comm`, where a process that was started by
/// the link in `/proc` has the name of the link, `exe`.
///
/// # Panics
/// Never: a process may always set its name.
pub fn name_process() {
    prctl::set_name(c"queuelab").expect("a process may name itself");
}
