//! The results of a run or suite as a document.

use std::path::Path;

use command_output::{MemberResult, RunCounts, RunResult, RunViolation, Shown, SuiteResult};
use report::{Run, Suite};
use run_record::{RunVerdict, SuiteDirectory, Violation};

use crate::error::Result;

/// The results of the run or suite in a directory.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn read(path: &Path) -> Result<Shown> {
    if SuiteDirectory::exists_at(path) {
        return Ok(Shown::Suite(suite_result(&Suite::read(path)?, path)));
    }
    Ok(Shown::Run(Box::new(run_result(&Run::read(path)?, path))))
}

/// The results of a run whose directory is at `path`.
pub(crate) fn run_result(run: &Run, path: &Path) -> RunResult {
    let verdict = &run.verdict;
    let report = path.join("report.html");
    RunResult {
        scenario: run.record.scenario.name.clone(),
        question: run.record.scenario.question.clone(),
        answer: report::answer(run),
        verdict: verdict.verdict,
        summary: verdict.headline(),
        counts: RunCounts {
            planned_trials: verdict.planned.into(),
            trials: verdict.trials.into(),
            failed_trials: verdict.failed().count() as u64,
            held_on_retry_trials: verdict.held_on_retry().count() as u64,
            disturbed_trials: verdict.disturbed_trials() as u64,
            checks: verdict.checked(),
            failed_checks: verdict.failed_checks() as u64,
        },
        violations: violations(verdict),
        cells: verdict.cells.clone(),
        directory: path.display().to_string(),
        report: report.is_file().then(|| report.display().to_string()),
    }
}

/// The failed checks of the run, and those of trials that no retry passed.
fn violations(verdict: &RunVerdict) -> Vec<RunViolation> {
    let of_run = verdict.run_violations.iter().map(described);
    let of_trials = verdict.failed().flat_map(|trial| {
        trial.violations().map(|(id, violation)| RunViolation {
            trial: Some(id.trial),
            retry: Some(id.retry),
            place: Some(trial.place.clone()),
            ..described(violation)
        })
    });
    of_run.chain(of_trials).collect()
}

fn described(violation: &Violation) -> RunViolation {
    RunViolation {
        trial: None,
        retry: None,
        place: None,
        check: violation.kind,
        name: violation.name.clone(),
        detail: violation.detail.clone(),
    }
}

/// The results of a suite whose directory is at `path`.
pub(crate) fn suite_result(suite: &Suite, path: &Path) -> SuiteResult {
    let members = suite.members().map(|member| {
        let directory = member.record.run.as_ref();
        let directory = directory.and_then(|run| SuiteDirectory::run_path(path, run).ok());
        let run = member.run.zip(directory);
        MemberResult {
            scenario: member.verdict.scenario.clone(),
            state: member.verdict.state,
            problem: member.verdict.problem.clone(),
            run: run.map(|(run, directory)| run_result(run, &directory)),
        }
    });
    SuiteResult {
        suite: suite.record.suite.clone(),
        question: suite.record.question.clone(),
        verdict: suite.verdict.verdict,
        members: members.collect(),
        directory: path.display().to_string(),
    }
}
