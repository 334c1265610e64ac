//! `junit.xml`: a test case for each planned trial, for CI; of a large run for each that did not
//! hold at once. The case of a disturbed trial is skipped. Retried trials follow the schema
//! of Maven Surefire: `flakyFailure` if a retry held, `rerunFailure` if none did.

mod cases;

use std::time::Duration;

use jiff::Timestamp;
use quick_junit::{
    NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite, XmlString,
};
use run_record::MemberState;
use run_view::{Run, Trial};

use crate::suite::{Member, Suite};

use cases::{Outcome, TrialCase, TrialCases, duration, message, run_violations, trial_cases};
pub(crate) use cases::{RUN_CASE, Status, Unheld, unheld};

/// The file of a run: a test case for each planned trial and one for the checks of the
/// run as a whole. A planned trial that was not run is an error.
pub(crate) fn junit(run: &Run) -> Vec<u8> {
    file([of_run(run)])
}

/// The file of a suite: a `testsuite` for each scenario. One that has no run is an error, or
/// skipped if the machine does not have its server.
pub(crate) fn of_suite(suite: &Suite) -> Vec<u8> {
    let of_member = |member: Member<'_>| match member.run {
        Some(run) => of_run(run),
        None => not_run(suite, &member),
    };
    file(suite.members().map(of_member))
}

fn file(suites: impl IntoIterator<Item = TestSuite>) -> Vec<u8> {
    let mut report = Report::new("queuelab");
    report.add_test_suites(suites);
    report.set_time(report.test_suites.iter().filter_map(|suite| suite.time).sum());
    let xml = report.to_string().expect("a report of strings serializes to memory");
    visible::document(&xml).into_owned().into_bytes()
}

fn of_run(run: &Run) -> TestSuite {
    let scenario = &run.record.scenario.name;
    let mut suite = test_suite(scenario, run.record.started);
    let cases = trial_cases(run);
    suite.add_test_cases(cases.own.iter().map(|case| test_case(run, case)));
    suite.add_test_cases(other_trials(scenario, &cases));
    if run.verdict.run_checks > 0 {
        suite.add_test_case(run_case(scenario, &run_violations(run)));
    }
    suite.set_time(run.trials.iter().map(duration).sum());
    let flaky = cases.own.iter().filter(|case| case.outcome == Outcome::HeldOnRetry);
    let flakes = flaky.count() + cases.omitted[2];
    suite.extra.insert("flakes".into(), flakes.to_string().into());
    suite
}

/// The case of all trials of a large run that have no case of their own; `None` if each has.
/// It fails if one of them failed.
fn other_trials(scenario: &str, cases: &TrialCases<'_>) -> Option<TestCase> {
    let TrialCases { held, omitted: [failed, missing, retried, disturbed], .. } = *cases;
    if held + failed + missing + retried + disturbed == 0 {
        return None;
    }
    let reason = format!(
        "{held} held, {failed} failed, {missing} were not run, {retried} held only when run \
         again, {disturbed} were disturbed"
    );
    let status = match (failed, missing) {
        (1.., _) => failure(&[reason]),
        (0, 1..) => error("not-run", &reason),
        (0, 0) => TestCaseStatus::success(),
    };
    let mut case = TestCase::new("the other trials", status);
    case.set_classname(scenario).set_time(Duration::ZERO);
    Some(case)
}

/// A scenario of a suite that has no run.
fn not_run(suite: &Suite, member: &Member<'_>) -> TestSuite {
    let (scenario, reason) = (&member.record.scenario, member.verdict.describe());
    let mut element = test_suite(scenario, suite.record.started);
    let status = match member.verdict.state {
        MemberState::Skipped => skipped(reason),
        _ => error("not-run", reason),
    };
    let mut case = TestCase::new(RUN_CASE, status);
    case.set_classname(scenario).set_time(Duration::ZERO);
    element.add_test_case(case).set_time(Duration::ZERO);
    element.extra.insert("flakes".into(), "0".into());
    element
}

fn test_suite(scenario: &str, started: Timestamp) -> TestSuite {
    let mut suite = TestSuite::new(scenario);
    let started = started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    suite.extra.insert("timestamp".into(), started.into());
    suite
}

/// The case for the checks of a run as a whole.
fn run_case(scenario: &str, violations: &[String]) -> TestCase {
    let status = match violations {
        [] => TestCaseStatus::success(),
        violations => failure(violations),
    };
    let mut case = TestCase::new(RUN_CASE, status);
    case.set_classname(scenario).set_time(Duration::ZERO);
    case
}

fn test_case(run: &Run, case: &TrialCase<'_>) -> TestCase {
    let mut failed_executions =
        case.failed_executions().map(|(id, lines)| rerun(case.duration(id), &lines));
    let status = match &case.outcome {
        Outcome::NotRun(reason) => error("not-run", reason),
        Outcome::Held => TestCaseStatus::success(),
        Outcome::Disturbed(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_type("disturbed").set_message(XmlString::new(reason));
            status
        }
        Outcome::HeldOnRetry => {
            let mut status = TestCaseStatus::success();
            status.add_reruns(failed_executions);
            status
        }
        Outcome::Failed => {
            let mut status = failure(&case.first_violations());
            // The first failed execution is the failure itself.
            failed_executions.next();
            status.add_reruns(failed_executions);
            status
        }
    };
    let mut element = TestCase::new(case.name.as_str(), status);
    element.set_classname(run.record.scenario.name.as_str());
    element.set_time(case.executions.iter().copied().map(duration).sum());
    if !case.executions.is_empty() {
        let lines: Vec<_> = case.executions.iter().map(|trial| describe(run, trial)).collect();
        element.set_system_out(lines.join("\n"));
    }
    element
}

/// An execution of a trial as a line.
fn describe(run: &Run, trial: &Trial) -> String {
    let id = trial.execution_id();
    let verdict = if run.verdict.violations_of(id).is_empty() { "held" } else { "FAILED" };
    let verdict = match run.verdict.disturbance_of(id) {
        Some(disturbance) => format!("{verdict}, disturbed: {disturbance}"),
        None => verdict.to_owned(),
    };
    match trial.outcomes.happened().first() {
        Some((outcome, most)) => {
            format!("trial {id}: {verdict}; {most} of {} attempts {outcome}", trial.attempts)
        }
        None => format!("trial {id}: {verdict}"),
    }
}

fn failure(violations: &[String]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type("violation").set_description(violations.join("\n"));
    if let Some(message) = message(violations) {
        status.set_message(message);
    }
    status
}

fn error(kind: &str, reason: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(kind).set_message(XmlString::new(reason));
    status
}

fn skipped(reason: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(XmlString::new(reason));
    status
}

/// A failed execution of a retried trial.
fn rerun(duration: Duration, violations: &[String]) -> TestRerun {
    let mut rerun = TestRerun::new(NonSuccessKind::Failure);
    rerun.set_type("violation").set_stack_trace(violations.join("\n"));
    rerun.set_time(duration);
    if let Some(message) = message(violations) {
        rerun.set_message(message);
    }
    rerun
}
