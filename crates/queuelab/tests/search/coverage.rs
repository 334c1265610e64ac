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
                Some(false) => applications.failed += 1,
                _ => applications.held += 1,
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

    /// Combinations that have run, whatever came of them.
    pub(crate) fn ended(&self) -> usize {
        self.ran + self.refused + self.failed
    }

    /// How often a law was applied.
    pub(crate) fn applied(&self, law: &str) -> usize {
        self.laws.get(law).map_or(0, |law| law.held + law.failed)
    }

    /// Tables of laws and of the settings with these paths.
    pub(crate) fn describe<'a>(&self, paths: impl Iterator<Item = &'a str>) -> String {
        let Self { ran, refused, failed, simulated, laws, varied } = self;
        let mut text = format!(
            "{ran} trials ran, {simulated} of them simulated; {refused} combinations were refused \
             by the kernel, and {failed} runs failed\n\n\
             | law | held | failed | not applied | reasons |\n|---|---|---|---|---|\n"
        );
        for (id, Applications { held, failed, not_applied, reasons }) in laws {
            writeln!(text, "| {id} | {held} | {failed} | {not_applied} | {} |", reasons.len())
                .unwrap();
        }
        text += "\n| setting | varied in |\n|---|---|\n";
        for path in paths {
            writeln!(text, "| {path} | {} |", varied.get(path).unwrap_or(&0)).unwrap();
        }
        text
    }
}
