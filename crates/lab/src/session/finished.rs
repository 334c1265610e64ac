//! The result of a session.

use std::path::PathBuf;

use run_record::SuiteRecord;

use crate::finished_run::FinishedRun;

/// The result of a session.
#[derive(Debug)]
pub enum Finished {
    /// One run.
    Run(Box<FinishedRun>),
    /// Two interleaved runs.
    Pair {
        /// The run of this build.
        new: Box<FinishedRun>,
        /// The run of the other build.
        baseline: Box<FinishedRun>,
    },
    /// A suite.
    Suite(Box<FinishedSuite>),
}

/// A suite that was completed, or interrupted by the user.
#[derive(Debug)]
pub struct FinishedSuite {
    /// The suite's directory.
    pub path: PathBuf,
    /// The suite's record.
    pub record: SuiteRecord,
    /// Whether the user interrupted it.
    pub is_interrupted: bool,
}
