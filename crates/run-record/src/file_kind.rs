//! Kinds of files.

use std::io;

use nix::sys::stat::{FileStat, SFlag};

/// The kind of a file.
pub(crate) fn kind(status: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(status.st_mode & SFlag::S_IFMT.bits())
}

/// Checks that a file is a regular one.
///
/// # Errors
/// What it is, as a sentence about `it`.
pub(crate) fn check_kind(status: &FileStat) -> io::Result<()> {
    match kind(status) {
        SFlag::S_IFREG => Ok(()),
        other => Err(io::Error::other(format!("it is {}, not a regular file", describe(other)))),
    }
}

/// Checks that a file has no other name.
///
/// # Errors
/// How many names it has, as a sentence about `it`.
pub(crate) fn check_links(status: &FileStat) -> io::Result<()> {
    match status.st_nlink {
        0 | 1 => Ok(()),
        links => Err(io::Error::other(format!(
            "it is a hard link, one of {links} names of the same file; copy it under another \
             name and rename the copy"
        ))),
    }
}

/// A kind with its article.
pub(crate) fn describe(kind: SFlag) -> &'static str {
    match kind {
        SFlag::S_IFREG => "a file",
        SFlag::S_IFDIR => "a directory",
        SFlag::S_IFLNK => "a symbolic link",
        SFlag::S_IFIFO => "a named pipe",
        SFlag::S_IFSOCK => "a socket",
        _ => "a device",
    }
}
