//! The Mann–Whitney test of whether two samples come from the same distribution.

/// The largest product of the samples' sizes (50 by 50) with an exact p-value. The time of
/// the exact count grows with the fourth power of the size; for larger samples the normal
/// approximation is within a hundredth of it.
const MAX_EXACT_PRODUCT: usize = 2_500;

/// The largest product whose exact count takes no longer than its approximation deserves.
const MIN_APPROXIMATED_PRODUCT: usize = 100;

/// More than the error of the approximation above [`MIN_APPROXIMATED_PRODUCT`].
const FAR_ABOVE: f64 = 0.05;

/// The two-sided p-value of two samples, from 0 to 1; 1 if one is empty.
///
/// It is the share of all ways to split the pooled values into samples of these sizes whose
/// rank sum is at least as far from its mean as the observed one. The count includes ties,
/// so the test is exact with ties too.
pub fn p_value(one: &[f64], other: &[f64]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 1.0;
    }
    let pool = Pool::new(one, other);
    if one.len() * other.len() <= MAX_EXACT_PRODUCT { pool.exact() } else { pool.approximate() }
}

/// Whether the p-value of two samples is at most `most`: the same as with [`p_value`], but
/// without the exact count where the approximation is far above it.
pub fn is_significant(one: &[f64], other: &[f64], most: f64) -> bool {
    let product = one.len() * other.len();
    let can_be = product <= MIN_APPROXIMATED_PRODUCT
        || product > MAX_EXACT_PRODUCT
        || Pool::new(one, other).approximate() <= most + FAR_ABOVE;
    can_be && p_value(one, other) <= most
}

/// The steps of a [`p_value`] of samples of these sizes, about.
pub fn steps(one: usize, other: usize) -> u64 {
    let [smaller, all] = [one.min(other), one + other].map(|size| size as u64);
    if one * other <= MAX_EXACT_PRODUCT { 2 * (smaller * all).pow(2) } else { all }
}

/// Two samples pooled. Ranks are doubled, which makes the ranks of ties whole numbers and
/// comparisons of rank sums exact.
struct Pool {
    /// The ranks of all values, ascending.
    doubled_ranks: Vec<usize>,
    /// The sum of the ranks of the smaller sample.
    doubled_sum: usize,
    /// The size of the smaller sample.
    smaller: usize,
    /// The size of each group of equal values.
    ties: Vec<usize>,
}

impl Pool {
    fn new(one: &[f64], other: &[f64]) -> Self {
        let (small, large) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        let small_values = small.iter().map(|&value| (value, true));
        let mut values: Vec<(f64, bool)> =
            small_values.chain(large.iter().map(|&value| (value, false))).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut pool =
            Self { doubled_ranks: vec![], doubled_sum: 0, smaller: small.len(), ties: vec![] };
        for equal in values.chunk_by(|a, b| a.0 == b.0) {
            let before = pool.doubled_ranks.len();
            // The mean of the ranks before + 1 to before + n, twice.
            let doubled_rank = 2 * before + equal.len() + 1;
            pool.doubled_ranks.extend(equal.iter().map(|_| doubled_rank));
            pool.doubled_sum += doubled_rank * equal.iter().filter(|(_, small)| *small).count();
            pool.ties.push(equal.len());
        }
        pool
    }

    /// The mean of the doubled rank sum over all splits: a whole number.
    fn doubled_mean(&self) -> usize {
        self.smaller * (self.doubled_ranks.len() + 1)
    }

    fn distance(&self) -> usize {
        self.doubled_sum.abs_diff(self.doubled_mean())
    }

    /// Counts the splits by their rank sum, adding one value after the other.
    ///
    /// Counts are exact up to 2^53; larger ones are rounded by less than one part in 2^53
    /// for each value of the pool.
    fn exact(&self) -> f64 {
        let max_sum: usize = self.doubled_ranks.iter().rev().take(self.smaller).sum();
        // For each number of values chosen so far: the ways to reach each sum.
        let mut ways = vec![vec![0.0_f64; max_sum + 1]; self.smaller + 1];
        ways[0][0] = 1.0;
        for &rank in &self.doubled_ranks {
            for chosen in (1..=self.smaller).rev() {
                let (fewer, more) = ways.split_at_mut(chosen);
                let without = &fewer[chosen - 1][..=max_sum.saturating_sub(rank)];
                for (with, without) in more[0].iter_mut().skip(rank).zip(without) {
                    *with += without;
                }
            }
        }
        let ways = &ways[self.smaller];
        let (mean, distance) = (self.doubled_mean(), self.distance());
        let as_far = ways.iter().enumerate().filter(|(sum, _)| sum.abs_diff(mean) >= distance);
        let as_far: f64 = as_far.map(|(_, ways)| ways).sum();
        (as_far / ways.iter().sum::<f64>()).min(1.0)
    }

    /// Uses the normal distribution with the same mean and variance, corrected for ties and
    /// for the steps of the rank sum.
    fn approximate(&self) -> f64 {
        let all = self.doubled_ranks.len() as f64;
        let product = self.smaller as f64 * (all - self.smaller as f64);
        let cubes = |n: f64| n * n * n - n;
        let tied: f64 = self.ties.iter().map(|&n| cubes(n as f64)).sum();
        let variance = product / 12.0 * ((all + 1.0) - tied / (all * (all - 1.0)));
        if variance <= 0.0 {
            return 1.0;
        }
        let distance = (self.distance() as f64 / 2.0 - 0.5).max(0.0);
        both_tails(distance / variance.sqrt())
    }
}

