//! Distributions of latencies.

use hdrhistogram::Histogram;
use worker::metrics::LatencySummary;

/// Collects latencies of 1 ns to an hour, to three significant digits; recording neither
/// allocates nor fails.
#[derive(Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Self {
        const HOUR_NS: u64 = 3_600_000_000_000;
        Self(Histogram::new_with_bounds(1, HOUR_NS, 3).expect("bounds that a histogram can have"))
    }

    pub(crate) fn record(&mut self, nanoseconds: u64) {
        self.0.saturating_record(nanoseconds);
    }

    pub(crate) fn summary(&self) -> LatencySummary {
        if self.0.is_empty() {
            return LatencySummary::default();
        }
        LatencySummary {
            count: self.0.len(),
            mean_ns: self.0.mean(),
            p50_ns: self.0.value_at_quantile(0.5),
            p90_ns: self.0.value_at_quantile(0.9),
            p99_ns: self.0.value_at_quantile(0.99),
            p999_ns: self.0.value_at_quantile(0.999),
            max_ns: self.0.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_recorded_is_all_zero() {
        assert_eq!(Latencies::new().summary(), LatencySummary::default());
    }

    #[test]
    fn latencies_have_three_digits() {
        let mut latencies = Latencies::new();
        for milliseconds in 1..=1000 {
            latencies.record(milliseconds * 1_000_000);
        }
        latencies.record(u64::MAX);
        let found = latencies.summary();
        assert_eq!(found.count, 1001);
        for (value, nominal) in
            [(found.p50_ns, 501e6), (found.p90_ns, 901e6), (found.p99_ns, 991e6)]
        {
            assert!((value as f64 / nominal - 1.0).abs() < 2e-3, "{value} for {nominal}");
        }
        assert!(found.max_ns >= 3_600_000_000_000, "beyond an hour counts as an hour");
    }
}
