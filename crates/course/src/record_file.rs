//! The file of a student's record.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use run_record::{Folder, RunDirectoryError, read_text_file, read_versioned};

use crate::error::Result;
use crate::record::{CourseRecord, SCHEMA_VERSION};

/// The largest record that is read, bytes: one of all lessons has a hundredth of it.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A student's record and where it is.
#[derive(Debug)]
pub struct RecordFile {
    path: PathBuf,
    /// What was answered.
    pub record: CourseRecord,
}

impl RecordFile {
    /// Reads the file; without one, nothing was answered yet.
    ///
    /// # Errors
    /// If there is one and it is no record, or damaged. It stays as it is.
    pub fn open(path: &Path) -> Result<Self> {
        let record = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => CourseRecord::default(),
            _ => read_record(path)?,
        };
        Ok(Self { path: path.to_owned(), record })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file as a whole in place of the earlier one.
    ///
    /// # Errors
    /// If it cannot be written; then the earlier one is unchanged.
    pub fn save(&self) -> Result<()> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let parent = self.path.parent().unwrap_or(Path::new(""));
        let text = serde_json::to_string_pretty(&self.record).expect("a record is plain data");
        let folder = Folder::create_all(parent)?;
        Ok(folder.replace(&name, |file| writeln!(file, "{text}"))?)
    }
}

/// Reads a record, which may be anybody's.
///
/// # Errors
/// If it cannot be read, is not a regular file, is too large, or is no record.
pub fn read_record(path: &Path) -> Result<CourseRecord> {
    let text = read_text_file(path, MAX_BYTES).map_err(|source| match source.kind() {
        ErrorKind::InvalidData => RunDirectoryError::Malformed {
            path: path.to_owned(),
            line: 1,
            reason: source.to_string(),
        },
        _ => RunDirectoryError::Io { action: "read", path: path.to_owned(), source },
    })?;
    Ok(read_versioned(path, &text, SCHEMA_VERSION)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_written_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/lessons.json");
        let mut file = RecordFile::open(&path).unwrap();
        file.record.student = Some("Anna".to_owned());
        file.save().unwrap();
        assert_eq!(RecordFile::open(&path).unwrap().record, file.record);
    }

    #[test]
    fn a_damaged_or_foreign_file_is_refused_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lessons.json");
        for text in [
            "",
            "{",
            "[]",
            r#"{"lessons": {}}"#,
            r#"{"schema_version": 99, "lessons": {}}"#,
            r#"{"schema_version": 1, "scenario": "a run"}"#,
            r#"{"schema_version": 1, "lessons": {"a": [{"answers": 1e999}]}}"#,
            &"[".repeat(100_000),
        ] {
            fs::write(&path, text).unwrap();
            assert!(RecordFile::open(&path).is_err(), "{text:.40}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(RecordFile::open(&path).unwrap_err().to_string().contains("UTF-8"));
        fs::write(&path, " ".repeat(5 << 20)).unwrap();
        assert!(RecordFile::open(&path).unwrap_err().to_string().contains("larger"));
        assert!(RecordFile::open(folder.path()).is_err());
    }
}
