//! Reports of repeated trials and comparisons, also if the test passes.

use std::io::Write;

use run_record::{TrialExecutions, TrialRecord};

use super::in_one_line;

/// Groups the executions of a run's trials, and reports those that were retried.
pub(crate) fn group_executions<'a>(
    scenario: &str,
    trials: &'a [TrialRecord],
) -> Vec<TrialExecutions<'a>> {
    let groups = TrialExecutions::group(trials);
    for executions in &groups {
        let (_, before) = executions.all().split_last().unwrap();
        let violations = before.iter().flat_map(|trial| trial.violations());
        let why: Vec<_> = violations.map(|violation| violation.to_string()).collect();
        let what = format!("{scenario}, trial {}", executions.first().id);
        report_repeated(&what, before.len(), &why.join("; "));
    }
    groups
}

/// Prints one line, which `.ci/run` collects, if something was repeated. It is not captured:
/// the harness captures only what the macros print.
pub(crate) fn report_repeated(what: &str, times: usize, why: &str) {
    if times == 0 {
        return;
    }
    // The harness names the thread after the test.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unknown test");
    let why = in_one_line(why);
    let word = if times == 1 { "time" } else { "times" };
    // With one test at a time, the name of the test is already on the line.
    let line = format!("\nRETRIED: {test}: {what}, {times} {word}, {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
