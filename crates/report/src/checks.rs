//! What held, of invariants, laws and expectations.

use run_record::Tries;

use run_view::Run;
use run_view::place;
use run_view::prose::{one_line, sentence};

use crate::simulation;

/// Breaches listed one by one before they are only counted.
const LISTED: usize = 20;

/// Whether everything held that was checked, in each trial, when run again if
/// need be, and in all of them together.
pub fn all_held(run: &Run) -> bool {
    run_record::all_held(&run.trials)
}

/// Trials that held only when they were run again.
pub(crate) fn flaky(run: &Run) -> usize {
    run.tries().iter().filter(|tries| tries.is_flaky()).count()
}

/// What held of a run, and what did not.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// All of it in a line. What has not come to its end begins with that.
    pub headline: String,
    /// What did not hold in any try, a line each: of the run as a whole first.
    pub breaches: Vec<String>,
    /// What did not hold before its trial held, run again; a line each.
    pub held_when_run_again: Vec<String>,
}

impl Verdict {
    /// Everything, for a terminal: long lists are cut.
    pub fn text(&self) -> String {
        let mut text = self.headline.clone();
        text.extend(listed(&self.breaches).map(|line| format!("\n  {line}")));
        if !self.held_when_run_again.is_empty() {
            text += "\n  held only when run again:";
            text.extend(listed(&self.held_when_run_again).map(|line| format!("\n  {line}")));
        }
        text
    }
}

/// The first lines of a list, and how many more there are.
pub(crate) fn listed(lines: &[String]) -> impl Iterator<Item = String> {
    let more = lines.len().saturating_sub(LISTED);
    let more = (more > 0).then(|| format!("… and {more} more, in trials.jsonl"));
    lines.iter().take(LISTED).cloned().chain(more)
}

/// How many trials were run of those planned; none of a run that has them all.
pub(crate) fn unfinished(run: &Run) -> Option<(usize, usize)> {
    let (done, planned) = (run.tries().len(), run.record.planned_trials as usize);
    (done < planned).then_some((done, planned))
}

/// What held of a run of which everything did, in a sentence.
pub(crate) fn held(run: &Run) -> String {
    let laws = run.trials.iter().flat_map(|trial| &trial.laws);
    let predictions = laws.filter(|law| law.held.is_some()).count();
    let all = |number: usize, one: &str, it: &str| match number {
        1 => format!("its only {one}{it}"),
        n => format!("all {n} {one}s{it}"),
    };
    let of_kernel = " by the kernel's laws came true";
    match (predictions, checked(run) - predictions) {
        (0, 0) => "Nothing was checked.".to_owned(),
        (0, checks) => sentence(&format!("{} held.", all(checks, "check", ""))),
        (laws, 0) => sentence(&format!("{}.", all(laws, "prediction", of_kernel))),
        (laws, checks) => sentence(&format!(
            "{}, and {} held.",
            all(laws, "prediction", of_kernel),
            all(checks, "other check", "")
        )),
    }
}

/// How many checks there were, of all trials, and of all of them together.
fn checked(run: &Run) -> usize {
    let in_trial = |trial: &run_record::TrialRecord| {
        let checks = trial.invariants.iter().chain(&trial.expectations);
        let laws = trial.laws.iter().filter(|law| law.held.is_some()).count();
        checks.filter(|check| check.held.is_some()).count() + laws
    };
    run.trials.iter().map(in_trial).sum::<usize>() + simulation::checked(run)
}

/// What held and what did not.
pub fn verdict(run: &Run) -> Verdict {
    let checked = checked(run);
    let (flaky, others): (Vec<_>, Vec<_>) = run.tries().into_iter().partition(Tries::is_flaky);
    let held_when_run_again = breaches(&flaky);
    let of_the_run = simulation::breaches(run);
    let of_the_run = of_the_run.iter().map(|breach| one_line(&format!("the run: {breach}")));
    let breaches: Vec<_> = of_the_run.chain(breaches(&others)).collect();
    let again = match flaky.len() {
        1 => "1 trial held only when run again".to_owned(),
        n => format!("{n} trials held only when run again"),
    };
    let found = match (breaches.len(), held_when_run_again.len()) {
        _ if checked == 0 => "Nothing was checked.".to_owned(),
        (0, 0) => format!("Held: all {checked} checks (invariants, laws, expectations)."),
        (0, before) => format!("Held, but {again} ({before} of {checked} checks failed before)."),
        (failed, 0) => format!("FAILED: {failed} of {checked} checks."),
        (failed, _) => format!("FAILED: {failed} of {checked} checks; {again}."),
    };
    let headline = match unfinished(run) {
        Some((done, planned)) => format!("Not finished: {done} of {planned} trials. {found}"),
        None => found,
    };
    Verdict { headline, breaches, held_when_run_again }
}

/// What did not hold in any try, a line each.
fn breaches(trials: &[Tries<'_>]) -> Vec<String> {
    let tries = trials.iter().flat_map(Tries::all);
    tries
        .flat_map(|trial| {
            trial.breaches().map(move |(kind, name, detail)| {
                let (id, place) = (trial.try_id(), place(trial));
                one_line(&format!("trial {id} ({place}): {kind} `{name}`: {detail}"))
            })
        })
        .collect()
}
