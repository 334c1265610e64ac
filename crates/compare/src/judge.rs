//! How a figure's verdict follows from its trials.

use std::fmt;

use crate::effect::{cliffs_delta, median};
use crate::measure::Measure;

/// Trials that each side must have for a verdict on a measured figure.
pub const FEWEST_TRIALS: usize = 10;

/// What decides a comparison of measured figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Criteria {
    /// The smallest change of the median that counts, as a part of the
    /// baseline's: from 0 to below 1.
    pub floor: f64,
    /// The probability of calling any figure changed when none is: above 0,
    /// below 1.
    pub alpha: f64,
    /// The seed of the intervals' resampling; no verdict depends on it.
    pub seed: u64,
}

impl Default for Criteria {
    fn default() -> Self {
        Self { floor: 0.1, alpha: 0.05, seed: 1 }
    }
}

/// What a comparison says of a figure, or of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// As in the baseline: its median moved by less than the floor.
    Held,
    /// Worse by at least the floor, and not by chance.
    Regressed,
    /// Better by at least the floor, and not by chance.
    Improved,
    /// Too few trials, or a change of at least the floor that may be chance.
    Inconclusive,
    /// There is nothing to compare it with.
    NoBaseline,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Held => "held",
            Self::Regressed => "regressed",
            Self::Improved => "improved",
            Self::Inconclusive => "inconclusive",
            Self::NoBaseline => "no-baseline",
        })
    }
}

/// Whether both sides have the trials that a test needs: planned ones, as another
/// try of one is not another trial.
pub(crate) fn are_enough([old, new]: [usize; 2]) -> bool {
    old.min(new) >= FEWEST_TRIALS
}

/// The verdict on a figure of one cell, whose adjusted p-value this is; none
/// where it was not tested.
pub(crate) fn verdict(
    criteria: &Criteria,
    measure: &Measure,
    old: &[f64],
    new: &[f64],
    p: Option<f64>,
) -> Verdict {
    let (Some(before), Some(after)) = (median(old), median(new)) else {
        return if old.is_empty() { Verdict::NoBaseline } else { Verdict::Inconclusive };
    };
    let Some(p) = p else { return Verdict::Inconclusive };
    let change = after - before;
    // Half a millionth of slack: a tenth off is a tenth, however it is rounded.
    let counts = criteria.floor * before.abs() * (1.0 - 5e-7);
    if change == 0.0 || change.abs() < counts.max(measure.least) {
        return Verdict::Held;
    }
    // Medians that move against most pairs of trials are no shift to speak of.
    let is_shift = cliffs_delta(old, new) * change > 0.0;
    match (p <= criteria.alpha && is_shift, (change > 0.0) == measure.higher_is_better) {
        (false, _) => Verdict::Inconclusive,
        (true, true) => Verdict::Improved,
        (true, false) => Verdict::Regressed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::MEASURES;

    fn of(name: &str, old: f64, new: f64, p: f64) -> Verdict {
        let measure = MEASURES.iter().find(|measure| measure.name == name).unwrap();
        verdict(&Criteria::default(), measure, &[old; 10], &[new; 10], Some(p))
    }

    #[test]
    fn a_change_counts_from_the_floor_on_and_where_it_is_no_chance() {
        assert_eq!(of("delivered", 1000.0, 750.0, 0.01), Verdict::Regressed);
        assert_eq!(of("delivered", 1000.0, 900.0, 0.05), Verdict::Regressed);
        assert_eq!(of("delivered", 1000.0, 901.0, 0.0), Verdict::Held);
        assert_eq!(of("delivered", 1000.0, 750.0, 0.051), Verdict::Inconclusive);
        assert_eq!(of("delivered", 1000.0, 1100.0, 0.01), Verdict::Improved);
        assert_eq!(of("success", 0.0, 0.0, 1.0), Verdict::Held);
        assert_eq!(of("success", 0.0, 0.5, 0.01), Verdict::Improved);
    }

    #[test]
    fn of_latencies_less_is_better_and_moods_of_the_machine_do_not_count() {
        assert_eq!(of("delivery latency", 10e6, 20e6, 0.01), Verdict::Regressed);
        assert_eq!(of("delivery latency", 20e6, 10e6, 0.01), Verdict::Improved);
        assert_eq!(of("delivery latency", 0.2e6, 0.6e6, 0.01), Verdict::Held);
        assert_eq!(of("longest connect", 1e6, 9e6, 0.01), Verdict::Held);
        assert_eq!(of("longest connect", 1e6, 1.03e9, 0.01), Verdict::Regressed);
    }

    #[test]
    fn what_is_not_there_cannot_be_judged() {
        let measure = &MEASURES[0];
        let judge =
            |old: &[f64], new: &[f64]| verdict(&Criteria::default(), measure, old, new, None);
        assert_eq!(judge(&[], &[1.0; 10]), Verdict::NoBaseline);
        assert_eq!(judge(&[1.0; 10], &[]), Verdict::Inconclusive);
        assert_eq!(judge(&[1.0; 9], &[1.0; 10]), Verdict::Inconclusive);
        assert!(!are_enough([9, 10]) && !are_enough([10, 9]) && are_enough([10, 10]));
    }
}
