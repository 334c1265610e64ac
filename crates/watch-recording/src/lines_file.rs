//! The file that a recorder appends to.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;

use run_record::{Folder, RunDirectoryError, try_lock};

use crate::record::LINES_FILE;

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// `seconds.jsonl`, locked and open for appending. Lines are not synchronised with the storage:
/// they survive a kill of this process, and the loss of power may take the last ones.
#[derive(Debug)]
pub(crate) struct LinesFile {
    folder: Folder,
    file: File,
    length: u64,
}

impl LinesFile {
    /// Opens the file, which must be new or empty, and locks it.
    ///
    /// # Errors
    /// If another process has the lock, it is a link, it is not empty, or it cannot be opened.
    pub(crate) fn create(folder: Folder) -> Result<Self> {
        let fail = |action, source| {
            let path = folder.path_of(LINES_FILE);
            RunDirectoryError::Io { action, path, source }
        };
        let file = folder.append(LINES_FILE)?;
        match try_lock(&file) {
            Ok(true) => {}
            Ok(false) => return Err(RunDirectoryError::Busy(folder.path().to_owned())),
            Err(source) => return Err(fail("lock", source)),
        }
        let status = file.metadata().map_err(|source| fail("read", source))?;
        if status.len() > 0 {
            return Err(RunDirectoryError::NotEmpty(folder.path().to_owned()));
        }
        Ok(Self { folder, file, length: 0 })
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Appends a line as a whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written, or another program has changed the file.
    pub(crate) fn append(&mut self, line: &[u8]) -> Result<()> {
        self.check()?;
        if let Err(source) = self.file.write_all(line) {
            // Removes the part that was written; if that fails, a reader leaves it out.
            let _ = self.file.set_len(self.length);
            let path = self.folder.path_of(LINES_FILE);
            return Err(RunDirectoryError::Io { action: "append to", path, source });
        }
        self.length += line.len() as u64;
        Ok(())
    }

    /// Checks that the file still has its name, and the length of what was written.
    fn check(&self) -> Result<()> {
        let path = || self.folder.path_of(LINES_FILE);
        let fail = |reason: String| Err(RunDirectoryError::Changed { path: path(), reason });
        let read =
            |source: io::Error| RunDirectoryError::Io { action: "read", path: path(), source };
        let status = self.file.metadata().map_err(read)?;
        if status.nlink() == 0 {
            return fail("it was deleted".to_owned());
        }
        if !self.folder.is(LINES_FILE, &self.file) {
            return fail("it was renamed, or replaced by another file".to_owned());
        }
        match status.len() {
            size if size == self.length => Ok(()),
            size => fail(format!(
                "another program changed it: it has {size} bytes, but {} were written",
                self.length
            )),
        }
    }
}
