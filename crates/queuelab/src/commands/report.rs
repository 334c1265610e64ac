//! `queuelab report`: what a run found, from its directory.

use run_record::RunDirectory;

use super::answer;
use crate::cli::ReportArguments;
use crate::error::Result;

/// Prints the summary again.
pub(crate) fn report(arguments: &ReportArguments) -> Result {
    let (record, trials) = RunDirectory::read(&arguments.run)?;
    answer(&report::summary(&report::Run::new(record, trials)))
}
