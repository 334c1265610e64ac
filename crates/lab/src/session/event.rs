//! What a session reports while it runs.

use std::path::PathBuf;

use run_record::TrialRecord;
use scenario::{Cell, PlannedTrial};

use super::error::SessionError;
use crate::finished_run::FinishedRun;

/// Receives everything that a session reports.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: SessionEvent<'_>);
}

/// What happens in a session, in the order of a run.
#[derive(Debug)]
pub enum SessionEvent<'a> {
    /// A scenario of a suite starts.
    MemberStarted {
        /// Its name.
        scenario: &'a str,
        /// Its position, from 0.
        position: usize,
        /// How many scenarios the suite has.
        total: usize,
    },
    /// Something that the user should know before the first trial.
    Notice(Notice),
    /// The trials of a run, or of two in turn, begin.
    RunStarted {
        /// Planned trials, of both runs.
        planned: u64,
        /// Those that were done before a resume.
        done: u64,
    },
    /// A trial starts.
    TrialStarted {
        /// Which.
        trial: &'a PlannedTrial,
        /// Its cell.
        cell: &'a Cell,
    },
    /// A trial has ended, and is in the run directory.
    TrialFinished(&'a TrialRecord),
    /// The run, or both, came to an end.
    RunFinished,
    /// The run stopped before its end: its trials are kept.
    RunStopped(StoppedRun),
    /// A scenario of a suite was run to its end.
    MemberFinished(Box<FinishedRun>),
    /// A scenario of a suite could not be run to its end.
    MemberFailed {
        /// Why.
        error: SessionError,
        /// Whether a trial before had failed.
        trials_failed: bool,
    },
}

/// What the user should know before the first trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Cells have more repetitions than the scenario asks for, because fewer decide
    /// nothing.
    RepetitionsRaised {
        /// As the scenario has them.
        from: u32,
        /// As they are now, of each build.
        to: u32,
        /// Trials of both builds.
        trials: u64,
    },
    /// The user asked for an end before the first trial.
    InterruptedBeforeStart,
}

/// A run that stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedRun {
    /// Whether the user asked for it.
    pub is_interrupted: bool,
    /// Planned trials that are in the run directories.
    pub kept: u64,
    /// Planned trials.
    pub planned: u64,
    /// The run directories; the first is the one to resume.
    pub directories: Vec<PathBuf>,
    /// The other build, which must be named again.
    pub against: Option<String>,
}
