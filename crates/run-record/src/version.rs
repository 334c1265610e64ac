//! The schema version, checked before anything else is read.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::RunDirectoryError;

/// Reads JSON that has a member `schema_version` with the version `newest` or an older one.
/// Errors contain the name `file`.
///
/// # Errors
/// If it has a newer version or no version, or is not valid.
pub fn read_versioned<T: DeserializeOwned>(
    file: &Path,
    text: &str,
    newest: u32,
) -> Result<T, RunDirectoryError> {
    let malformed = |line: usize, reason: String| RunDirectoryError::Malformed {
        path: file.to_owned(),
        line,
        reason,
    };
    let unreadable = |error: serde_json::Error| malformed(error.line(), error.to_string());
    let value: Value = serde_json::from_str(text).map_err(unreadable)?;
    let found = &value["schema_version"];
    match found.as_u64() {
        Some(version) if version > u64::from(newest) => {
            Err(RunDirectoryError::NewerSchema { path: file.to_owned(), found: version, newest })
        }
        Some(1..) => serde_json::from_str(text).map_err(unreadable),
        _ => {
            let line = text.lines().position(|line| line.contains("\"schema_version\""));
            let found = if found.is_null() { "missing".to_owned() } else { found.to_string() };
            let reason = format!(
                "schema_version is {found} but must be an integer from 1 to {newest}: \
                 queuelab did not write this file"
            );
            Err(malformed(line.map_or(1, |line| line + 1), reason))
        }
    }
}
