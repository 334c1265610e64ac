//! A suite as the reports see it: the verdict on each scenario, and its run.

use std::path::{Path, PathBuf};

use run_record::{
    MemberRecord, RunDirectoryError, SuiteDirectory, SuiteMember, SuiteRecord, SuiteVerdict,
};

use run_view::Run;

/// A suite: its record, and the runs of its scenarios.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The suite's record.
    pub record: SuiteRecord,
    /// The run of each member, or why it cannot be read; `None` if it has none.
    pub(crate) runs: Vec<Option<Result<Run, String>>>,
    /// The verdict, computed from what the run directories contain now.
    pub verdict: SuiteVerdict,
    /// The suite's directory.
    pub(crate) path: PathBuf,
}

/// One scenario of a suite.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its record in the suite.
    pub record: &'a MemberRecord,
    /// The verdict on it.
    pub verdict: &'a SuiteMember,
    /// Its run; `None` if it has none or the run cannot be read.
    pub run: Option<&'a Run>,
}

impl Suite {
    /// Reads a suite's directory and the run directories that it names. The reports list a
    /// run that cannot be read.
    ///
    /// # Errors
    /// When the suite's own record cannot be read.
    pub fn read(path: &Path) -> Result<Self, RunDirectoryError> {
        let record = SuiteDirectory::read(path)?;
        let read = |member: &MemberRecord| {
            let path = SuiteDirectory::run_path(path, member.run.as_ref()?);
            Some(path.and_then(|path| Run::read(&path).map_err(|error| error.to_string())))
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
