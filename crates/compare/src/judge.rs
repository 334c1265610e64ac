//! The verdict on a metric from its trials.

use run_view::statistics::{cliffs_delta, median};

use crate::criteria::{Criteria, MIN_TRIALS};
use crate::metric::Metric;
use crate::verdict::Verdict;

/// Whether both sides have the trials that a test needs. These are planned trials: a
/// retry is not another trial.
pub(crate) fn has_enough_trials(baseline: &[f64], new: &[f64]) -> bool {
    baseline.len().min(new.len()) >= MIN_TRIALS
}

/// The verdict on a metric of one cell. `p` is its adjusted p-value, `None` if it was not
/// tested.
pub(crate) fn judge(
    criteria: &Criteria,
    metric: &Metric,
    baseline: &[f64],
    new: &[f64],
    p: Option<f64>,
) -> Verdict {
    let (Some(before), Some(after)) = (median(baseline), median(new)) else {
        return if baseline.is_empty() { Verdict::NoBaseline } else { Verdict::Inconclusive };
    };
    let Some(p) = p else { return Verdict::Inconclusive };
    let change = after - before;
    // Half a millionth of slack: a change of exactly the floor counts despite rounding.
    let floor = criteria.floor * before.abs() * (1.0 - 5e-7);
    if change == 0.0 || change.abs() < floor.max(metric.noise) {
        return Verdict::Held;
    }
    // Medians that move against the majority of pairs of trials do not show a shift.
    let is_shift = cliffs_delta(baseline, new) * change > 0.0;
    match (p <= criteria.alpha && is_shift, (change > 0.0) == metric.higher_is_better) {
        (false, _) => Verdict::Inconclusive,
        (true, true) => Verdict::Improved,
        (true, false) => Verdict::Regressed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::METRICS;

    fn judged(name: &str, baseline: f64, new: f64, p: f64) -> Verdict {
        let metric = METRICS.iter().find(|metric| metric.name == name).unwrap();
        judge(&Criteria::default(), metric, &[baseline; 10], &[new; 10], Some(p))
    }

    #[test]
    fn a_change_counts_if_it_reaches_the_floor_and_is_significant() {
        assert_eq!(judged("delivered", 1000.0, 750.0, 0.01), Verdict::Regressed);
        assert_eq!(judged("delivered", 1000.0, 900.0, 0.05), Verdict::Regressed);
        assert_eq!(judged("delivered", 1000.0, 901.0, 0.0), Verdict::Held);
        assert_eq!(judged("delivered", 1000.0, 750.0, 0.051), Verdict::Inconclusive);
        assert_eq!(judged("delivered", 1000.0, 1100.0, 0.01), Verdict::Improved);
        assert_eq!(judged("success", 0.0, 0.0, 1.0), Verdict::Held);
        assert_eq!(judged("success", 0.0, 0.5, 0.01), Verdict::Improved);
    }

    #[test]
    fn lower_latency_is_better_and_changes_within_noise_do_not_count() {
        assert_eq!(judged("delivery latency", 10e6, 20e6, 0.01), Verdict::Regressed);
        assert_eq!(judged("delivery latency", 20e6, 10e6, 0.01), Verdict::Improved);
        assert_eq!(judged("delivery latency", 0.2e6, 0.6e6, 0.01), Verdict::Held);
        assert_eq!(judged("longest connect", 1e6, 9e6, 0.01), Verdict::Held);
        assert_eq!(judged("longest connect", 1e6, 1.03e9, 0.01), Verdict::Regressed);
    }

    #[test]
    fn missing_trials_cannot_be_judged() {
        let judged = |baseline: &[f64], new: &[f64]| {
            judge(&Criteria::default(), &METRICS[0], baseline, new, None)
        };
        assert_eq!(judged(&[], &[1.0; 10]), Verdict::NoBaseline);
        assert_eq!(judged(&[1.0; 10], &[]), Verdict::Inconclusive);
        assert_eq!(judged(&[1.0; 9], &[1.0; 10]), Verdict::Inconclusive);
        let enough = |baseline, new| has_enough_trials(&vec![0.0; baseline], &vec![0.0; new]);
        assert!(!enough(9, 10) && !enough(10, 9) && enough(10, 10));
    }
}