/// The probability that a standard normal value is at least `z` away from 0: erfc(z/√2), by
/// Chebyshev fitting (Numerical Recipes, erfcc), to 1.2 parts in ten million.
fn both_tails(z: f64) -> f64 {
    const COEFFICIENTS: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let series = COEFFICIENTS.iter().rev().fold(0.0, |sum, coefficient| sum * t + coefficient);
    (t * (series - x * x).exp()).min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Splits the pool in every way, and counts pairs instead of ranks.
    fn enumerated(one: &[f64], other: &[f64]) -> f64 {
        let pool: Vec<f64> = one.iter().chain(other).copied().collect();
        // Twice the distance of U from its mean: 2 for each pair won, 1 for each tie.
        let distance = |chosen: u32| {
            let is_chosen = |index: usize| chosen & (1 << index) != 0;
            let mut doubled_u = 0_i64;
            for first in (0..pool.len()).filter(|&index| is_chosen(index)) {
                for second in (0..pool.len()).filter(|&index| !is_chosen(index)) {
                    doubled_u += match pool[first].total_cmp(&pool[second]) {
                        std::cmp::Ordering::Greater => 2,
                        std::cmp::Ordering::Equal => 1,
                        std::cmp::Ordering::Less => 0,
                    };
                }
            }
            (doubled_u - (one.len() * other.len()) as i64).abs()
        };
        let observed = distance((1 << one.len()) - 1);
        let splits =
            (0..1_u32 << pool.len()).filter(|split| split.count_ones() as usize == one.len());
        let distances: Vec<_> = splits.map(distance).collect();
        let as_far = distances.iter().filter(|&&distance| distance >= observed).count();
        as_far as f64 / distances.len() as f64
    }

    /// A sample with many equal values.
    fn sample() -> impl Strategy<Value = Vec<f64>> {
        vec((0..6_u8).prop_map(f64::from), 1..=6)
    }

    proptest! {
        #[test]
        fn the_p_value_is_the_share_of_all_splits(one in sample(), other in sample()) {
            let (computed, counted) = (p_value(&one, &other), enumerated(&one, &other));
            prop_assert!((computed - counted).abs() < 1e-12, "{computed} is not {counted}");
        }

        #[test]
        fn significance_is_that_of_the_p_value(
            one in vec(-9..9_i32, 9..16),
            other in vec(-9..9_i32, 9..16),
            shift in 0..12_i32,
        ) {
            let floats = |sample: &[i32], by| -> Vec<f64> {
                sample.iter().map(|value| f64::from(value + by)).collect()
            };
            let (one, other) = (floats(&one, 0), floats(&other, shift));
            for most in [0.01, 0.05] {
                prop_assert_eq!(is_significant(&one, &other, most), p_value(&one, &other) <= most);
            }
        }

        #[test]
        fn the_order_of_the_samples_does_not_matter(one in vec(-9..9_i32, 1..20), other in vec(-9..9_i32, 1..20)) {
            let floats = |sample: &[i32]| sample.iter().copied().map(f64::from).collect::<Vec<_>>();
            let mirrored = |sample: &[i32]| floats(sample).iter().map(|value| -value).collect::<Vec<_>>();
            let p = p_value(&floats(&one), &floats(&other));
            let swapped = p_value(&floats(&other), &floats(&one));
            prop_assert!((p - swapped).abs() < 1e-12);
            prop_assert!((p - p_value(&mirrored(&one), &mirrored(&other))).abs() < 1e-12);
        }
    }

    fn range(from: u32, to: u32) -> Vec<f64> {
        (from..to).map(f64::from).collect()
    }

    #[test]
    fn samples_that_do_not_overlap_are_the_rarest_splits() {
        // Two of C(10, 5) = 252 and of C(20, 10) = 184 756.
        assert!((p_value(&range(0, 5), &range(5, 10)) - 2.0 / 252.0).abs() < 1e-15);
        assert!((p_value(&range(10, 20), &range(0, 10)) - 2.0 / 184_756.0).abs() < 1e-17);
    }

    #[test]
    fn the_p_value_of_equal_or_empty_samples_is_1() {
        assert_eq!(p_value(&[3.0; 10], &[3.0; 12]), 1.0);
        assert_eq!(p_value(&[3.0; 80], &[3.0; 80]), 1.0);
        assert_eq!(p_value(&[], &[3.0]), 1.0);
        assert_eq!(p_value(&[0.0], &[-0.0]), 1.0);
    }

    #[test]
    fn the_approximation_is_close_to_the_exact_p_value() {
        for (shift, modulus) in [(0, 1_000), (4, 1_000), (9, 1_000), (14, 1_000), (6, 11)] {
            let one: Vec<f64> = (0..50).map(|n| f64::from(n * 7 % modulus)).collect();
            let other: Vec<f64> = (0..50).map(|n| f64::from((n + shift) * 7 % modulus)).collect();
            let pool = Pool::new(&one, &other);
            let (exact, approximate) = (pool.exact(), pool.approximate());
            assert!((exact - approximate).abs() < 0.01, "{shift}: {exact}, {approximate}");
        }
    }
}
