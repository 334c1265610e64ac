//! Reads the record of a watch, finished or not.

use std::path::Path;

use run_record::{Folder, RunDirectoryError, WATCH_FILE, is_locked, read_lines, read_versioned};

use crate::header::{WATCH_SCHEMA_VERSION, WatchHeader};
use crate::line::RecordLine;
use crate::replay::Replay;

/// The file with the lines of a record.
pub const LINES_FILE: &str = "seconds.jsonl";

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// The record of a watch, finished or not.
#[derive(Debug)]
pub struct WatchRecord {
    folder: Folder,
    header: WatchHeader,
}

impl WatchRecord {
    /// Whether the directory at a path is the record of a watch.
    pub fn exists_at(path: &Path) -> bool {
        Folder::open(path).is_ok_and(|folder| Self::exists_in(&folder))
    }

    /// The same of an open directory.
    pub fn exists_in(folder: &Folder) -> bool {
        folder.has_file(WATCH_FILE)
    }

    /// Opens the record at a path.
    ///
    /// # Errors
    /// If it is not the record of a watch, has a newer version, or its header is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_in(Folder::open(path)?)
    }

    /// The same in an open directory.
    ///
    /// # Errors
    /// As for [`WatchRecord::open`].
    pub fn open_in(folder: Folder) -> Result<Self> {
        let text = folder.read_text(WATCH_FILE)?;
        let text = text.ok_or_else(|| RunDirectoryError::NotAWatch(folder.path().to_owned()))?;
        let header = read_versioned(&folder.path_of(WATCH_FILE), &text, WATCH_SCHEMA_VERSION)?;
        Ok(Self { folder, header })
    }

    /// The contents of `watch.json`.
    pub fn header(&self) -> &WatchHeader {
        &self.header
    }

    /// Whether a process is recording into it.
    pub fn is_recording(&self) -> bool {
        Self::is_recording_in(&self.folder)
    }

    /// The same of an open directory.
    pub fn is_recording_in(folder: &Folder) -> bool {
        let lines = folder.read(LINES_FILE);
        lines.is_ok_and(|lines| lines.is_some_and(|lines| is_locked(&lines)))
    }

    /// Passes each line, and the state after it, to `each`. A last line that is not complete is
    /// left out. Memory is needed for one line and the state. Returns the number of lines.
    ///
    /// # Errors
    /// If the lines cannot be read, or one is damaged; `each` can have been called before.
    pub fn replay(&self, mut each: impl FnMut(&Replay, &RecordLine)) -> Result<usize> {
        let mut state = Replay::default();
        let mut lines = 0;
        read_lines(&self.folder, LINES_FILE, (0, 0), |number, line| {
            let malformed = |reason: String| RunDirectoryError::Malformed {
                path: self.folder.path_of(LINES_FILE),
                line: number,
                reason,
            };
            let line: RecordLine =
                serde_json::from_slice(line).map_err(|error| malformed(error.to_string()))?;
            state.apply(&line).map_err(malformed)?;
            each(&state, &line);
            state.remove_gone(&line);
            lines = number;
            Ok(())
        })?;
        Ok(lines)
    }
}
