//! The size of a difference, which a p-value does not show.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Bootstrap resamples of an interval.
const RESAMPLES: usize = 2_000;

/// The share of the resamples that an interval covers.
const COVERAGE: f64 = 0.95;

/// Cliff's delta, from -1 to 1: of all pairs of a new and an old value, the share in which
/// the new one is larger minus the share in which it is smaller. 0 if a sample is empty.
pub fn cliffs_delta(old: &[f64], new: &[f64]) -> f64 {
    let pairs = new.iter().flat_map(|new| old.iter().map(move |old| (old, new)));
    let (mut larger, mut smaller) = (0_i64, 0_i64);
    for (old, new) in pairs {
        larger += i64::from(new > old);
        smaller += i64::from(new < old);
    }
    (larger - smaller) as f64 / (old.len() * new.len()).max(1) as f64
}

/// The median; `None` if there are no values.
pub fn median(values: &[f64]) -> Option<f64> {
    crate::number::Spread::from_values(values.iter().copied()).map(|spread| spread.median)
}

/// The new median ÷ the old one: 1 if both are 0, infinite if only the old one is; `None` if
/// a sample is empty.
pub fn median_ratio(old: &[f64], new: &[f64]) -> Option<f64> {
    let (old, new) = (median(old)?, median(new)?);
    Some(if old == new { 1.0 } else { new / old })
}

/// The bootstrap percentile interval, 95 %, of the ratio of medians: each side's trials are
/// resampled with replacement. The same seed gives the same interval. `None` if a sample is
/// empty.
pub fn ratio_interval(old: &[f64], new: &[f64], seed: u64) -> Option<(f64, f64)> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut resample = |sample: &[f64]| -> Vec<f64> {
        sample.iter().map(|_| sample[rng.random_range(0..sample.len())]).collect()
    };
    let ratios: Option<Vec<f64>> =
        (0..RESAMPLES).map(|_| median_ratio(&resample(old), &resample(new))).collect();
    let mut ratios = ratios?;
    ratios.sort_by(f64::total_cmp);
    let outside = ((1.0 - COVERAGE) / 2.0 * RESAMPLES as f64) as usize;
    Some((ratios[outside], ratios[RESAMPLES - 1 - outside]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cliffs_delta_counts_pairs() {
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[3.0, 4.0, 5.0]), 1.0);
        assert_eq!(cliffs_delta(&[3.0], &[1.0, 2.0]), -1.0);
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[1.0, 2.0]), 0.0);
        // Larger, equal, larger, larger of four pairs.
        assert_eq!(cliffs_delta(&[1.0, 2.0], &[2.0, 3.0]), 0.75);
        assert_eq!(cliffs_delta(&[], &[1.0]), 0.0);
    }

    #[test]
    fn the_ratio_of_two_zero_medians_is_1() {
        assert_eq!(median_ratio(&[0.0, 0.0], &[0.0]), Some(1.0));
        assert_eq!(median_ratio(&[0.0], &[2.0]), Some(f64::INFINITY));
        assert_eq!(median_ratio(&[4.0], &[0.0]), Some(0.0));
        assert_eq!(median_ratio(&[4.0, 8.0], &[3.0]), Some(0.5));
        assert_eq!(median_ratio(&[], &[3.0]), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_interval_around_the_ratio() {
        // 20 values around 100, and the same reduced by a quarter.
        let old: Vec<f64> = (0..20).map(|n| 90.0 + f64::from(n)).collect();
        let new: Vec<f64> = old.iter().map(|value| value * 0.75).collect();
        let (low, high) = ratio_interval(&old, &new, 7).unwrap();
        assert_eq!(ratio_interval(&old, &new, 7), Some((low, high)));
        assert_ne!(ratio_interval(&old, &new, 8), Some((low, high)));
        assert!(low < 0.75 && 0.75 < high && 0.68 < low && high < 0.83, "{low} to {high}");
        assert_eq!(ratio_interval(&[2.0; 10], &[1.0; 10], 1), Some((0.5, 0.5)));
        assert_eq!(ratio_interval(&[], &[1.0], 1), None);
    }
}
