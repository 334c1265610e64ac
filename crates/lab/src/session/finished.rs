//! What a session left.

use std::path::PathBuf;

use run_record::SuiteRecord;

use crate::finished_run::FinishedRun;

/// What a session left.
#[derive(Debug)]
pub enum Finished {
    /// One run.
    Run(Box<FinishedRun>),
    /// Two runs whose trials took turns.
    Pair {
        /// Of this build.
        new: Box<FinishedRun>,
        /// Of the other build.
        baseline: Box<FinishedRun>,
    },
    /// A suite.
    Suite(Box<FinishedSuite>),
}

/// A suite that was run to its end, or until the user asked for one.
#[derive(Debug)]
pub struct FinishedSuite {
    /// Its directory.
    pub path: PathBuf,
    /// Its record.
    pub record: SuiteRecord,
    /// Whether the user ended it.
    pub is_interrupted: bool,
}
