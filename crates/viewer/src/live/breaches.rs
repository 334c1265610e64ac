//! What did not hold so far. A trial that is run again is judged by its last try,
//! unless an invariant broke: that no other try makes good.

use std::collections::{BTreeMap, HashMap};

use run_record::{TrialRecord, Violation};

/// Breaches that are told in words; the others are counted.
const TOLD: usize = 5;

/// What did not hold, by trial.
#[derive(Debug, Default)]
pub(crate) struct Breaches {
    broken: BTreeMap<u32, Broken>,
    made_good: usize,
}

#[derive(Debug)]
struct Broken {
    cell: u32,
    breaches: Vec<String>,
    is_for_good: bool,
}

impl Breaches {
    /// A try of a trial has ended.
    pub(crate) fn add(&mut self, trial: &TrialRecord) {
        let name = trial.try_id();
        let mut breaches: Vec<String> = trial
            .violations()
            .map(|Violation { kind, name: check, detail }| {
                format!("trial {name}: {kind} “{check}”: {detail}")
            })
            .collect();
        let mut is_for_good = trial.invariants.iter().any(|check| check.held == Some(false));
        if let Some(before) = self.broken.remove(&trial.id) {
            if before.is_for_good {
                breaches.splice(..0, before.breaches);
                is_for_good = true;
            } else if breaches.is_empty() {
                self.made_good += 1;
            }
        }
        if !breaches.is_empty() {
            self.broken.insert(trial.id, Broken { cell: trial.cell, breaches, is_for_good });
        }
    }

    /// How many checks failed.
    pub(crate) fn number(&self) -> usize {
        self.broken.values().map(|broken| broken.breaches.len()).sum()
    }

    /// Of those, how many in each cell that has any.
    pub(crate) fn by_cell(&self) -> HashMap<u32, usize> {
        let mut cells = HashMap::new();
        for broken in self.broken.values() {
            *cells.entry(broken.cell).or_default() += broken.breaches.len();
        }
        cells
    }

    /// The first of them, in words.
    pub(crate) fn told(&self) -> Vec<&str> {
        let all = self.broken.values().flat_map(|broken| &broken.breaches);
        all.take(TOLD).map(String::as_str).collect()
    }

    /// Trials that held only when they were run again.
    pub(crate) fn made_good(&self) -> usize {
        self.made_good
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use run_record::RunDirectory;

    use super::*;

    /// A try of a trial in which a law or an invariant did not hold, or all did.
    fn tried(retry: u32, law: bool, invariant: bool) -> TrialRecord {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let mut trial = RunDirectory::read(&kept).unwrap().1.remove(0);
        trial.retry = retry;
        trial.laws[0].held = Some(law);
        trial.invariants[0].held = Some(invariant);
        trial
    }

    #[test]
    fn another_try_makes_a_law_good_and_no_invariant() {
        let mut breaches = Breaches::default();
        breaches.add(&tried(0, false, true));
        assert_eq!((breaches.number(), breaches.by_cell().len()), (1, 1));
        breaches.add(&tried(1, false, true));
        assert_eq!((breaches.number(), breaches.made_good()), (1, 0));
        assert!(breaches.told()[0].contains("retry 1"), "{:?}", breaches.told());
        breaches.add(&tried(2, true, true));
        assert_eq!((breaches.number(), breaches.made_good()), (0, 1));

        let mut breaches = Breaches::default();
        breaches.add(&tried(0, true, false));
        breaches.add(&tried(1, true, true));
        assert_eq!((breaches.number(), breaches.made_good()), (1, 0));
    }
}
