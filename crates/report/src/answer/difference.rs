//! Whether values along an axis differ: the one rule of all answers (decision 58).

use run_view::statistics::{is_significant, median, ratio_interval, steps};

use super::measure::Better;

/// Trials of each value that a noisy metric needs. With five against five, the test reaches
/// [`MAX_P`] only if no two trials overlap.
pub(super) const MIN_TRIALS: usize = 5;

/// The largest p-value of an exact, two-sided Mann–Whitney test that shows a difference.
const MAX_P: f64 = 0.01;

/// The smallest difference of medians that counts, as a fraction of the smaller one: the same
/// as that of a comparison of runs.
const MIN_DIFFERENCE: f64 = 0.1;

/// The most steps of all tests along an axis. With many values of many trials, only the pairs
/// whose medians are farthest apart are tested.
const MAX_STEPS: u64 = 200_000_000;

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
    let medians: Vec<_> = samples.iter().map(|sample| median(sample)).collect();
    let differ = |one: usize, other: usize| match is_noisy {
        true => {
            are_far_apart(medians[one], medians[other])
                && is_significant(&samples[one], &samples[other], MAX_P)
        }
        false => are_apart(&samples[one], &samples[other]),
    };
    let differs_from_others =
        |one: usize| (0..samples.len()).all(|other| one == other || differ(one, other));
    let any = match is_noisy {
        true => farthest(samples, &medians).into_iter().any(|(one, other)| differ(one, other)),
        false => any_apart(samples),
    };
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

/// The pairs of samples to test, those with the medians farthest apart first, by their ranks;
/// as many as [`MAX_STEPS`] allows.
fn farthest(samples: &[Vec<f64>], medians: &[Option<f64>]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> =
        (0..samples.len()).filter(|&index| medians[index].is_some()).collect();
    let of = |index: usize| medians[index].unwrap_or_default();
    order.sort_by(|&one, &other| of(one).total_cmp(&of(other)));
    let count = order.len();
    let all = (1..count).rev().flat_map(|apart| (0..count - apart).map(move |at| (at, at + apart)));
    let mut left = MAX_STEPS;
    let mut pairs = Vec::new();
    for (low, high) in all {
        let (one, other) = (order[low], order[high]);
        let needed = match are_far_apart(medians[one], medians[other]) {
            true => steps(samples[one].len(), samples[other].len()),
            false => 1,
        };
        let Some(rest) = left.checked_sub(needed) else { break };
        left = rest;
        if needed > 1 {
            pairs.push((one, other));
        }
    }
    pairs
}

/// Whether two medians differ by [`MIN_DIFFERENCE`].
fn are_far_apart(one: Option<f64>, other: Option<f64>) -> bool {
    let (Some(low), Some(high)) = (one, other) else { return false };
    let (low, high) = (low.min(high), low.max(high));
    // Medians that differ by exactly the fraction count, despite rounding.
    high - low >= MIN_DIFFERENCE * low.abs() * (1.0 - 1e-9) && high > low
}

/// Whether the ranges of any two samples do not overlap.
fn any_apart(samples: &[Vec<f64>]) -> bool {
    let ends = |sample: &Vec<f64>| {
        let least = sample.iter().copied().fold(f64::INFINITY, f64::min);
        (least, sample.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    };
    let (highest_least, lowest_most) = samples
        .iter()
        .map(ends)
        .fold((f64::NEG_INFINITY, f64::INFINITY), |(high, low), (least, most)| {
            (high.max(least), low.min(most))
        });
    lowest_most < highest_least
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
    fn many_values_take_bounded_work() {
        let tested = |samples: &[Vec<f64>]| {
            let medians: Vec<_> = samples.iter().map(|sample| median(sample)).collect();
            farthest(samples, &medians)
        };
        let values = |count: u32, trials: usize| -> Vec<Vec<f64>> {
            (0..count).map(|value| vec![1.2_f64.powi((value % 40) as i32); trials]).collect()
        };
        let few = tested(&values(40, 5));
        assert_eq!((few.len(), few[0]), (40 * 39 / 2, (0, 39)), "all pairs, the farthest first");
        for (count, trials) in [(5_000, 5), (1_000, 50)] {
            let pairs = tested(&values(count, trials)).len() as u64;
            let most = MAX_STEPS / steps(trials, trials);
            assert!((1..=most).contains(&pairs), "{count} of {trials}: {pairs} of {most}");
        }
        assert_eq!(difference(&values(5_000, 5), true, None), Difference::Differs { best: None });
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
