//! What a search has tried: without it, laws that are never applied look like laws that
//! hold.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::combination::Combination;
use crate::trial::Trial;

/// Counts over the trials of a search.
#[derive(Default)]
pub(crate) struct Coverage {
    ran: usize,
    refused: usize,
    failed: usize,
    simulated: usize,
    laws: BTreeMap<String, Applications>,
    /// In how many trials each setting was varied.
    varied: BTreeMap<String, usize>,
}

/// What became of a law in the trials that it concerns.
#[derive(Default)]
struct Applications {
    held: usize,
    failed: usize,
    /// A time that was too late in a disturbed trial, or a server that died.
    undecided: usize,
    not_applied: usize,
    /// The reasons why not.
    reasons: BTreeSet<String>,
}

impl Coverage {
    /// Counts a trial.
    pub(crate) fn add(&mut self, combination: &Combination, trial: &Trial) {
        let trial = match trial {
            Trial::Refused | Trial::NotChecked(_) => return self.refused += 1,
            Trial::Failed(_) => return self.failed += 1,
            Trial::Ran { trial, .. } => trial,
        };
        self.ran += 1;
        self.simulated += usize::from(trial.simulated.is_some());
        for law in &trial.laws {
            let applications = self.laws.entry(law.id.clone()).or_default();
            match law.held {
                Some(true) => applications.held += 1,
                Some(false) => applications.failed += 1,
                None => applications.undecided += 1,
            }
        }
        for law in &trial.laws_not_applied {
            let applications = self.laws.entry(law.id.clone()).or_default();
            applications.not_applied += 1;
            applications.reasons.insert(law.reason.clone());
        }
        for path in &combination.varied {
            *self.varied.entry(path.clone()).or_default() += 1;
        }
    }

    /// Combinations that have run, with any result.
    pub(crate) fn ended(&self) -> usize {
        self.ran + self.refused + self.failed
    }

    /// How often a law was applied.
    pub(crate) fn applied(&self, law: &str) -> usize {
        self.laws.get(law).map_or(0, |law| law.held + law.failed + law.undecided)
    }

    /// Tables of laws and of the settings with these paths.
    pub(crate) fn describe<'a>(&self, paths: impl Iterator<Item = &'a str>) -> String {
        let Self { ran, refused, failed, simulated, laws, varied } = self;
        let mut text = format!(
            "{ran} trials ran, {simulated} of them simulated; {refused} combinations were refused \
             by the kernel, and {failed} runs failed\n\n\
             | law | held | failed | undecided | not applied | reasons |\n\
             |---|---|---|---|---|---|\n"
        );
        for (id, Applications { held, failed, undecided, not_applied, reasons }) in laws {
            let reasons = reasons.len();
            writeln!(
                text,
                "| {id} | {held} | {failed} | {undecided} | {not_applied} | {reasons} |"
            )
            .unwrap();
        }
        text += "\n| setting | varied in |\n|---|---|\n";
        for path in paths {
            writeln!(text, "| {path} | {} |", varied.get(path).unwrap_or(&0)).unwrap();
        }
        text
    }
}
