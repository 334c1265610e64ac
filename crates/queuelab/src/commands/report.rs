//! `queuelab report`: what a run found, from its directory.

use std::fs;
use std::path::Path;

use report::Run;
use run_record::RunDirectory;

use super::answer;
use crate::cli::ReportArguments;
use crate::error::{CommandError, Result};

/// Prints the summary, which needs no right to write, and makes the files for
/// people and for CI again.
pub(crate) fn report(arguments: &ReportArguments) -> Result {
    let (record, trials) = RunDirectory::read(&arguments.run)?;
    let run = Run::new(record, trials);
    answer(&report::summary(&run))?;
    write(&run, &arguments.run)?;
    answer(&format!("\nReport: {}", arguments.run.join("report.html").display()))
}

/// Writes `report.html` and what goes with it into a run's directory.
///
/// # Errors
/// When what was recorded there cannot be read, or a file cannot be written.
pub(super) fn write(run: &Run, directory: &Path) -> std::result::Result<(), CommandError> {
    for (name, contents) in report::files(run, directory)? {
        let path = directory.join(name);
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder.and_then(|()| fs::write(&path, contents)).map_err(|source| CommandError::Io {
            action: format!("write {}", path.display()),
            source,
        })?;
    }
    Ok(())
}
