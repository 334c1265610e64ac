//! Laws, invariants and expectations.

use std::collections::BTreeMap;

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use crate::run::place;
use crate::{Run, simulation};

/// Breaches listed one by one before they are only counted.
const LISTED: usize = 20;

/// Law checks shown one by one; where there are more, those that held are only
/// counted.
const SHOWN_LAWS: usize = 16;

/// Predicted beside measured.
pub(crate) fn laws(run: &Run) -> Option<String> {
    let checks: Vec<_> = run
        .trials
        .iter()
        .flat_map(|trial| trial.laws.iter().map(move |law| (trial, law)))
        .collect();
    if checks.is_empty() {
        return None;
    }
    let mut text = "The kernel's laws: predicted before the trial, and measured".to_owned();
    let mut shown = checks.clone();
    if checks.len() > SHOWN_LAWS {
        let mut tally: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (_, law) in &checks {
            let (held, all) = tally.entry(&law.name).or_default();
            *held += usize::from(law.held == Some(true));
            *all += 1;
        }
        for (name, (held, all)) in tally {
            text += &format!("\n  {name}: held in {held} of {all} trials");
        }
        shown.retain(|(_, law)| law.held != Some(true));
    }
    if shown.is_empty() {
        return Some(text);
    }
    let mut builder = Builder::default();
    builder.push_record(["cell", "law", "predicted", "measured", "deviation"]);
    for (trial, law) in shown {
        let place = place(trial);
        let figure = |figure: Option<f64>| figure.map_or("·".to_owned(), |n| n.to_string());
        builder.push_record([
            place,
            law.name.clone(),
            law.predicted.to_string(),
            figure(law.measured),
            figure(law.deviation),
        ]);
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(2..), Alignment::right());
    Some(format!("{text}\n{table}"))
}

/// What held and what did not.
pub(crate) fn verdict(run: &Run) -> String {
    let checked: usize = run
        .trials
        .iter()
        .map(|trial| {
            let checks = trial.invariants.iter().chain(&trial.expectations);
            let laws = trial.laws.iter().filter(|law| law.held.is_some()).count();
            checks.filter(|check| check.held.is_some()).count() + laws
        })
        .sum();
    let of_the_run = simulation::breaches(run);
    let checked = checked + simulation::checked(run);
    let breaches: Vec<_> = run
        .trials
        .iter()
        .flat_map(|trial| trial.breaches().map(move |breach| (trial, breach)))
        .collect();
    if checked == 0 {
        return "Nothing was checked.".to_owned();
    }
    if breaches.is_empty() && of_the_run.is_empty() {
        return format!("Held: all {checked} checks (invariants, laws, expectations).");
    }
    let mut text = format!("FAILED: {} of {checked} checks.", breaches.len() + of_the_run.len());
    for breach in of_the_run {
        text += &format!("\n  the run: {breach}");
    }
    for (trial, (kind, name, detail)) in breaches.iter().take(LISTED) {
        let place = place(trial);
        text += &format!("\n  trial {} ({place}): {kind} `{name}`: {detail}", trial.id);
    }
    if breaches.len() > LISTED {
        text += &format!("\n  … and {} more, in trials.jsonl", breaches.len() - LISTED);
    }
    text
}
