//! The table of a class.

use std::path::PathBuf;

use course::{GradedRecord, grade};

use crate::commands::print_for_program;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Prints a row for each question of each file. A file that cannot be read is reported, and the
/// others are graded all the same.
pub(super) fn grades(files: &[PathBuf]) -> Result {
    let lessons = lesson::catalogue()?;
    let mut records = Vec::new();
    let mut exit = Exit::Held;
    for path in files {
        match course::read_record(path) {
            Ok(record) => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                records.push(GradedRecord { file: path.display().to_string(), stem, record });
            }
            Err(error) => {
                let error = CommandError::from(error);
                exit = error.exit();
                error.print();
            }
        }
    }
    print_for_program(&grade(&records, &lessons))?;
    Ok(exit)
}
