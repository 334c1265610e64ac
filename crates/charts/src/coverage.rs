//! Which parts of a time axis have samples, per column of pixels.

use crate::gap::Gap;
use crate::window::Window;

/// A column without a sample is unsampled if gaps cover more of it than this.
const EMPTY: f64 = 0.5;
/// A column with samples is unsampled if more of its ticks were missed than this: a probe
/// that misses every other tick covers each column, one that samples every eighth does not.
const SPARSE: f64 = 0.67;

/// Fewer sampled columns between gaps are drawn as single samples, not as a line.
const LONE: usize = 3;

/// Which columns are covered by samples.
#[derive(Debug)]
pub(crate) struct Coverage {
    window: Window,
    sampled: Vec<bool>,
}

impl Coverage {
    /// The coverage of a window in that many columns; gaps and sample times are in order.
    pub(crate) fn new(window: Window, columns: usize, gaps: &[Gap], samples: &[u64]) -> Self {
        let column = |ns: u64| {
            let share = ns.saturating_sub(window.from) as f64 / window.length() as f64;
            (share * columns as f64).min(columns as f64)
        };
        // Per column, the share covered by gaps and the share of missed ticks.
        let mut gap_shares = vec![(0.0, 0.0); columns];
        for gap in gaps.iter().filter(|gap| gap.to > window.from && gap.from < window.to) {
            let (from, to) = (column(gap.from), column(gap.to));
            let missed = gap.missed as f64 / (gap.missed as f64 + 1.0);
            let last = (to.ceil() as usize).min(columns);
            for (index, shares) in gap_shares.iter_mut().enumerate().take(last).skip(from as usize)
            {
                let part = to.min((index + 1) as f64) - from.max(index as f64);
                shares.0 += part;
                shares.1 += part * missed;
            }
        }
        let mut has_sample = vec![false; columns];
        for &at in samples.iter().filter(|&&at| (window.from..=window.to).contains(&at)) {
            has_sample[(column(at) as usize).min(columns - 1)] = true;
        }
        let sampled =
            gap_shares.iter().zip(has_sample).map(|(shares, has_sample)| match has_sample {
                false => shares.0 <= EMPTY,
                true => shares.1 <= SPARSE,
            });
        let mut coverage = Self { window, sampled: sampled.collect() };
        for (from, to) in coverage.runs(true).into_iter().filter(|(from, to)| to - from < LONE) {
            coverage.sampled[from..to].fill(false);
        }
        coverage
    }

    /// The windows with samples.
    pub(crate) fn sampled(&self) -> Vec<Window> {
        self.windows(true)
    }

    /// The windows without samples, except for single ones.
    pub(crate) fn unsampled(&self) -> Vec<Window> {
        self.windows(false)
    }

    fn windows(&self, is_sampled: bool) -> Vec<Window> {
        let at = |column: usize| {
            let share = column as f64 / self.sampled.len() as f64;
            self.window.from + (share * self.window.length() as f64).round() as u64
        };
        self.runs(is_sampled)
            .into_iter()
            .map(|(from, to)| Window { from: at(from), to: at(to) })
            .collect()
    }

    fn runs(&self, is_sampled: bool) -> Vec<(usize, usize)> {
        let mut start = 0;
        let mut runs = Vec::new();
        for run in self.sampled.chunk_by(|one, other| one == other) {
            if run[0] == is_sampled {
                runs.push((start, start + run.len()));
            }
            start += run.len();
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// The gaps between samples at these milliseconds that are more than one apart.
    fn coverage(samples: &[u64], until: u64, columns: usize) -> Coverage {
        let pairs = samples.windows(2).filter(|pair| pair[1] > pair[0] + 1);
        let gap = |pair: &[u64]| Gap {
            from: pair[0] * MS,
            to: pair[1] * MS,
            missed: pair[1] - pair[0] - 1,
        };
        let gaps: Vec<_> = pairs.map(gap).collect();
        let samples: Vec<_> = samples.iter().map(|at| at * MS).collect();
        Coverage::new(Window { from: 0, to: until * MS }, columns, &gaps, &samples)
    }

    fn unsampled(coverage: &Coverage) -> Vec<(u64, u64)> {
        coverage.unsampled().iter().map(|gap| (gap.from / MS, gap.to / MS)).collect()
    }

    #[test]
    fn samples_of_each_eighth_tick_are_not_a_line() {
        let samples: Vec<u64> = (0..100).chain((100..900).step_by(8)).chain(900..=1_000).collect();
        for columns in [100, 250, 1_000, 4_000] {
            let coverage = coverage(&samples, 1_000, columns);
            let [(from, to)] = unsampled(&coverage)[..] else { panic!("{columns}: {coverage:?}") };
            assert!(from.abs_diff(100) <= 10 && to.abs_diff(900) <= 10, "{columns}: {from} {to}");
            let sampled: Vec<_> =
                coverage.sampled().iter().map(|w| (w.from / MS, w.to / MS)).collect();
            assert_eq!(sampled, [(0, from), (to, 1_000)]);
        }
    }

    #[test]
    fn a_missed_tick_is_no_gap_in_a_column_with_samples() {
        let samples: Vec<u64> = (0..=1_000).step_by(2).collect();
        assert_eq!(unsampled(&coverage(&samples, 1_000, 100)), []);
        assert_eq!(unsampled(&coverage(&samples, 1_000, 500)), []);
        // With a column for each tick it is one gap, and its samples are points.
        assert_eq!(unsampled(&coverage(&samples[..4], 6, 60)), [(0, 6)]);
    }

    #[test]
    fn a_gap_of_half_a_column_is_unsampled() {
        let samples: Vec<u64> = (0..=500).chain(504..=1_000).collect();
        assert_eq!(unsampled(&coverage(&samples, 1_000, 50)), []);
        assert_eq!(unsampled(&coverage(&samples, 1_000, 250)), [(500, 504)]);
    }
}
