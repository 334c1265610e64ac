//! Who runs a directory: an open-file-description lock on its trials.
//!
//! flock(2) would do as well for the writer, but nobody can ask for it without
//! taking it, which would be in the way of a writer that begins at that moment;
//! and /proc/locks shows it to the processes of one PID namespace alone, where a
//! container that serves the runs is none. Of an fcntl(2) lock, F_OFD_GETLK tells
//! both.

use std::fs::File;
use std::io;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

/// Takes the lock for as long as the file is open; false where another has it.
///
/// # Errors
/// Where the file system has no such locks.
pub(crate) fn take(file: &File) -> io::Result<bool> {
    match fcntl(file, FcntlArg::F_OFD_SETLK(&whole_file(libc::F_WRLCK))) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether another has the lock; false where that cannot be known.
pub(crate) fn is_taken(file: &File) -> bool {
    let mut asked = whole_file(libc::F_RDLCK);
    match fcntl(file, FcntlArg::F_OFD_GETLK(&mut asked)) {
        Ok(_) => i32::from(asked.l_type) != libc::F_UNLCK,
        Err(_) => false,
    }
}

fn whole_file(kind: i32) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        // The kernel asks for it: the lock is the open file's, not a process's.
        l_pid: 0,
    }
}
