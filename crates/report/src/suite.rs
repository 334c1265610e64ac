//! A suite as the reports see it: what became of each scenario, and its run.

mod markdown;
mod table;

use std::path::{Path, PathBuf};

use run_record::{
    MemberRecord, RunDirectory, RunDirectoryError, SuiteDirectory, SuiteMember, SuiteRecord,
    SuiteVerdict,
};

use run_view::Run;

use crate::junit;

/// A suite: its record, and its scenarios' runs.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The suite's record.
    pub record: SuiteRecord,
    /// Of each member, its run, or why it cannot be read; none where it has none.
    pub(crate) runs: Vec<Option<Result<Run, String>>>,
    /// What held, by what the run directories contain now.
    pub verdict: SuiteVerdict,
    path: PathBuf,
}

/// One scenario of a suite.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its record in the suite.
    pub record: &'a MemberRecord,
    /// What held of it.
    pub verdict: &'a SuiteMember,
    /// Its run; `None` if it has none or the run cannot be read.
    pub run: Option<&'a Run>,
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
            let read = RunDirectory::read(&SuiteDirectory::run_path(path, member.run.as_ref()?));
            Some(read.map(|(run, trials)| Run::new(run, trials)).map_err(|error| error.to_string()))
        };
        let runs: Vec<_> = record.members.iter().map(read).collect();
        let verdicts: Vec<_> = runs
            .iter()
            .map(|run| {
                let run: &Result<Run, String> = run.as_ref()?;
                Some(run.as_ref().map(|run| &run.verdict).map_err(String::as_str))
            })
            .collect();
        let verdict = SuiteVerdict::new(&record.members, &verdicts);
        Ok(Self { record, runs, verdict, path: path.to_owned() })
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
        let runs = self.record.members.iter().zip(&self.runs);
        runs.zip(&self.verdict.members).map(|((record, run), verdict)| Member {
            record,
            verdict,
            run: run.as_ref().and_then(|run| run.as_ref().ok()),
        })
    }
}
