//! `junit.xml`: what held, for CI.

use maud::{Markup, PreEscaped, html};
use run_record::TrialRecord;

use crate::cell::Cell;
use crate::{Run, simulation};

/// The file: a test case for each cell, and one for what is checked of the run
/// as a whole. A cell fails where any of its trials does, and tells each of
/// them; a cell without trials is an error, not a success.
pub(crate) fn junit(run: &Run) -> Vec<u8> {
    let cells = Cell::all(run);
    let name = &run.record.scenario.name;
    let of_run = simulation::breaches(run);
    let has_checks = simulation::checked(run) > 0;
    let failed = cells.iter().filter(|cell| !cell.breaches().is_empty()).count();
    let failures = failed + usize::from(!of_run.is_empty());
    let errors = cells.iter().filter(|cell| cell.trials.is_empty()).count();
    let tests = cells.len() + usize::from(has_checks);
    let time = seconds(run.trials.iter());
    let suites = html! {
        testsuites name="queuelab" tests=(tests) failures=(failures) errors=(errors) time=(time) {
            testsuite name=(clean(name)) tests=(tests) failures=(failures) errors=(errors)
                skipped="0" time=(time)
                timestamp=(run.record.started.strftime("%Y-%m-%dT%H:%M:%SZ")) {
                @for cell in &cells { (case(name, cell)) }
                @if has_checks {
                    testcase classname=(clean(name)) name="the run as a whole" time="0" {
                        (failure(&of_run))
                    }
                }
            }
        }
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", suites.0).into_bytes()
}

fn case(scenario: &str, cell: &Cell<'_>) -> Markup {
    let told = cell.trials.iter().map(|trial| {
        let verdict = if trial.held() { "held" } else { "FAILED" };
        let Some(end) = trial.outcomes.happened().first().copied() else {
            return format!("trial {}: {verdict}", trial.id);
        };
        let (attempts, (outcome, most)) = (trial.attempts, end);
        format!("trial {}: {verdict}; {most} of {attempts} attempts {outcome}", trial.id)
    });
    let told: Vec<_> = told.collect();
    html! {
        testcase classname=(clean(scenario)) name=(clean(&cell.place()))
            time=(seconds(cell.trials.iter().copied())) {
            (failure(&cell.breaches()))
            @if cell.trials.is_empty() {
                error type="not-run" message="no trial of this cell has been run" {}
            } @else {
                system-out { (clean(&told.join("\n"))) }
            }
        }
    }
}

/// One element for all that did not hold: consumers count no more than one.
fn failure(breaches: &[String]) -> Markup {
    let Some(first) = breaches.first() else { return PreEscaped(String::new()) };
    let message = match breaches.len() - 1 {
        0 => first.clone(),
        more => format!("{first} (and {more} more)"),
    };
    html! { failure type="breach" message=(clean(&message)) { (clean(&breaches.join("\n"))) } }
}

fn seconds<'a>(trials: impl Iterator<Item = &'a TrialRecord>) -> String {
    format!("{:.3}", trials.map(|trial| trial.duration_seconds).sum::<f64>())
}

/// Without the letters that XML has no way to write.
fn clean(text: &str) -> String {
    let allowed = |letter: &char| matches!(letter, '\t' | '\n' | '\u{20}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
    text.chars().filter(allowed).collect()
}
