//! The running executable, though another build may have taken its name.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::prctl;

/// The kernel's link to it, valid whatever its name is now.
const ITSELF: &str = "/proc/self/exe";

/// Its path, as a person knows it: for messages.
pub(crate) fn path() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| ITSELF.into())
}

/// Opens it.
pub(crate) fn open() -> io::Result<File> {
    File::open(ITSELF)
}

/// What is in it.
pub(crate) fn contents() -> io::Result<Vec<u8>> {
    fs::read(ITSELF)
}

/// A command that runs it, as the kernel has it open: a run goes on while its binary
/// is built anew, and no part of it is another build's. Its path could become
/// another file's between a check and the exec.
///
/// `ps` shows it by its path; for `top` it names itself ([`crate::name_process`]).
pub(crate) fn command() -> Command {
    let mut command = Command::new(ITSELF);
    command.arg0(path());
    command
}

/// Names this process in `top` and `/proc/PID/comm`, where the kernel calls what was
/// started by its link in `/proc` after the link: `exe`.
///
/// # Panics
/// Never: the name is given, and no process is refused one.
pub fn name_process() {
    prctl::set_name(c"queuelab").expect("a process may name itself");
}
