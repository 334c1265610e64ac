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

    /// Records a latency so many times.
    fn record_times(&mut self, nanoseconds: u64, times: u64) {
        self.0.saturating_record_n(nanoseconds, times);
    }

    /// Adds the latencies that another has recorded.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("the bounds are the same");
    }

    /// Records the latencies of what arrived at once.
    pub(crate) fn batch(&mut self) -> LatencyBatch<'_> {
        LatencyBatch { latencies: self, nanoseconds: 0, times: 0 }
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

/// Latencies of what arrived at once: those that follow one another are often equal, and are
/// recorded together, at the latest when this is dropped.
#[derive(Debug)]
pub(crate) struct LatencyBatch<'a> {
    latencies: &'a mut Latencies,
    nanoseconds: u64,
    times: u64,
}

impl LatencyBatch<'_> {
    #[inline]
    pub(crate) fn record(&mut self, nanoseconds: u64) {
        if nanoseconds != self.nanoseconds {
            self.flush();
            self.nanoseconds = nanoseconds;
        }
        self.times += 1;
    }

    fn flush(&mut self) {
        if self.times > 0 {
            self.latencies.record_times(self.nanoseconds, std::mem::take(&mut self.times));
        }
    }
}

impl Drop for LatencyBatch<'_> {
    fn drop(&mut self) {
        self.flush();
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
    fn a_batch_records_each_latency_as_often_as_it_came() {
        let (mut single, mut batched) = (Latencies::new(), Latencies::new());
        let mut batch = batched.batch();
        for nanoseconds in [0, 0, 5_000, 5_000, 5_000, 7_000, 5_000, 0, u64::MAX, u64::MAX] {
            single.record(nanoseconds);
            batch.record(nanoseconds);
        }
        drop(batch);
        assert_eq!(batched.summary(), single.summary());
        drop(batched.batch());
        assert_eq!(batched.summary().count, 10);
        batched.add(&single);
        assert_eq!(batched.summary().count, 20);
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
