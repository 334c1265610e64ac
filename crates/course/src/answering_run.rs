//! A run that answers questions of a lesson.

use std::path::{Path, PathBuf};

use lesson::{Question, RecordedRun};
use report::Run;
use run_record::{RunDirectory, RunRecord, TrialRecord, Verdict};

use crate::error::Result;
use crate::record::RecordedFinding;

/// A run that answers questions of a lesson, with its directory.
#[derive(Debug)]
pub struct AnsweringRun {
    path: PathBuf,
    recorded: RecordedRun,
    run: Run,
}

impl AnsweringRun {
    /// From the contents of the directory at `path`.
    pub fn new(path: PathBuf, record: RunRecord, trials: Vec<TrialRecord>) -> Self {
        let run = Run::new(record.clone(), trials.clone());
        Self { path, recorded: RecordedRun::new(record, trials), run }
    }

    /// Reads a run directory.
    ///
    /// # Errors
    /// If it is none, or damaged.
    pub fn read(path: &Path) -> Result<Self> {
        let (record, trials) = RunDirectory::read(path)?;
        Ok(Self::new(path.to_owned(), record, trials))
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its figures.
    pub fn recorded(&self) -> &RecordedRun {
        &self.recorded
    }

    /// As reports read it.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Its answer in a sentence.
    pub fn answer(&self) -> String {
        report::answer(&self.run)
    }

    /// Whether a check of it failed.
    pub fn has_failed(&self) -> bool {
        matches!(self.run.verdict.verdict, Verdict::Failed | Verdict::Incomplete)
    }

    /// What to know before its figures are used: that a check failed, or that other work
    /// disturbed it.
    pub fn problem(&self) -> Option<String> {
        let verdict = &self.run.verdict;
        match verdict.verdict {
            Verdict::Failed | Verdict::Incomplete => Some(format!(
                "A check of this run failed: {} So the kernel did something else than the lesson \
                 says; your numbers are judged by what was measured all the same.",
                verdict.headline()
            )),
            _ => verdict.describe_disturbed().map(|disturbed| {
                format!(
                    "Other work disturbed this run: {disturbed}. Exact counts are still right. \
                     For the others, repeat it when the machine is idle."
                )
            }),
        }
    }

    /// What it found for a question, for a student's record.
    ///
    /// # Errors
    /// If it does not answer the question.
    pub fn finding(&self, question: &Question) -> Result<RecordedFinding> {
        let found = question.find(&self.recorded)?;
        let record = self.recorded.record();
        Ok(RecordedFinding {
            law: found.predicted,
            measured: found.measured.median,
            is_disturbed: found.is_disturbed,
            has_failed: self.has_failed(),
            run: self.path.display().to_string(),
            kernel: record.machine.kernel.clone(),
            version: record.tool.version.clone(),
        })
    }
}
