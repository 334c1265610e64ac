//! The rows of a trial: `attempts/*.csv` and `timelines/*.csv`.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{RunDirectoryError, io_error};
use crate::execution_id::ExecutionId;
use crate::folder::Folder;

type Result<T> = std::result::Result<T, RunDirectoryError>;

fn file_name(trial: ExecutionId) -> String {
    format!("{}.csv", trial.file_stem())
}

/// Reads the rows of a trial of one kind; `None` if none were stored.
///
/// # Errors
/// If they cannot be read or are damaged.
pub(crate) fn read<Row: DeserializeOwned>(
    run: &Folder,
    kind: &str,
    trial: ExecutionId,
) -> Result<Option<Vec<Row>>> {
    let name = file_name(trial);
    let Some(folder) = run.folder(kind)? else { return Ok(None) };
    let Some(file) = folder.read_whole(&name)? else { return Ok(None) };
    let rows: csv::Result<Vec<_>> = csv::Reader::from_reader(file).into_deserialize().collect();
    rows.map(Some).map_err(|error| {
        let path = folder.path_of(&name);
        let line = error.position().map_or(1, |position| position.line() as usize);
        match error.into_kind() {
            csv::ErrorKind::Io(source) => io_error("read", &path, source),
            kind => {
                // The error's own text would repeat the line.
                let reason = match &kind {
                    csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!("it has {len} fields, but the header has {expected_len}")
                    }
                    csv::ErrorKind::Utf8 { err, .. } => err.to_string(),
                    _ => "it is not CSV".to_owned(),
                };
                RunDirectoryError::Malformed { path, line, reason }
            }
        }
    })
}

/// Writes the rows of a trial of one kind.
///
/// # Errors
/// If they cannot be written.
pub(crate) fn write(
    run: &Folder,
    kind: &str,
    trial: ExecutionId,
    rows: &[impl Serialize],
) -> Result<()> {
    run.create_folder(kind)?.replace(&file_name(trial), |file| -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(file);
        for row in rows {
            writer.serialize(row)?;
        }
        writer.flush()
    })
}
