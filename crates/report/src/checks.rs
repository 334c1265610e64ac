//! Laws, invariants and expectations.

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use crate::Run;
use crate::run::written_point;

/// Breaches listed one by one before they are only counted.
const LISTED: usize = 20;

/// Predicted beside measured, a row for each trial that a law decides.
pub(crate) fn laws(run: &Run) -> Option<String> {
    let mut builder = Builder::default();
    builder.push_record(["cell", "law", "predicted", "measured", "deviation"]);
    let mut any = false;
    for trial in &run.trials {
        let place = written_point(
            trial
                .point
                .iter()
                .map(|(path, value)| (path.as_str(), value)),
        );
        for law in &trial.laws {
            any = true;
            builder.push_record([
                place.clone(),
                law.name.clone(),
                law.predicted.to_string(),
                law.measured.map_or("·".to_owned(), |n| n.to_string()),
                law.deviation.map_or("·".to_owned(), |n| n.to_string()),
            ]);
        }
    }
    let mut table = builder.build();
    table
        .with(Style::rounded())
        .modify(Columns::new(2..), Alignment::right());
    any.then(|| format!("The kernel's laws: predicted before the trial, and measured\n{table}"))
}

/// What held and what did not.
pub(crate) fn verdict(run: &Run) -> String {
    let checked: usize = run
        .trials
        .iter()
        .map(|trial| {
            let checks = trial.invariants.iter().chain(&trial.expectations);
            checks.filter(|check| check.held.is_some()).count() + trial.laws.len()
        })
        .sum();
    let breaches: Vec<_> = run
        .trials
        .iter()
        .flat_map(|trial| trial.breaches().map(move |breach| (trial, breach)))
        .collect();
    if breaches.is_empty() {
        return format!("Held: all {checked} checks (invariants, laws, expectations).");
    }
    let mut text = format!("FAILED: {} of {checked} checks.", breaches.len());
    for (trial, (kind, name, detail)) in breaches.iter().take(LISTED) {
        let place = written_point(
            trial
                .point
                .iter()
                .map(|(path, value)| (path.as_str(), value)),
        );
        text += &format!(
            "\n  trial {} ({place}): {kind} `{name}`: {detail}",
            trial.id
        );
    }
    if breaches.len() > LISTED {
        text += &format!(
            "\n  … and {} more, in trials.jsonl",
            breaches.len() - LISTED
        );
    }
    text
}
