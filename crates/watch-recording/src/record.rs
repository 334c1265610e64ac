//! Reads the record of a watch, finished or not.

use std::path::Path;

use run_record::{Folder, RunDirectoryError, WATCH_FILE, is_locked, read_lines, read_versioned};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::header::{WATCH_SCHEMA_VERSION, WatchHeader};
use crate::line::{RecordLine, RecordedChanges};
use crate::order::{Order, check_values};
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
    /// left out. Memory is needed for one line and the state, and time for what the lines have.
    /// Returns the number of lines.
    ///
    /// # Errors
    /// If the lines cannot be read, one is damaged or not in its place, or there are others than
    /// the recording ended with; `each` can have been called before.
    pub fn replay(&self, each: impl FnMut(&Replay, &RecordLine)) -> Result<usize> {
        self.follow(each).map(|(lines, _)| lines)
    }

    /// The same; also returns the state at the end.
    pub(crate) fn follow(
        &self,
        mut each: impl FnMut(&Replay, &RecordLine),
    ) -> Result<(usize, Replay)> {
        let (mut state, mut order) = (Replay::default(), Order::default());
        let bytes = self.read(|_, text| {
            let line: RecordLine = decode(text)?;
            order.check(&line)?;
            state.apply(&line)?;
            each(&state, &line);
            state.remove_gone(&line);
            Ok(())
        })?;
        let has_part = self.length()? > bytes;
        let ended = order.check_end(&self.header, has_part);
        ended.map_err(|(line, reason)| self.malformed(line as usize, reason))?;
        Ok((order.lines() as usize, state))
    }

    /// Passes the changes of each of the first `lines` lines to `each`, without the state.
    ///
    /// # Errors
    /// If they cannot be read, or one is damaged.
    pub(crate) fn changes(
        &self,
        lines: usize,
        mut each: impl FnMut(&[RecordedChanges]),
    ) -> Result<()> {
        self.read(|number, text| {
            // It may have grown.
            if number <= lines {
                each(&decode::<Changes>(text)?.changes);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Passes each complete line with its number to `each`. Returns their bytes.
    fn read(
        &self,
        mut each: impl FnMut(usize, &[u8]) -> std::result::Result<(), String>,
    ) -> Result<u64> {
        read_lines(&self.folder, LINES_FILE, (0, 0), |number, text| {
            each(number, text).map_err(|reason| self.malformed(number, reason))
        })
    }

    fn malformed(&self, line: usize, reason: String) -> RunDirectoryError {
        RunDirectoryError::Malformed { path: self.folder.path_of(LINES_FILE), line, reason }
    }

    /// The bytes of the file with the lines.
    fn length(&self) -> Result<u64> {
        let fail = |source| {
            let path = self.folder.path_of(LINES_FILE);
            RunDirectoryError::Io { action: "read", path, source }
        };
        let file = self.folder.read(LINES_FILE)?;
        file.map_or(Ok(0), |file| file.metadata().map(|found| found.len()).map_err(fail))
    }
}

/// What is drawn of a line.
#[derive(Deserialize)]
struct Changes {
    #[serde(default)]
    changes: Vec<RecordedChanges>,
}

fn decode<T: DeserializeOwned>(text: &[u8]) -> std::result::Result<T, String> {
    check_values(text)?;
    serde_json::from_slice(text).map_err(|error| error.to_string())
}
