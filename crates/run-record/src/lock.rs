//! The lock of a run directory: an open-file-description lock on the file that it appends to.
//!
//! flock(2) would suffice for the writer, but it cannot be tested without taking it, which
//! would block a writer that starts at that moment. /proc/locks shows it only to processes
//! of the same PID namespace, to which a container that serves the runs does not belong.
//! F_OFD_GETLK tests an fcntl(2) lock in both cases.

use std::fs::File;
use std::io;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

/// Locks the file until it is closed; false if another process has the lock.
///
/// # Errors
/// If the file system does not support such locks.
pub fn try_lock(file: &File) -> io::Result<bool> {
    match fcntl(file, FcntlArg::F_OFD_SETLK(&full_range(libc::F_WRLCK))) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether another process has the lock; false if that cannot be determined.
pub fn is_locked(file: &File) -> bool {
    let mut lock = full_range(libc::F_RDLCK);
    match fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock)) {
        Ok(_) => i32::from(lock.l_type) != libc::F_UNLCK,
        Err(_) => false,
    }
}

fn full_range(kind: i32) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        // The kernel requires 0: the lock belongs to the open file, not to a process.
        l_pid: 0,
    }
}
