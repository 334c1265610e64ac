//! `junit.xml`: what held, for CI. Where trials were run again, it says so as
//! Maven Surefire's schema does.

use maud::{Markup, PreEscaped, html};
use run_record::{TrialRecord, Tries};

use crate::suite::Suite;
use run_view::Run;
use run_view::prose::clean;
use run_view::{Cell, violations};

/// A `testsuite`, and what it adds to the totals.
struct TestSuite {
    tests: usize,
    failures: usize,
    errors: usize,
    seconds: f64,
    element: Markup,
}

/// A test case of which something did not hold at once.
#[derive(Debug)]
pub(crate) struct Unheld {
    pub(crate) case: String,
    pub(crate) how: How,
    pub(crate) message: String,
}

/// How a test case did not hold: the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    Failed,
    Error,
    Flaky,
}

/// What `junit.xml` says of test cases that did not hold at once, for who sees no
/// such file: a case may be there as more than one of these.
pub(crate) fn unheld(run: &Run) -> Vec<Unheld> {
    let cells = Cell::all(run);
    let planned = planned(run, &cells);
    let mut unheld = Vec::new();
    let mut add = |case: &str, how, message: Option<String>| {
        unheld.extend(message.map(|message| Unheld { case: case.to_owned(), how, message }));
    };
    for cell in &cells {
        let (case, tries) = (cell.place(), cell.tries());
        let flaky: Vec<_> = flaky_tries(&tries).into_iter().flat_map(violations).collect();
        add(&case, How::Failed, cell.failed().then(|| message(&first_breaches(&tries))).flatten());
        add(&case, How::Error, not_all_run(cell, planned));
        add(&case, How::Flaky, message(&flaky));
    }
    add(WHOLE, How::Failed, message(&run_violations(run)));
    unheld
}

/// The test case for what is checked of a run as a whole.
pub(crate) const WHOLE: &str = "the run as a whole";

/// The file of a run: a test case for each cell, and one for what is checked of
/// the run as a whole. A cell fails where any of its trials does, and tells each
/// of them; a cell of which not all planned repetitions were run is an error, not a
/// success.
pub(crate) fn junit(run: &Run) -> Vec<u8> {
    file(&[of_run(run)])
}

/// The file of a suite: a `testsuite` for each scenario. One that has no run is
/// an error.
pub(crate) fn of_suite(suite: &Suite) -> Vec<u8> {
    let of_member = |member: crate::suite::Member<'_>| match member.run {
        Some(run) => of_run(run),
        None => not_run(suite, &member.record.scenario, member.verdict.describe()),
    };
    file(&suite.members().map(of_member).collect::<Vec<_>>())
}

