//! Why a kernel does not permit io_uring.

use std::fs;
use std::io;

use nix::errno::Errno;

use crate::error::ServerError;

/// Who may create a ring: 0 is everybody (`io_uring_allowed`, io_uring/io_uring.c).
const DISABLED: &str = "/proc/sys/kernel/io_uring_disabled";

/// The error of a ring that cannot be set up, with what is known to cause it.
pub(super) fn explain(source: io::Error) -> ServerError {
    let disabled = fs::read_to_string(DISABLED).unwrap_or_default();
    let found = source.raw_os_error().and_then(|raw| cause(Errno::from_raw(raw), disabled.trim()));
    ServerError::Ring {
        source,
        found: found.map(|cause| format!("{cause}, or use another design")),
    }
}

/// What causes it, and what helps; `disabled` is the value of the sysctl.
fn cause(errno: Errno, disabled: &str) -> Option<&'static str> {
    match (errno, disabled) {
        (Errno::EPERM, "2") => Some("kernel.io_uring_disabled is 2, for nobody: set it to 0"),
        (Errno::EPERM, "1") => Some(
            "kernel.io_uring_disabled is 1, for CAP_SYS_ADMIN and kernel.io_uring_group only: set \
             it to 0",
        ),
        (Errno::EPERM | Errno::EACCES, _) => Some(
            "a seccomp filter refuses it, as that of a container engine does: permit \
             io_uring_setup, io_uring_enter and io_uring_register in its profile",
        ),
        (Errno::ENOSYS, _) => Some(
            "the kernel was built without it, or a seccomp filter hides it: use another kernel \
             or profile",
        ),
        (Errno::EINVAL, _) => Some("it needs Linux 6.1 or later: use another kernel"),
        (Errno::ENOMEM, _) => Some("no memory, or RLIMIT_MEMLOCK: raise it"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_cause_and_a_way_out() {
        for (errno, disabled, expected) in [
            (Errno::EPERM, "2", "kernel.io_uring_disabled is 2"),
            (Errno::EPERM, "1", "kernel.io_uring_group"),
            (Errno::EPERM, "0", "seccomp"),
            (Errno::EPERM, "", "seccomp"),
            (Errno::ENOSYS, "", "built without it"),
            (Errno::EINVAL, "0", "6.1"),
            (Errno::ENOMEM, "0", "RLIMIT_MEMLOCK"),
        ] {
            let found = cause(errno, disabled).expect("it is known");
            assert!(found.contains(expected), "{errno} {disabled}: {found}");
        }
        assert_eq!(cause(Errno::EMFILE, "0"), None);
        let error = explain(Errno::EINVAL.into());
        let text = error.to_string();
        assert!(text.starts_with("set up io_uring: ") && text.contains("another design"), "{text}");
        assert_eq!(error.errno(), Some(Errno::EINVAL as i32));
    }
}
