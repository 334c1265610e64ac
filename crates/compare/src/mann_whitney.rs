//! The Mann–Whitney test: do two samples come from the same distribution?

/// Up to this product of the samples' sizes (50 by 50) the p-value is exact.
/// Counting all ways takes time with the fourth power of the size; beyond, the
/// normal approximation is within a hundredth of it.
const EXACT_UP_TO: usize = 2_500;

/// The two-sided p-value of two samples, from 0 to 1; 1 where one is empty.
///
/// It is the share of all ways to deal the pooled figures into samples of these
/// sizes whose rank sum lies as far from its mean as the one at hand, or
/// farther. Ties are part of the pool, so that the test is exact with them too.
pub(crate) fn p_value(one: &[f64], other: &[f64]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 1.0;
    }
    let pool = Pool::of(one, other);
    if one.len() * other.len() <= EXACT_UP_TO { pool.exact() } else { pool.approximate() }
}

/// Two samples pooled. Ranks are doubled, which makes those of ties whole
/// numbers, and every comparison of rank sums exact.
struct Pool {
    /// Of all figures, ascending.
    doubled_ranks: Vec<usize>,
    /// Of the figures of the smaller sample.
    doubled_sum: usize,
    smaller: usize,
    /// How many figures are equal, for each group of equal ones.
    ties: Vec<usize>,
}

impl Pool {
    fn of(one: &[f64], other: &[f64]) -> Self {
        let (small, large) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        let small_figures = small.iter().map(|&figure| (figure, true));
        let mut figures: Vec<(f64, bool)> =
            small_figures.chain(large.iter().map(|&figure| (figure, false))).collect();
        figures.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut pool =
            Self { doubled_ranks: vec![], doubled_sum: 0, smaller: small.len(), ties: vec![] };
        for equal in figures.chunk_by(|a, b| a.0 == b.0) {
            let before = pool.doubled_ranks.len();
            // The mean of the ranks before + 1 to before + n, twice.
            let doubled_rank = 2 * before + equal.len() + 1;
            pool.doubled_ranks.extend(equal.iter().map(|_| doubled_rank));
            pool.doubled_sum += doubled_rank * equal.iter().filter(|(_, small)| *small).count();
            pool.ties.push(equal.len());
        }
        pool
    }

    /// The mean of the doubled rank sum over all ways to deal: a whole number.
    fn doubled_mean(&self) -> usize {
        self.smaller * (self.doubled_ranks.len() + 1)
    }

    fn distance(&self) -> usize {
        self.doubled_sum.abs_diff(self.doubled_mean())
    }

    /// Counts the ways by their rank sum, one figure after the other.
    ///
    /// Counts are whole up to 2^53; beyond, they are rounded, always by less
    /// than one part in 2^53 for each figure of the pool.
    fn exact(&self) -> f64 {
        let most: usize = self.doubled_ranks.iter().rev().take(self.smaller).sum();
        // Of each number of figures chosen so far: ways to each sum.
        let mut ways = vec![vec![0.0_f64; most + 1]; self.smaller + 1];
        ways[0][0] = 1.0;
        for &rank in &self.doubled_ranks {
            for chosen in (1..=self.smaller).rev() {
                let (fewer, more) = ways.split_at_mut(chosen);
                let without = &fewer[chosen - 1][..=most.saturating_sub(rank)];
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

    /// By the normal distribution of the same mean and variance, corrected for
    /// ties and for the steps of the rank sum.
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

/// The probability that a standard normal figure is at least so far from 0:
/// erfc(z/√2), by Chebyshev fitting (Numerical Recipes, erfcc), to 1.2 parts in
/// ten million.
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

    /// By dealing the pool in every way, and counting pairs instead of ranks.
    fn enumerated(one: &[f64], other: &[f64]) -> f64 {
        let pool: Vec<f64> = one.iter().chain(other).copied().collect();
        // Twice U less its mean: 2 for a pair won, 1 for a tie.
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
        let at_hand = distance((1 << one.len()) - 1);
        let deals = (0..1_u32 << pool.len()).filter(|deal| deal.count_ones() as usize == one.len());
        let distances: Vec<_> = deals.map(distance).collect();
        let as_far = distances.iter().filter(|&&distance| distance >= at_hand).count();
        as_far as f64 / distances.len() as f64
    }

    /// Figures of which many are equal.
    fn sample() -> impl Strategy<Value = Vec<f64>> {
        vec((0..6_u8).prop_map(f64::from), 1..=6)
    }

    proptest! {
        #[test]
        fn it_is_the_share_of_all_deals(one in sample(), other in sample()) {
            let (computed, counted) = (p_value(&one, &other), enumerated(&one, &other));
            prop_assert!((computed - counted).abs() < 1e-12, "{computed} is not {counted}");
        }

        #[test]
        fn neither_sample_is_the_first(one in vec(-9..9_i32, 1..20), other in vec(-9..9_i32, 1..20)) {
            let figures = |sample: &[i32]| sample.iter().copied().map(f64::from).collect::<Vec<_>>();
            let mirrored = |sample: &[i32]| figures(sample).iter().map(|figure| -figure).collect::<Vec<_>>();
            let p = p_value(&figures(&one), &figures(&other));
            let swapped = p_value(&figures(&other), &figures(&one));
            prop_assert!((p - swapped).abs() < 1e-12);
            prop_assert!((p - p_value(&mirrored(&one), &mirrored(&other))).abs() < 1e-12);
        }
    }

    fn range(from: u32, to: u32) -> Vec<f64> {
        (from..to).map(f64::from).collect()
    }

    #[test]
    fn samples_that_do_not_overlap_are_the_rarest_deals() {
        // Two of C(10, 5) = 252 and of C(20, 10) = 184 756.
        assert!((p_value(&range(0, 5), &range(5, 10)) - 2.0 / 252.0).abs() < 1e-15);
        assert!((p_value(&range(10, 20), &range(0, 10)) - 2.0 / 184_756.0).abs() < 1e-17);
    }

    #[test]
    fn what_says_nothing_is_1() {
        assert_eq!(p_value(&[3.0; 10], &[3.0; 12]), 1.0);
        assert_eq!(p_value(&[3.0; 80], &[3.0; 80]), 1.0);
        assert_eq!(p_value(&[], &[3.0]), 1.0);
        assert_eq!(p_value(&[0.0], &[-0.0]), 1.0);
    }

    #[test]
    fn the_approximation_joins_the_exact_distribution() {
        for (shift, modulus) in [(0, 1_000), (4, 1_000), (9, 1_000), (14, 1_000), (6, 11)] {
            let one: Vec<f64> = (0..50).map(|n| f64::from(n * 7 % modulus)).collect();
            let other: Vec<f64> = (0..50).map(|n| f64::from((n + shift) * 7 % modulus)).collect();
            let pool = Pool::of(&one, &other);
            let (exact, approximate) = (pool.exact(), pool.approximate());
            assert!((exact - approximate).abs() < 0.01, "{shift}: {exact}, {approximate}");
        }
    }
}
