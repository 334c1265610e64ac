//! A distribution of durations.

use hdrhistogram::Histogram;
use worker::metrics::DurationSummary;

/// Durations of up to an hour, to three digits; a longer one counts as an
/// hour.
#[derive(Debug)]
pub(crate) struct Durations(Histogram<u64>);

const HOUR_NS: u64 = 3_600_000_000_000;

impl Default for Durations {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, HOUR_NS, 3).expect("the bounds are in order"))
    }
}

impl Durations {
    pub(crate) fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all have the same bounds");
    }

    pub(crate) fn summary(&self) -> DurationSummary {
        DurationSummary {
            count: self.0.len(),
            mean_ns: self.0.mean(),
            p99_ns: self.0.value_at_quantile(0.99),
            max_ns: self.0.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_measured_is_all_zero() {
        assert_eq!(Durations::default().summary(), DurationSummary::default());
    }

    #[test]
    fn metrics_are_correct_to_three_digits() {
        let mut durations = Durations::default();
        (1..=1000).for_each(|step| durations.record(step * 1_000_000));
        let summary = durations.summary();
        let near = |value: f64, exact: f64| (value / exact - 1.0).abs() < 0.001;
        assert_eq!(summary.count, 1000);
        assert!(near(summary.mean_ns, 500.5e6), "{summary:?}");
        assert!(near(summary.p99_ns as f64, 990e6), "{summary:?}");
        assert!(near(summary.max_ns as f64, 1000e6), "{summary:?}");
    }

    #[test]
    fn extremes_are_counted() {
        let mut durations = Durations::default();
        durations.record(0);
        durations.record(u64::MAX);
        let summary = durations.summary();
        assert_eq!(summary.count, 2);
        assert!(summary.max_ns >= HOUR_NS, "{summary:?}");
    }
}