fn file(suites: &[TestSuite]) -> Vec<u8> {
    let sum = |of: fn(&TestSuite) -> usize| suites.iter().map(of).sum::<usize>();
    let time: f64 = suites.iter().map(|suite| suite.seconds).sum();
    let all = html! {
        testsuites name="queuelab" tests=(sum(|suite| suite.tests))
            failures=(sum(|suite| suite.failures)) errors=(sum(|suite| suite.errors))
            time=(written(time)) {
            @for suite in suites { (suite.element) }
        }
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", all.0).into_bytes()
}

fn of_run(run: &Run) -> TestSuite {
    let cells = Cell::all(run);
    let name = &run.record.scenario.name;
    let violations = run_violations(run);
    let has_checks = run.verdict.run_checks > 0;
    let failed = cells.iter().filter(|cell| cell.failed()).count();
    let failures = failed + usize::from(!violations.is_empty());
    let planned = planned(run, &cells);
    let errors = cells.iter().filter(|cell| not_all_run(cell, planned).is_some()).count();
    let is_flaky = |cell: &&Cell<'_>| cell.tries().iter().any(Tries::is_flaky);
    let flakes = cells.iter().filter(is_flaky).count();
    let tests = cells.len() + usize::from(has_checks);
    let seconds = seconds(run.trials.iter());
    let element = html! {
        testsuite name=(clean(name)) tests=(tests) failures=(failures) errors=(errors)
            skipped="0" flakes=(flakes) time=(written(seconds))
            timestamp=(run.record.started.strftime("%Y-%m-%dT%H:%M:%SZ")) {
            @for cell in &cells { (case(name, cell, planned)) }
            @if has_checks {
                testcase classname=(clean(name)) name=(WHOLE) time="0" {
                    @if let Some(message) = message(&violations) {
                        failure type="breach" message=(message) { (text(&violations)) }
                    }
                }
            }
        }
    };
    TestSuite { tests, failures, errors, seconds, element }
}

/// What failed of the run as a whole, a line each.
fn run_violations(run: &Run) -> Vec<String> {
    run.verdict.run_violations.iter().map(ToString::to_string).collect()
}

/// Repetitions of a cell, the same for each: a plan repeats its cells in turns.
fn planned(run: &Run, cells: &[Cell<'_>]) -> usize {
    (run.record.planned_trials as usize).div_ceil(cells.len().max(1)).max(1)
}

fn not_run(suite: &Suite, scenario: &str, why: &str) -> TestSuite {
    let element = html! {
        testsuite name=(clean(scenario)) tests="1" failures="0" errors="1" skipped="0" flakes="0"
            time="0" timestamp=(suite.record.started.strftime("%Y-%m-%dT%H:%M:%SZ")) {
            testcase classname=(clean(scenario)) name=(WHOLE) time="0" {
                error type="not-run" message=(clean(why)) {}
            }
        }
    };
    TestSuite { tests: 1, failures: 0, errors: 1, seconds: 0.0, element }
}

/// Why a cell that has not failed is an error: a test case is one or the other.
fn not_all_run(cell: &Cell<'_>, planned: usize) -> Option<String> {
    match cell.tries().len() {
        0 => Some("no trial of this cell has been run".to_owned()),
        run if run < planned && !cell.failed() => {
            Some(format!("{run} of {planned} repetitions of this cell have been run"))
        }
        _ => None,
    }
}

fn case(scenario: &str, cell: &Cell<'_>, planned: usize) -> Markup {
    let told = cell.trials.iter().map(|trial| {
        let verdict = if trial.held() { "held" } else { "FAILED" };
        let id = trial.try_id();
        let Some(end) = trial.outcomes.happened().first().copied() else {
            return format!("trial {id}: {verdict}");
        };
        let (attempts, (outcome, most)) = (trial.attempts, end);
        format!("trial {id}: {verdict}; {most} of {attempts} attempts {outcome}")
    });
    let told: Vec<_> = told.collect();
    html! {
        testcase classname=(clean(scenario)) name=(clean(&cell.place()))
            time=(written(seconds(cell.trials.iter().copied()))) {
            (failures(&cell.tries()))
            @if let Some(why) = not_all_run(cell, planned) {
                error type="not-run" message=(why) {}
            }
            @if !cell.trials.is_empty() {
                system-out { (clean(&told.join("\n"))) }
            }
        }
    }
}

/// One `failure` for all first tries of trials that never held (consumers count
/// no more than one), a `rerunFailure` for each further try of theirs, and a
/// `flakyFailure` for each try that failed before another held.
fn failures(trials: &[Tries<'_>]) -> Markup {
    let first = first_breaches(trials);
    // Of a trial whose first try held nothing was run again.
    let never = trials.iter().filter(|tries| !tries.held());
    let again: Vec<_> = never.flat_map(|tries| &tries.all()[1..]).collect();
    let flaky = flaky_tries(trials);
    html! {
        @if let Some(message) = message(&first) {
            failure type="breach" message=(message) { (text(&first)) }
        }
        @for violations in again.iter().map(|trial| violations(trial)) {
            @if let Some(message) = message(&violations) {
                rerunFailure type="breach" message=(message) { stackTrace { (text(&violations)) } }
            }
        }
        @for violations in flaky.iter().map(|trial| violations(trial)) {
            @if let Some(message) = message(&violations) {
                flakyFailure type="breach" message=(message) { stackTrace { (text(&violations)) } }
            }
        }
    }
}

/// What did not hold in the first tries of trials that never held.
fn first_breaches(trials: &[Tries<'_>]) -> Vec<String> {
    let never = trials.iter().filter(|tries| !tries.held());
    never.flat_map(|tries| violations(tries.first())).collect()
}

/// The tries that failed before another held.
fn flaky_tries<'a>(trials: &[Tries<'a>]) -> Vec<&'a TrialRecord> {
    let flaky = trials.iter().filter(|tries| tries.is_flaky());
    flaky.flat_map(Tries::all).copied().filter(|trial| !trial.held()).collect()
}

/// The first of them, and how many more there are; none of none.
fn message(violations: &[String]) -> Option<String> {
    let first = violations.first()?;
    Some(clean(&match violations.len() - 1 {
        0 => first.clone(),
        more => format!("{first} (and {more} more)"),
    }))
}

fn text(violations: &[String]) -> Markup {
    PreEscaped(html! { (clean(&violations.join("\n"))) }.0)
}

fn seconds<'a>(trials: impl Iterator<Item = &'a TrialRecord>) -> f64 {
    // The sum of nothing is -0, which is written so.
    trials.map(|trial| trial.duration_seconds).sum::<f64>() + 0.0
}

fn written(seconds: f64) -> String {
    format!("{seconds:.3}")
}
