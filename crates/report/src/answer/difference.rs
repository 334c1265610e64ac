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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// There is only one value.
    Single,
    /// No difference, or none that is larger than the variation between trials.
    Same,
    /// Some values differ.
    Differs(Ranking),
    /// There are too few trials to know; the fewest of a value.
    Unknown { trials: usize },
}

/// The best and the worst of some values, by their places along the axis. All are empty if no
/// values are better than others, or if the best one does not differ from the worst.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranking {
    /// The best, and all that do not differ from it: only if there are no others, it is better
    /// than every other.
    pub(super) leaders: Vec<usize>,
    /// The leaders that differ from the worst.
    pub(super) best: Vec<usize>,
    /// The worst, and those that do not differ from it and differ from the best.
    pub(super) worst: Vec<usize>,
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
    let any = match is_noisy {
        true => farthest(samples, &medians).into_iter().any(|(one, other)| differ(one, other)),
        false => any_apart(samples),
    };
    if !any {
        return Difference::Same;
    }
    let extremes = better.and_then(|better| {
        let best_is_highest = better == Better::Higher;
        Some((extreme(samples, best_is_highest)?, extreme(samples, !best_is_highest)?))
    });
    let Some((best, worst)) = extremes.filter(|(best, worst)| differ(*best, *worst)) else {
        return Difference::Differs(Ranking::default());
    };
    let equals = |one: usize, other: usize| one == other || !differ(one, other);
    let all = 0..samples.len();
    let leaders: Vec<_> = all.clone().filter(|one| equals(*one, best)).collect();
    Difference::Differs(Ranking {
        best: leaders.iter().copied().filter(|one| !equals(*one, worst)).collect(),
        worst: all.filter(|one| equals(*one, worst) && !equals(*one, best)).collect(),
        leaders,
    })
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

    fn ranked(best: &[usize], worst: &[usize]) -> Difference {
        let (best, worst) = (best.to_vec(), worst.to_vec());
        Difference::Differs(Ranking { leaders: best.clone(), best, worst })
    }

    fn sample(from: f64) -> Vec<f64> {
        (0..5).map(|n| from + f64::from(n)).collect()
    }

    #[test]
    fn a_noisy_metric_differs_if_no_two_of_five_trials_overlap() {
        let found =
            |one: Vec<f64>, other: Vec<f64>| difference(&[one, other], true, Some(Better::Higher));
        assert_eq!(found(sample(100.0), sample(120.0)), ranked(&[1], &[0]));
        assert_eq!(found(sample(120.0), sample(100.0)), ranked(&[0], &[1]));
        let mut overlapping = sample(120.0);
        overlapping[4] = 101.5;
        assert_eq!(found(sample(100.0), overlapping), Difference::Same);
        assert_eq!(found(sample(100.0), sample(109.0)), Difference::Same, "less than a tenth");
        assert_eq!(found(sample(100.0), sample(100.0)), Difference::Same);
        assert_eq!(found(sample(100.0), vec![500.0; 4]), Difference::Unknown { trials: 4 });
    }

    #[test]
    fn values_that_do_not_differ_share_their_place() {
        let found = |samples: &[Vec<f64>], better| difference(samples, true, Some(better));
        let four = [sample(100.0), sample(150.0), sample(125.0), sample(152.0)];
        assert_eq!(found(&four, Better::Higher), ranked(&[1, 3], &[0]));
        assert_eq!(found(&four, Better::Lower), ranked(&[0], &[1, 3]));
    }

    #[test]
    fn a_value_that_differs_from_neither_end_is_no_winner_and_no_loser() {
        let between = vec![100.0, 125.0, 130.0, 135.0, 160.0];
        let samples = [sample(100.0), between, sample(150.0)];
        let ranking = Ranking { leaders: vec![1, 2], best: vec![2], worst: vec![0] };
        let found = difference(&samples, true, Some(Better::Higher));
        assert_eq!(found, Difference::Differs(ranking));
    }

    #[test]
    fn there_is_no_best_if_it_does_not_differ_from_the_worst() {
        // The highest median is that of a sample that overlaps with all.
        let all_over = vec![50.0, 140.0, 141.0, 142.0, 143.0];
        let samples = [sample(100.0), all_over, sample(120.0)];
        let found = difference(&samples, true, Some(Better::Higher));
        assert_eq!(found, Difference::Differs(Ranking::default()));
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
        assert_eq!(
            difference(&values(5_000, 5), true, None),
            Difference::Differs(Ranking::default())
        );
    }

    #[test]
    fn a_count_differs_if_the_ranges_do_not_overlap() {
        let found = |samples: &[Vec<f64>]| difference(samples, false, None);
        let differs = Difference::Differs(Ranking::default());
        assert_eq!(found(&[vec![1.0], vec![2.0]]), differs);
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
