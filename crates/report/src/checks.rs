//! What held, of invariants, laws and expectations.

use run_record::TrialRecord;

use crate::run::place;
use crate::{Run, simulation};

/// Breaches listed one by one before they are only counted.
const LISTED: usize = 20;

/// Whether everything held that was checked, in each trial and in all of them
/// together.
pub(crate) fn all_held(run: &Run) -> bool {
    run.trials.iter().all(TrialRecord::held) && simulation::breaches(run).is_empty()
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
