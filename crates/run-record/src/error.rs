//! Errors of run directories and suites' directories.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

/// The most characters that a message has of the beginning of a reason, and of its end, which
/// states where in the line it is. A reason quotes what was read, however long that is.
const MAX_SHOWN: (usize, usize) = (1000, 200);

/// Why a run directory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RunDirectoryError {
    /// A file operation failed.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// The operation, as a fragment that fits "failed to ...".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// There is no `run.json` in it.
    #[error("read {}: it is not a run directory (it has no run.json)", .0.display())]
    NotARun(PathBuf),
    /// It is the record of a watch.
    #[error("read {} as a run: it is the record of a watch", .0.display())]
    AWatch(PathBuf),
    /// It is not the record of a watch.
    #[error(
        "read {}: it is not the record of a watch (it has no {})",
        .0.display(),
        crate::watch_file::WATCH_FILE
    )]
    NotAWatch(PathBuf),
    /// A directory that is to be created has files already.
    #[error("create {}: there is something in it; name a new directory", .0.display())]
    NotEmpty(PathBuf),
    /// There is no `suite.json` in it.
    #[error("read {}: it is not a suite's directory (it has no suite.json)", .0.display())]
    NotASuite(PathBuf),
    /// A file is not valid.
    #[error("read {}, line {line}: {}", path.display(), shortened(reason))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A name in a record is not the name of a file.
    #[error("use the name of a scenario or suite as that of a directory: {reason}")]
    InvalidName {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that this process writes was changed by another.
    #[error(
        "write to {}: {reason}; this run's record is not complete: run it again, or resume it",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// How it was changed.
        reason: String,
    },
    /// Another process is writing to it.
    #[error("write to {}: another queuelab is running it; wait until it ends", .0.display())]
    Busy(PathBuf),
    /// The directory was written by a newer build.
    #[error(
        "read {}: it has schema version {found}, but this build reads only versions up to {newest}; use a newer queuelab",
        path.display()
    )]
    NewerSchema {
        /// The file with that version.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest version that this build reads.
        newest: u32,
    },
}

impl RunDirectoryError {
    /// Whether something has the name, or could have it, but is not what is opened here: a
    /// link, a pipe, a path instead of a name.
    pub fn is_refusal(&self) -> bool {
        // Such an error is made here; the others are the kernel's.
        matches!(self, Self::Io { source, .. } if source.raw_os_error().is_none())
    }
}

pub(crate) fn io_error(action: &'static str, path: &Path, source: io::Error) -> RunDirectoryError {
    RunDirectoryError::Io { action, path: path.to_owned(), source }
}

fn shortened(reason: &str) -> Cow<'_, str> {
    let (first, last) = MAX_SHOWN;
    let start = reason.char_indices().nth(first);
    let end = reason.char_indices().rev().nth(last);
    match (start, end) {
        (Some((start, _)), Some((end, _))) if start < end => {
            format!("{} … {}", &reason[..start], &reason[end..]).into()
        }
        _ => reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_shown_with_its_beginning_and_its_end() {
        let shown = |reason: String| {
            let error = RunDirectoryError::Malformed { path: "run.json".into(), line: 7, reason };
            error.to_string()
        };
        assert_eq!(shown("too short".to_owned()), "read run.json, line 7: too short");
        let long = "é".repeat(1_000_000);
        let message = shown(format!("unknown variant `{long}` at line 1 column 9"));
        assert!(message.starts_with("read run.json, line 7: unknown variant `éé"), "{message}");
        assert!(message.ends_with("é` at line 1 column 9"), "{message}");
        assert!(message.chars().count() < 1300, "{}", message.len());
        // Not shorter with the mark of what is left out.
        let (first, last) = MAX_SHOWN;
        let fits = "x".repeat(first + last);
        assert!(shown(fits.clone()).ends_with(&fits));
    }
}
