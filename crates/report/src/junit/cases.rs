//! The test cases of a run: one for each planned trial.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::bounds::MAX_TEST_CASES;
use run_record::{ExecutionId, TrialVerdict, Verdict};
use run_view::Trial;
use run_view::{Cell, Run};

/// The name of the test case for the checks of a run as a whole.
pub(crate) const RUN_CASE: &str = "the run as a whole";

/// A planned trial.
pub(super) struct TrialCase<'a> {
    /// Its cell, and its repetition if the cell has several. Unlike the number of a
    /// trial it is the same in every run of the scenario.
    pub(super) name: String,
    /// Its cell.
    place: String,
    pub(super) outcome: Outcome,
    /// Its executions, in order; empty if it was not run.
    pub(super) executions: Vec<&'a Trial>,
    /// Its verdict, unless its first execution held.
    verdict: Option<&'a TrialVerdict>,
}

/// The verdict on a planned trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Held,
    HeldOnRetry,
    Failed,
    /// No check failed, but all of its executions were disturbed, with what disturbed them.
    Disturbed(String),
    /// Not run, with the reason.
    NotRun(String),
}

impl<'a> TrialCase<'a> {
    fn new(run: &'a Run, place: &str, name: String, executions: Vec<&'a Trial>) -> Self {
        let number = executions[0].id;
        let verdict = run.verdict.unheld_trial(number);
        let outcome = match verdict.map(|trial| trial.verdict) {
            None => match disturbance(run, number) {
                Some(reason) => Outcome::Disturbed(reason),
                None => Outcome::Held,
            },
            Some(Verdict::HeldOnRetry) => Outcome::HeldOnRetry,
            Some(_) => Outcome::Failed,
        };
        Self { name, place: place.to_owned(), outcome, executions, verdict }
    }

    /// The executions in which a check failed, each with its violations.
    pub(super) fn failed_executions(&self) -> impl Iterator<Item = (ExecutionId, Vec<String>)> {
        self.verdict.into_iter().flat_map(|trial| {
            let failed =
                trial.executions.iter().filter(|execution| !execution.violations.is_empty());
            failed.map(|execution| {
                let id = trial.execution_id(execution);
                let line = |violation| format!("trial {id}: {violation}");
                (id, execution.violations.iter().map(line).collect())
            })
        })
    }

    /// The violations of the first execution that failed.
    pub(super) fn first_violations(&self) -> Vec<String> {
        self.failed_executions().next().map(|(_, violations)| violations).unwrap_or_default()
    }

