//! The limit of open files, which is the limit of connections.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// The process may not open as many files as are needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "allow {needed} open files (RLIMIT_NOFILE): the hard limit is {hard}; raise it (as root \
     `prlimit --nofile={needed} --pid $$` in the shell before, LimitNOFILE={needed} in a systemd \
     unit, `docker run --ulimit nofile={needed}`), or use fewer connections"
)]
pub struct OpenFilesError {
    /// The number requested.
    pub needed: u64,
    /// The hard limit in force.
    pub hard: u64,
}

/// Lets this process and its future children open `needed` files, and returns the soft
/// limit in force afterwards. Raises the soft limit (RLIMIT_NOFILE) no further than
/// needed and never lowers it; the hard limit only if it is too low and the process may
/// raise it (CAP_SYS_RESOURCE, up to fs.nr_open).
///
/// # Errors
/// [`OpenFilesError`], with both numbers.
pub fn raise_open_files(needed: u64) -> Result<u64, OpenFilesError> {
    let (soft, hard) =
        getrlimit(Resource::RLIMIT_NOFILE).expect("RLIMIT_NOFILE can always be read");
    if needed <= soft {
        return Ok(soft);
    }
    let refused = |_| OpenFilesError { needed, hard };
    setrlimit(Resource::RLIMIT_NOFILE, needed, needed.max(hard)).map_err(refused)?;
    Ok(needed)
}
