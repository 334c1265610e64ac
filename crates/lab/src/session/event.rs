//! The events of a session.

use std::path::PathBuf;

use run_record::TrialRecord;
use scenario::{Cell, PlannedTrial};

use super::error::SessionError;
use crate::finished_run::FinishedRun;

/// Receives the events of a session.
pub trait Observer {
    /// Handles an event.
    fn event(&mut self, event: SessionEvent<'_>);
}

/// An event of a session.
#[derive(Debug)]
pub enum SessionEvent<'a> {
    /// A scenario of a suite starts.
    MemberStarted {
        /// The scenario's name.
        scenario: &'a str,
        /// The scenario's position in the suite, from 0.
        position: usize,
        /// The number of scenarios of the suite.
        total: usize,
    },
    /// The scenario or suite was planned. Until now nothing was created, so an interruption
    /// could end the process at once.
    Planned,
    /// Something that the user should know before the first trial.
    Notice(Notice),
    /// The trials of a run, or of two interleaved ones, begin.
    RunStarted {
        /// The number of planned trials, of both runs if there are two.
        planned: u64,
        /// How many of the planned trials were run before a resume.
        done: u64,
    },
    /// A trial starts.
    TrialStarted {
        /// The trial that starts.
        trial: &'a PlannedTrial,
        /// The cell of the matrix that the trial belongs to.
        cell: &'a Cell,
    },
    /// A trial has ended, and was recorded.
    TrialFinished(&'a TrialRecord),
    /// The run, or both, were completed.
    RunFinished,
    /// The run stopped before its end: its trials are recorded.
    RunStopped(StoppedRun),
    /// The run of a scenario of a suite was completed.
    MemberFinished(Box<FinishedRun>),
    /// A scenario of a suite was skipped: the machine does not have its server.
    MemberSkipped {
        /// What is missing.
        reason: String,
    },
    /// The run of a scenario of a suite could not be completed.
    MemberFailed {
        /// Why the run could not be completed.
        error: SessionError,
        /// Whether an earlier trial had failed.
        trials_failed: bool,
    },
}

/// What the user should know before the first trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The programs that the run starts as servers, each with its arguments.
    Starts(Vec<String>),
    /// Cells have more repetitions than in the scenario, because fewer are not
    /// conclusive.
    RepetitionsRaised {
        /// Repetitions of each cell in the scenario.
        from: u32,
        /// Repetitions of each cell in this run, for each build.
        to: u32,
        /// The number of trials of both builds.
        trials: u64,
    },
    /// The user interrupted before the first trial.
    InterruptedBeforeStart,
}

/// A run that stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedRun {
    /// Whether the user interrupted it.
    pub is_interrupted: bool,
    /// The number of planned trials that are in the run directories.
    pub recorded: u64,
    /// The number of planned trials.
    pub planned: u64,
    /// The run directories; the first is the one to resume.
    pub directories: Vec<PathBuf>,
    /// The other build, which must be named to resume.
    pub against: Option<String>,
}
