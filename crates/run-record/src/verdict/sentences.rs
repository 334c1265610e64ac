//! The verdict on a run as text, which every format prints.

use super::{RunVerdict, TrialVerdict, Verdict};
use crate::execution_id::ExecutionId;

impl RunVerdict {
    /// The verdict in a line; for an unfinished run it starts with that.
    pub fn headline(&self) -> String {
        let (failed, before) = (self.failed_checks(), self.violations_before_retry());
        let checked = self.checked();
        let on_retry = match self.held_on_retry().count() {
            1 => "1 trial held only when run again".to_owned(),
            n => format!("{n} trials held only when run again"),
        };
        let found = match (failed, before) {
            _ if self.verdict == Verdict::Inconclusive => {
                self.describe_inconclusive((before > 0).then_some(&*on_retry))
            }
            _ if checked == 0 => "Nothing was checked.".to_owned(),
            (0, 0) => self.passed_sentence(),
            (0, before) => {
                format!("Passed, but {on_retry} ({before} of {checked} checks failed before).")
            }
            (failed, 0) => format!("FAILED: {failed} of {checked} checks."),
            (failed, _) => format!("FAILED: {failed} of {checked} checks; {on_retry}."),
        };
        let found = match (self.verdict, self.describe_disturbed()) {
            (Verdict::Inconclusive, _) | (_, None) => found,
            (_, Some(disturbed)) => format!("{found} {}.", capitalized(&disturbed)),
        };
        match (self.missing(), self.ended) {
            (0, true) if self.verdict.is_passed() => match self.planned {
                1 => format!("1 of 1 trial. {found}"),
                planned => format!("{} of {planned} trials. {found}", self.trials),
            },
            (0, true) => found,
            (_, true) => format!("Not finished: {}. {found}", self.describe_lost()),
            (0, false) => format!(
                "Not finished: all {} trials were run, but the run has not ended. {found}",
                self.planned
            ),
            _ => format!("Not finished: {} of {} trials. {found}", self.trials, self.planned),
        }
    }

    /// The disturbed trials with their causes, as a fragment of a sentence: `3 of 12 trials were
    /// disturbed (other processes): their rates and shares are no finding`; `None` without any.
    pub fn describe_disturbed(&self) -> Option<String> {
        let mut causes: Vec<_> = self
            .disturbed
            .iter()
            .filter(|trial| !trial.is_measured)
            .flat_map(|trial| trial.executions.iter().flat_map(|one| &one.causes))
            .collect();
        causes.sort_unstable();
        causes.dedup();
        let causes: Vec<_> = causes.iter().map(|cause| cause.name()).collect();
        let causes = causes.join(", ");
        match (self.disturbed_trials(), self.trials) {
            (0, _) => None,
            (1, 1) => Some(format!(
                "its only trial was disturbed ({causes}): its rates and shares are no finding"
            )),
            (1, all) => Some(format!(
                "1 of {all} trials was disturbed ({causes}): its rates and shares are no finding"
            )),
            (n, all) => Some(format!(
                "{n} of {all} trials were disturbed ({causes}): their rates and shares are no \
                 finding"
            )),
        }
    }

    /// The disturbed trials, a line each with what disturbed them.
    pub fn disturbed_lines(&self) -> Vec<String> {
        let lines = self.disturbed.iter().flat_map(|trial| {
            trial.executions.iter().map(move |execution| {
                let id = ExecutionId { trial: trial.trial, retry: execution.retry };
                one_line(&format!("trial {id} ({}): {}", trial.place, execution.description))
            })
        });
        lines.collect()
    }

    /// The verdict if most trials were disturbed and nothing failed. `on_retry`: how many trials
    /// held only on a retry, if any did.
    fn describe_inconclusive(&self, on_retry: Option<&str>) -> String {
        let disturbed = self.describe_disturbed().unwrap_or_default();
        let again = on_retry.map_or(String::new(), |trials| format!(", and {trials}"));
        let held = match self.checked() {
            0 => "They decide no check".to_owned(),
            checked => format!("No check failed; {checked} were decided{again}"),
        };
        format!("Inconclusive: {disturbed}. {held}.")
    }

    /// A sentence about the checks, if all of them held. Only predictions that could have failed
    /// are counted as such.
    fn passed_sentence(&self) -> String {
        let (checked, predictions) = (self.checked(), self.predictions());
        let passed = match checked {
            1 => "The only check passed".to_owned(),
            n => format!("All {n} checks passed"),
        };
        match predictions {
            0 => format!("{passed}."),
            1 => format!("{passed}, among them 1 prediction by the kernel's laws."),
            n => format!("{passed}, among them {n} predictions by the kernel's laws."),
        }
    }

    /// The progress of the run, if it is not finished.
    pub fn unfinished(&self) -> Option<String> {
        match (self.missing(), self.ended) {
            (0, true) => None,
            (0, false) => {
                Some(format!("all {} trials were run, but the run has not ended", self.planned))
            }
            (_, true) => Some(self.describe_lost()),
            _ => Some(format!("{} of {} trials were run", self.trials, self.planned)),
        }
    }

    /// What a run that ended has lost, as a fragment of a sentence.
    fn describe_lost(&self) -> String {
        let named: Vec<_> = self.missing_trials.iter().map(u32::to_string).collect();
        let others = self.missing() as usize - named.len().min(self.missing() as usize);
        let without = match (named.as_slice(), others) {
            ([], _) => String::new(),
            ([only], 0) => format!(", without {only}"),
            ([all @ .., last], 0) => format!(", without {} and {last}", all.join(", ")),
            (all, others) => format!(", without {} and {others} others", all.join(", ")),
        };
        let verb = if self.planned == 1 { "trial is" } else { "trials are" };
        format!("{} of {} {verb} recorded{without}", self.trials, self.planned)
    }

    /// The violations of the run, then those of failed trials, a line each.
    pub fn violation_lines(&self) -> Vec<String> {
        let of_run = self.run_violations.iter().map(|it| one_line(&format!("the run: {it}")));
        of_run.chain(self.failed().flat_map(lines)).collect()
    }

    /// The violations of trials that held on a retry, a line each.
    pub fn held_on_retry_lines(&self) -> Vec<String> {
        self.held_on_retry().flat_map(lines).collect()
    }

    /// The first violation in a line; without any violation the headline.
    pub fn first_violation(&self) -> String {
        let lines = self.violation_lines().into_iter().chain(self.held_on_retry_lines());
        { lines }.next().unwrap_or_else(|| self.headline())
    }

    fn violations_before_retry(&self) -> usize {
        self.held_on_retry().flat_map(TrialVerdict::violations).count()
    }
}

fn lines(trial: &TrialVerdict) -> impl Iterator<Item = String> {
    let place = &trial.place;
    trial
        .violations()
        .map(move |(id, violation)| one_line(&format!("trial {id} ({place}): {violation}")))
}

/// Replaces line breaks, because each item of a list has one line.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
