//! `trials.jsonl`: a line for each execution of a trial.
//!
//! Its writer knows what the file must contain: it remembers the length and a hash of what it
//! wrote. If another program truncates, replaces, deletes or edits the file meanwhile, the
//! run ends with an error, because its verdict would be on other trials than those it ran.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use nix::sys::stat::fstat;
use sha2::{Digest, Sha256};

use crate::error::{RunDirectoryError, io_error};
use crate::folder::Folder;
use crate::lock;

pub(crate) const TRIALS_FILE: &str = "trials.jsonl";

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// The trials of a run, open for appending.
#[derive(Debug)]
pub(crate) struct TrialsFile {
    folder: Folder,
    file: File,
    /// The length of what was read and written.
    length: u64,
    /// The hash of it.
    hash: Sha256,
}

impl TrialsFile {
    /// Opens the file for appending, and locks it for this process.
    ///
    /// # Errors
    /// If another process has the lock, or it cannot be opened.
    pub(crate) fn open(folder: Folder) -> Result<Self> {
        let file = folder.append(TRIALS_FILE)?;
        match lock::try_lock(&file) {
            Ok(true) => Ok(Self { folder, file, length: 0, hash: Sha256::new() }),
            Ok(false) => Err(RunDirectoryError::Busy(folder.path().to_owned())),
            Err(source) => Err(io_error("lock", &folder.path_of(TRIALS_FILE), source)),
        }
    }

    /// The same file after its directory was renamed.
    pub(crate) fn moved(self, folder: Folder) -> Self {
        Self { folder, ..self }
    }

    /// Keeps only the first bytes, which are complete lines: a crash truncated the rest.
    ///
    /// # Errors
    /// If it cannot be read or shortened.
    pub(crate) fn keep(&mut self, complete_bytes: u64) -> Result<()> {
        let fail = |source| io_error("shorten", &self.folder.path_of(TRIALS_FILE), source);
        self.file.set_len(complete_bytes).map_err(fail)?;
        (self.length, self.hash) = (complete_bytes, self.hash_of_file()?);
        Ok(())
    }

    /// Appends a line and flushes it, so that it survives a crash of the lab.
    ///
    /// # Errors
    /// If it cannot be written, or another program has changed the file.
    pub(crate) fn append(&mut self, line: &[u8]) -> Result<()> {
        self.check()?;
        let written = self.file.write_all(line).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // Removes the part that was written; if that fails, a reader drops it.
            let _ = self.file.set_len(self.length);
            return Err(io_error("append to", &self.folder.path_of(TRIALS_FILE), source));
        }
        self.length += line.len() as u64;
        self.hash.update(line);
        Ok(())
    }

    /// Checks that the file still has its name, and the length of what was written.
    fn check(&self) -> Result<()> {
        let path = || self.folder.path_of(TRIALS_FILE);
        let fail = |reason: String| Err(RunDirectoryError::Changed { path: path(), reason });
        let status = fstat(&self.file).map_err(|error| io_error("read", &path(), error.into()))?;
        if status.st_nlink == 0 {
            return fail("it was deleted".to_owned());
        }
        if !self.folder.is(TRIALS_FILE, &self.file) {
            return fail("it was renamed, or replaced by another file".to_owned());
        }
        match status.st_size.cast_unsigned() {
            size if size == self.length => Ok(()),
            size => fail(format!(
                "another program changed it: it has {size} bytes, but {} were written",
                self.length
            )),
        }
    }

    /// Checks that the file contains exactly what was written.
    ///
    /// # Errors
    /// If it does not, or cannot be read.
    pub(crate) fn check_contents(&self) -> Result<()> {
        self.check()?;
        if self.hash_of_file()?.finalize() == self.hash.clone().finalize() {
            return Ok(());
        }
        let path = self.folder.path_of(TRIALS_FILE);
        let reason = "another program changed its contents".to_owned();
        Err(RunDirectoryError::Changed { path, reason })
    }

    fn hash_of_file(&self) -> Result<Sha256> {
        let read = || -> io::Result<Sha256> {
            let mut hash = Sha256::new();
            let mut file = &self.file;
            file.seek(SeekFrom::Start(0))?;
            let mut buffer = vec![0; 1 << 16];
            loop {
                match file.read(&mut buffer)? {
                    0 => return Ok(hash),
                    bytes => hash.update(&buffer[..bytes]),
                }
            }
        };
        read().map_err(|source| io_error("read", &self.folder.path_of(TRIALS_FILE), source))
    }
}
