//! A suite as the reports see it: what became of each scenario, and its run.

mod markdown;
mod table;

use std::path::{Path, PathBuf};

use run_record::{
    MemberRecord, MemberVerdict, RunDirectory, RunDirectoryError, SuiteDirectory, SuiteRecord,
};

use run_view::Run;

use crate::{checks, junit};

/// A suite: its record, and its scenarios' runs.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The suite's record.
    pub record: SuiteRecord,
    /// Of each member, its run, or why it cannot be read; none where it has none.
    pub(crate) runs: Vec<Option<Result<Run, String>>>,
    path: PathBuf,
}

/// One scenario of a suite.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its record in the suite.
    pub record: &'a MemberRecord,
    /// Its run; `None` if it has none or the run cannot be read.
    pub run: Option<&'a Run>,
    unreadable: Option<&'a str>,
}

impl Suite {
    /// Of a suite's directory, and the run directories that it names. A run that
    /// cannot be read is told of in the reports.
    ///
    /// # Errors
    /// When the suite's own record cannot be read.
    pub fn read(path: &Path) -> Result<Self, RunDirectoryError> {
        let record = SuiteDirectory::read(path)?;
        let read = |member: &MemberRecord| {
            let read = RunDirectory::read(&run_path(path, member.run.as_ref()?));
            Some(read.map(|(run, trials)| Run::new(run, trials)).map_err(|error| error.to_string()))
        };
        let runs = record.members.iter().map(read).collect();
        Ok(Self { record, runs, path: path.to_owned() })
    }

    /// What became of it, as plain text: a row for each scenario.
    pub fn summary(&self) -> String {
        table::summary(self, &self.path)
    }

    /// `summary.md` and `junit.xml`, each with its path in the suite's directory:
    /// from what is recorded alone, and every time the same.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        vec![
            ("summary.md".to_owned(), markdown::markdown(self).into_bytes()),
            ("junit.xml".to_owned(), junit::of_suite(self)),
        ]
    }

    /// Its scenarios, in their order.
    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        self.record.members.iter().zip(&self.runs).map(|(record, run)| Member {
            record,
            run: run.as_ref().and_then(|run| run.as_ref().ok()),
            unreadable: run.as_ref().and_then(|run| run.as_ref().err()).map(String::as_str),
        })
    }

    /// A scenario of it failed; or it has none, and so nothing held.
    pub(crate) fn failed(&self) -> bool {
        self.record.members.is_empty() || self.members().any(|member| member.failed())
    }

    /// What held of it, in a line.
    pub(crate) fn verdict(&self) -> String {
        let failed: Vec<_> = self.members().filter(Member::failed).collect();
        let flaky: usize = self.members().map(|member| member.flaky()).sum();
        let again = match flaky {
            0 => String::new(),
            1 => ", 1 trial only when run again".to_owned(),
            n => format!(", {n} trials only when run again"),
        };
        let all = self.record.members.len();
        if failed.is_empty() {
            return match all {
                0 => "FAILED: it has no scenarios.".to_owned(),
                1 => format!("Held: its one scenario{again}."),
                _ => format!("Held: all {all} scenarios{again}."),
            };
        }
        let scenarios = if all == 1 { "scenario" } else { "scenarios" };
        let names: Vec<_> = failed.iter().map(|member| member.record.scenario.as_str()).collect();
        let again = again.replace(", ", "; held: ");
        format!("FAILED: {} of {all} {scenarios}: {}{again}.", failed.len(), names.join(", "))
    }
}

impl Member<'_> {
    /// It did not hold, or was not run to its end, or what it left is gone. What
    /// its run says counts, whatever the suite's record says of it.
    pub(crate) fn failed(&self) -> bool {
        let held = |run: &Run| self.unfinished().is_none() && checks::all_held(run);
        self.record.verdict != MemberVerdict::Held || !self.run.is_some_and(held)
    }

    /// Why its run is no whole one; none where it is, or where it has none.
    fn unfinished(&self) -> Option<String> {
        let run = self.run?;
        match run.trials.is_empty() {
            true => Some("no trial was run".to_owned()),
            false => run.unfinished(),
        }
    }

    /// What an annotation says of it where it failed: why it broke off, or else
    /// the first thing that did not hold.
    pub(crate) fn failure(&self) -> String {
        match self.run {
            Some(run) if self.problem().is_none() => crate::annotation::first_breach(run),
            _ => self.told(),
        }
    }

    /// Why it has no whole run.
    fn problem(&self) -> Option<String> {
        let told = self.record.problem.as_deref().or(self.unreadable);
        told.map(str::to_owned).or_else(|| self.unfinished())
    }

    /// Its trials that held only when they were run again.
    pub(crate) fn flaky(&self) -> usize {
        self.run.map_or(0, checks::flaky)
    }

    /// In a table.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.record.verdict {
            MemberVerdict::Held if self.run.is_none() => "run is gone",
            MemberVerdict::Held if self.unfinished().is_some() => "not finished",
            MemberVerdict::Held if self.failed() => "FAILED",
            MemberVerdict::Held if self.flaky() > 0 => "held, run again",
            MemberVerdict::Held => "held",
            MemberVerdict::Failed => "FAILED",
            MemberVerdict::NotRun => "not run",
        }
    }

    /// Why it has no whole run, or what did not hold in it, in a line.
    pub fn told(&self) -> String {
        match (self.problem(), self.run) {
            (Some(problem), _) => problem.lines().next().unwrap_or_default().to_owned(),
            (None, Some(run)) => checks::verdict(run).headline,
            (None, None) => "it has no run directory".to_owned(),
        }
    }
}

/// A run's directory, without the way up from the suite's.
fn run_path(suite: &Path, run: &str) -> PathBuf {
    let root = suite.parent().and_then(Path::parent);
    match (run.strip_prefix("../../"), root) {
        (Some(below), Some(root)) => root.join(below),
        _ => suite.join(run),
    }
}
