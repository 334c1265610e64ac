//! Whether values along an axis differ: the one rule of all answers (decision 58).

use run_view::statistics::{median, p_value, ratio_interval};

use super::measure::Better;

/// Trials of each value that a noisy metric needs. With five against five, the test reaches
/// [`MAX_P`] only if no two trials overlap.
pub(super) const MIN_TRIALS: usize = 5;

/// The largest p-value of an exact, two-sided Mann–Whitney test that shows a difference.
const MAX_P: f64 = 0.01;

/// The smallest difference of medians that counts, as a fraction of the smaller one: the same
/// as that of a comparison of runs.
const MIN_DIFFERENCE: f64 = 0.1;

/// The seed of the intervals of ratios: the same run has the same answer.
const SEED: u64 = 1;

/// What was found along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// There is only one value.
    Single,
    /// No difference, or none that is larger than the variation between trials.
    Same,
    /// Some values differ. `best` differs from every other.
    Differs { best: Option<usize> },
    /// There are too few trials to know; the fewest of a value.
    Unknown { trials: usize },
}

/// What differs among some samples, each of one value of the axis. A noisy metric differs if the
/// test over the trials shows it and the medians are far enough apart; any other quantity, if
/// the ranges do not overlap.
pub(super) fn difference(
    samples: &[Vec<f64>],
    is_noisy: bool,
    better: Option<Better>,
) -> Difference {
    let fewest = samples.iter().map(Vec::len).min().unwrap_or(0);
    if samples.len() < 2 {
        return Difference::Single;
    }
    if is_noisy && fewest < MIN_TRIALS {
        return Difference::Unknown { trials: fewest };
    }
    let differ = |one: &[f64], other: &[f64]| match is_noisy {
        true => differ_significantly(one, other),
        false => are_apart(one, other),
    };
    let all = 0..samples.len();
    let differs_from_others = |one: usize| {
        all.clone().all(|other| one == other || differ(&samples[one], &samples[other]))
    };
    let any = all.clone().any(|one| (0..one).any(|other| differ(&samples[one], &samples[other])));
    if !any {
        return Difference::Same;
    }
    let best = better.and_then(|better| extreme(samples, better == Better::Higher));
    Difference::Differs { best: best.filter(|best| differs_from_others(*best)) }
}

/// The sample with the highest or the lowest median; the first of equal ones.
pub(super) fn extreme(samples: &[Vec<f64>], highest: bool) -> Option<usize> {
    let medians = samples.iter().map(|sample| median(sample));
    let medians: Vec<(usize, f64)> =
        medians.enumerate().filter_map(|(index, median)| Some((index, median?))).collect();
    let more = |one: &(usize, f64), other: &(usize, f64)| {
        if highest { one.1 > other.1 } else { one.1 < other.1 }
    };
    let found =
        medians.into_iter().reduce(|found, one| if more(&one, &found) { one } else { found });
    found.map(|(index, _)| index)
}

fn differ_significantly(one: &[f64], other: &[f64]) -> bool {
    let (Some(low), Some(high)) = (median(one), median(other)) else { return false };
    let (low, high) = (low.min(high), low.max(high));
    // Medians that differ by exactly the fraction count, despite rounding.
    let is_large = high - low >= MIN_DIFFERENCE * low.abs() * (1.0 - 1e-9) && high > low;
    is_large && p_value(one, other) <= MAX_P
}

fn are_apart(one: &[f64], other: &[f64]) -> bool {
    let min = |sample: &[f64]| sample.iter().copied().fold(f64::INFINITY, f64::min);
    let max = |sample: &[f64]| sample.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    max(one) < min(other) || max(other) < min(one)
}

/// The larger median ÷ the smaller one, with the interval of 95 % over the trials: `1.47 times
/// (1.40 to 1.55)`. `None` if it has no ratio.
pub(super) fn ratio(one: &[f64], other: &[f64]) -> Option<String> {
    let (low, high) = (median(one)?, median(other)?);
    let (smaller, larger) = if low <= high { (one, other) } else { (other, one) };
    let ratio = low.max(high) / low.min(high);
    if !ratio.is_finite() || low.min(high) <= 0.0 {
        return None;
    }
    let (from, to) = ratio_interval(smaller, larger, SEED)?;
    let describe = |value: f64| {
        // Two or three digits of the ratio, and as many places of its interval.
        match ratio {
            _ if value.is_infinite() => "∞".to_owned(),
            r if r < 1.995 => format!("{value:.2}"),
            r if r < 9.95 => format!("{value:.1}"),
            r if r < 99.5 => format!("{value:.0}"),
            _ => format!("{:.0}", (value / 10.0).round() * 10.0),
        }
    };
    let (text, from, to) = (describe(ratio), describe(from), describe(to));
    let has_interval = one.len().min(other.len()) > 1 && from != to;
    let interval = if has_interval { format!(" ({from} to {to})") } else { String::new() };
    Some(format!("{text} times{interval}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(from: f64) -> Vec<f64> {
        (0..5).map(|n| from + f64::from(n)).collect()
    }

    #[test]
    fn a_noisy_metric_differs_if_no_two_of_five_trials_overlap() {
        let found =
            |one: Vec<f64>, other: Vec<f64>| difference(&[one, other], true, Some(Better::Higher));
        assert_eq!(found(sample(100.0), sample(120.0)), Difference::Differs { best: Some(1) });
        assert_eq!(found(sample(120.0), sample(100.0)), Difference::Differs { best: Some(0) });
        let mut overlapping = sample(120.0);
        overlapping[4] = 101.5;
        assert_eq!(found(sample(100.0), overlapping), Difference::Same);
        assert_eq!(found(sample(100.0), sample(109.0)), Difference::Same, "less than a tenth");
        assert_eq!(found(sample(100.0), sample(100.0)), Difference::Same);
        assert_eq!(found(sample(100.0), vec![500.0; 4]), Difference::Unknown { trials: 4 });
    }

    #[test]
    fn the_best_differs_from_every_other() {
        let found = |samples: &[Vec<f64>], better| difference(samples, true, Some(better));
        let three = [sample(100.0), sample(150.0), sample(152.0)];
        assert_eq!(found(&three, Better::Higher), Difference::Differs { best: None });
        assert_eq!(found(&three, Better::Lower), Difference::Differs { best: Some(0) });
    }

    #[test]
    fn a_count_differs_if_the_ranges_do_not_overlap() {
        let found = |samples: &[Vec<f64>]| difference(samples, false, None);
        assert_eq!(found(&[vec![1.0], vec![2.0]]), Difference::Differs { best: None });
        assert_eq!(found(&[vec![1.0, 3.0], vec![2.0]]), Difference::Same);
        assert_eq!(found(&[vec![1.0, 1.0]]), Difference::Single);
        assert_eq!(found(&[]), Difference::Single);
    }

    #[test]
    fn a_ratio_has_its_interval_over_trials() {
        assert_eq!(ratio(&[2.0; 5], &[3.0; 5]).unwrap(), "1.50 times");
        let text = ratio(&sample(100.0), &sample(200.0)).unwrap();
        assert!(text.starts_with("1.98 times (1.9") && text.ends_with(')'), "{text}");
        assert_eq!(ratio(&[0.004], &[2.75]).unwrap(), "690 times");
        assert_eq!(ratio(&[0.0], &[2.75]), None);
        assert_eq!(ratio(&[], &[2.75]), None);
    }
}
