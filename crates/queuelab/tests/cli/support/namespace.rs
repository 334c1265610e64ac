//! A network namespace for a test, also of another binary.

use std::io::Read;
use std::process::{Child, Command, Stdio};

/// A process in a new network namespace with only a loopback interface. An ordinary user is root
/// in a user namespace.
pub(crate) fn hold() -> Child {
    let user: &[_] = if is_root() { &[] } else { &["--user", "--map-root-user"] };
    let mut holder = Command::new("unshare")
        .args(user)
        .args(["--net", "sh", "-c", "ip link set lo up && echo && exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    holder.stdout.as_mut().unwrap().read_exact(&mut [0]).expect("a network namespace");
    holder
}

/// A command in the namespace of a process; its program and arguments are to follow.
pub(crate) fn enter(pid: u32) -> Command {
    let mut command = Command::new("nsenter");
    if !is_root() {
        command.arg(format!("--user=/proc/{pid}/ns/user")).arg("--preserve-credentials");
    }
    command.arg(format!("--net=/proc/{pid}/ns/net")).arg("--").stdin(Stdio::null());
    command
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}
