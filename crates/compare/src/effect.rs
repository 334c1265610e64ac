//! How large a difference is, whatever its p-value.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Times that the trials are drawn again for an interval.
const RESAMPLES: usize = 2_000;

/// The share of an interval's resamples within it.
const COVERED: f64 = 0.95;

/// Cliff's delta, from -1 to 1: of all pairs of a new and an old figure, the
/// share in which the new one is larger, less the share in which it is smaller.
/// 0 where a sample is empty.
pub(crate) fn cliffs_delta(old: &[f64], new: &[f64]) -> f64 {
    let pairs = new.iter().flat_map(|new| old.iter().map(move |old| (old, new)));
    let (mut larger, mut smaller) = (0_i64, 0_i64);
    for (old, new) in pairs {
        larger += i64::from(new > old);
        smaller += i64::from(new < old);
    }
    (larger - smaller) as f64 / (old.len() * new.len()).max(1) as f64
}

/// The median; none of nothing.
pub(crate) fn median(figures: &[f64]) -> Option<f64> {
    run_view::number::Spread::of(figures.iter().copied()).map(|spread| spread.median)
}

/// The new median ÷ the old one: 1 where both are 0, infinite where only the
/// old one is; none where a sample is empty.
pub(crate) fn median_ratio(old: &[f64], new: &[f64]) -> Option<f64> {
    let (old, new) = (median(old)?, median(new)?);
    Some(if old == new { 1.0 } else { new / old })
}

/// The bootstrap's percentile interval of the ratio of medians, 95 %: trials are
/// drawn again, with replacement, each side from its own. The same seed finds
/// the same interval. None where a sample is empty.
pub(crate) fn ratio_interval(old: &[f64], new: &[f64], seed: u64) -> Option<(f64, f64)> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut drawn = |sample: &[f64]| -> Vec<f64> {
        sample.iter().map(|_| sample[rng.random_range(0..sample.len())]).collect()
    };
    let ratios: Option<Vec<f64>> =
        (0..RESAMPLES).map(|_| median_ratio(&drawn(old), &drawn(new))).collect();
    let mut ratios = ratios?;
    ratios.sort_by(f64::total_cmp);
    let outside = ((1.0 - COVERED) / 2.0 * RESAMPLES as f64) as usize;
    Some((ratios[outside], ratios[RESAMPLES - 1 - outside]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delta_counts_pairs() {
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[3.0, 4.0, 5.0]), 1.0);
        assert_eq!(cliffs_delta(&[3.0], &[1.0, 2.0]), -1.0);
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[1.0, 2.0]), 0.0);
        // Larger, equal, larger, larger of four pairs.
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[2.0, 3.0]), 0.75);
        assert_eq!(cliffs_delta(&[], &[1.0]), 0.0);
    }

    #[test]
    fn a_ratio_of_nothing_to_nothing_is_no_change() {
        assert_eq!(median_ratio(&[0.0, 0.0], &[0.0]), Some(1.0));
        assert_eq!(median_ratio(&[0.0], &[2.0]), Some(f64::INFINITY));
        assert_eq!(median_ratio(&[4.0], &[0.0]), Some(0.0));
        assert_eq!(median_ratio(&[4.0, 8.0], &[3.0]), Some(0.5));
        assert_eq!(median_ratio(&[], &[3.0]), None);
    }

    #[test]
    fn an_interval_is_the_seeds_and_covers_what_it_should() {
        // 20 figures around 100, and the same a quarter less.
        let old: Vec<f64> = (0..20).map(|n| 90.0 + f64::from(n)).collect();
        let new: Vec<f64> = old.iter().map(|figure| figure * 0.75).collect();
        let (low, high) = ratio_interval(&old, &new, 7).unwrap();
        assert_eq!(ratio_interval(&old, &new, 7), Some((low, high)));
        assert_ne!(ratio_interval(&old, &new, 8), Some((low, high)));
        assert!(low < 0.75 && 0.75 < high && 0.68 < low && high < 0.83, "{low} to {high}");
        assert_eq!(ratio_interval(&[2.0; 10], &[1.0; 10], 1), Some((0.5, 0.5)));
        assert_eq!(ratio_interval(&[], &[1.0], 1), None);
    }
}