    /// Why it has this status; empty if it has another.
    fn messages(&self, status: Status) -> Vec<String> {
        match (&self.outcome, status) {
            (Outcome::Failed, Status::Failed) => self.first_violations(),
            (Outcome::NotRun(reason), Status::Error) => vec![reason.clone()],
            (Outcome::Disturbed(reason), Status::Disturbed) => vec![reason.clone()],
            (Outcome::HeldOnRetry, Status::Flaky) => {
                self.failed_executions().flat_map(|(_, violations)| violations).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The duration of an execution.
    pub(super) fn duration(&self, id: ExecutionId) -> Duration {
        let found = self.executions.iter().find(|trial| trial.execution_id() == id);
        found.map_or(Duration::ZERO, |trial| duration(trial))
    }
}

/// What disturbed a trial, if it has no undisturbed execution.
fn disturbance(run: &Run, trial: u32) -> Option<String> {
    let disturbed = run.verdict.disturbed_trial(trial)?;
    let causes = disturbed.executions.iter().map(|execution| execution.description.as_str());
    (!disturbed.is_measured).then(|| causes.collect::<Vec<_>>().join("; "))
}

/// The duration of an execution.
pub(super) fn duration(trial: &Trial) -> Duration {
    Duration::try_from_secs_f64(trial.duration_seconds).unwrap_or_default()
}

/// The planned trials that have a test case of their own, and the others.
#[derive(Default)]
pub(super) struct TrialCases<'a> {
    /// By cell and repetition.
    pub(super) own: Vec<TrialCase<'a>>,
    /// Those of a large run that held.
    pub(super) held: usize,
    /// Those of a large run for which there is no room, by outcome: failed, not run, held on a
    /// retry, disturbed.
    pub(super) omitted: [usize; 4],
}

/// The place of those that were not run in [`TrialCases::omitted`].
const NOT_RUN: usize = 1;

/// The planned trials of a run: all, or of a large run those that did not hold at once.
pub(super) fn trial_cases(run: &Run) -> TrialCases<'_> {
    let cells = Cell::all(run);
    let all = run.record.planned_trials.max(run.verdict.trials) as usize;
    let is_large = all > MAX_TEST_CASES;
    // A plan repeats every cell the same number of times.
    let planned = (run.record.planned_trials as usize).div_ceil(cells.len().max(1)).max(1);
    let mut cases = TrialCases::default();
    let mut found = [0; 4];
    let room = if is_large { MAX_TEST_CASES / found.len() } else { usize::MAX };
    for cell in &cells {
        for case in done_cases(run, cell, planned) {
            let kind = match case.outcome {
                Outcome::Held => None,
                Outcome::Failed => Some(0),
                Outcome::NotRun(_) => Some(NOT_RUN),
                Outcome::HeldOnRetry => Some(2),
                Outcome::Disturbed(_) => Some(3),
            };
            match kind {
                None if is_large => cases.held += 1,
                Some(kind) if found[kind] >= room => cases.omitted[kind] += 1,
                kind => {
                    kind.into_iter().for_each(|kind| found[kind] += 1);
                    cases.own.push(case);
                }
            }
        }
        // A record can plan more than can be counted one by one.
        let missing = planned.saturating_sub(cell.executions().len());
        let shown = missing.min(room - found[NOT_RUN]);
        cases.own.extend(missing_cases(cell, planned).take(shown));
        found[NOT_RUN] += shown;
        cases.omitted[NOT_RUN] = cases.omitted[NOT_RUN].saturating_add(missing - shown);
    }
    cases
}

/// The name of a repetition, of which so many are planned.
fn name(place: &str, planned: usize, repetition: usize) -> String {
    match planned {
        1 => place.to_owned(),
        _ => format!("{place}, repetition {}", repetition + 1),
    }
}

/// The trials of a cell that were run.
fn done_cases<'a>(run: &'a Run, cell: &Cell<'a>, planned: usize) -> Vec<TrialCase<'a>> {
    let place = cell.place();
    let mut all = cell.executions();
    all.sort_by_key(|trial| trial.first().repetition);
    let cases = all.into_iter().map(|trial| {
        let name = name(&place, planned, trial.first().repetition as usize);
        TrialCase::new(run, &place, name, trial.all().to_vec())
    });
    cases.collect()
}

/// Those that were not, from the first; no more than are needed are made.
fn missing_cases<'a>(cell: &Cell<'a>, planned: usize) -> impl Iterator<Item = TrialCase<'a>> {
    let place = cell.place();
    let all = cell.executions();
    let reason = match all.len() {
        0 => "no trial of this cell has been run".to_owned(),
        done => format!("{done} of {planned} repetitions of this cell have been run"),
    };
    let found: BTreeSet<_> = all.iter().map(|trial| trial.first().repetition as usize).collect();
    let missing = (0..planned).filter(move |repetition| !found.contains(repetition));
    missing.map(move |repetition| TrialCase {
        name: name(&place, planned, repetition),
        place: place.clone(),
        outcome: Outcome::NotRun(reason.clone()),
        executions: Vec::new(),
        verdict: None,
    })
}

/// The test cases of a cell with the same status, other than held.
#[derive(Debug)]
pub(crate) struct Unheld {
    /// The cell.
    pub(crate) case: String,
    pub(crate) status: Status,
    pub(crate) message: String,
}

/// The status of a test case that did not hold at first, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// It failed, also when retried.
    Failed,
    /// It was not run.
    Error,
    /// It was disturbed, and decides less.
    Disturbed,
    /// It held only when it was retried.
    Flaky,
}

/// The test cases of a run that did not hold at first, by cell: a list of every repetition
/// would hide the other cells.
pub(crate) fn unheld(run: &Run) -> Vec<Unheld> {
    let cases = trial_cases(run).own;
    let mut unheld = Vec::new();
    for cell in cases.chunk_by(|one, other| one.place == other.place) {
        for status in [Status::Failed, Status::Error, Status::Disturbed, Status::Flaky] {
            let mut messages: Vec<_> = cell.iter().flat_map(|case| case.messages(status)).collect();
            messages.dedup();
            if let Some(message) = message(&messages) {
                unheld.push(Unheld { case: cell[0].place.clone(), status, message });
            }
        }
    }
    if let Some(message) = message(&run_violations(run)) {
        unheld.push(Unheld { case: RUN_CASE.to_owned(), status: Status::Failed, message });
    }
    unheld
}

/// The failed checks of the run as a whole, a line each.
pub(super) fn run_violations(run: &Run) -> Vec<String> {
    run.verdict.run_violations.iter().map(ToString::to_string).collect()
}

/// The first violation and the number of the others; `None` if there are none.
pub(super) fn message(violations: &[String]) -> Option<String> {
    let first = violations.first()?;
    Some(match violations.len() - 1 {
        0 => first.clone(),
        more => format!("{first} (and {more} more)"),
    })
}
