//! A histogram of latencies.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Bins per power of ten.
const BINS_PER_DECADE: u8 = 10;
/// The last bin, which ends at 1000 s.
const LAST_BIN: u8 = 9 * BINS_PER_DECADE - 1;

/// A histogram of latencies with ten bins per power of ten; only bins that are not empty
/// are stored. Bin n, 0 to 89, counts latencies from 10^(n/10) µs up to the start of the
/// next bin: bin 0 starts at 1 µs, 30 at 1 ms, 60 at 1 s. The first bin also counts
/// latencies below 1 µs, the last one those of 1000 s and more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct LatencyHistogram(#[serde(deserialize_with = "bins")] BTreeMap<u8, u64>);

/// One bin of a [`LatencyHistogram`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencyBin {
    /// Its start, nanoseconds.
    pub from_ns: u64,
    /// The start of the next bin, nanoseconds.
    pub to_ns: u64,
    /// Latencies in it.
    pub count: u64,
}

/// The starts of the bins after the first one, nanoseconds.
static EDGES: LazyLock<Vec<u64>> = LazyLock::new(|| (1..=LAST_BIN).map(edge).collect());

impl LatencyHistogram {
    /// Counts a latency.
    pub fn record(&mut self, ns: u64) {
        let bin = EDGES.partition_point(|&edge| edge <= ns) as u8;
        *self.0.entry(bin).or_default() += 1;
    }

    /// Whether it has counted nothing.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Adds the latencies of another histogram.
    pub fn add(&mut self, other: &Self) {
        for (&bin, &count) in &other.0 {
            // A file may contain a bin that does not exist.
            let sum = self.0.entry(bin.min(LAST_BIN)).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    /// The bins that are not empty, shortest latencies first.
    pub fn bins(&self) -> impl DoubleEndedIterator<Item = LatencyBin> {
        self.0.iter().filter(|&(_, &count)| count > 0).map(|(&bin, &count)| {
            let bin = bin.min(LAST_BIN);
            LatencyBin { from_ns: edge(bin), to_ns: edge(bin + 1), count }
        })
    }

    /// The number of latencies.
    pub fn count(&self) -> u64 {
        self.0.values().fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// The bin of the median; `None` if the histogram is empty.
    pub fn median(&self) -> Option<LatencyBin> {
        let half = self.count().div_ceil(2);
        let mut passed = 0_u64;
        self.bins().find(|bin| {
            passed = passed.saturating_add(bin.count);
            passed >= half
        })
    }
}

/// Counts latencies in nanoseconds.
impl FromIterator<u64> for LatencyHistogram {
    fn from_iter<I: IntoIterator<Item = u64>>(latencies: I) -> Self {
        let mut histogram = Self::default();
        latencies.into_iter().for_each(|ns| histogram.record(ns));
        histogram
    }
}

/// The bins. Within a message that is tagged by its kind, serde does not read the keys of a JSON
/// object as numbers.
fn bins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u8, u64>, D::Error> {
    let bins = BTreeMap::<String, u64>::deserialize(deserializer)?;
    let number = |(bin, count): (String, u64)| match bin.parse() {
        Ok(bin) => Ok((bin, count)),
        Err(_) => Err(D::Error::custom(format!("`{bin}` is no bin of a histogram"))),
    };
    bins.into_iter().map(number).collect()
}

/// The start of a bin, nanoseconds.
fn edge(bin: u8) -> u64 {
    (1e3 * 10_f64.powf(f64::from(bin) / f64::from(BINS_PER_DECADE))).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_bin_includes_its_start_and_excludes_its_end() {
        let around = [SECOND - 1, SECOND, 1_258_925_411, 1_258_925_412];
        let histogram: LatencyHistogram = around.into_iter().collect();
        let bins: Vec<_> =
            histogram.bins().map(|bin| (bin.from_ns, bin.to_ns, bin.count)).collect();
        let expected = [
            (794_328_235, SECOND, 1),
            (SECOND, 1_258_925_412, 2),
            (1_258_925_412, 1_584_893_192, 1),
        ];
        assert_eq!(bins, expected);
        assert_eq!(serde_json::to_string(&histogram).unwrap(), r#"{"59":1,"60":2,"61":1}"#);
    }

    #[test]
    fn powers_of_ten_start_a_bin() {
        for (power, bin) in (3..=11).zip((0..).step_by(10)) {
            assert_eq!(edge(bin), 10_u64.pow(power));
        }
    }

    #[test]
    fn latencies_beyond_either_end_are_in_the_outermost_bins() {
        let histogram: LatencyHistogram = [0, 999, 1_000 * SECOND, u64::MAX].into_iter().collect();
        let bins: Vec<_> = histogram.bins().collect();
        assert_eq!(bins[0], LatencyBin { from_ns: 1_000, to_ns: 1_259, count: 2 });
        assert_eq!((bins[1].to_ns, bins[1].count, bins.len()), (1_000 * SECOND, 2, 2));
    }

    #[test]
    fn the_median_of_two_modes_is_in_the_larger_one() {
        let quick: LatencyHistogram = std::iter::repeat_n(1_000_000, 19).collect();
        let slow: LatencyHistogram = std::iter::repeat_n(SECOND, 22).collect();
        let mut both = quick.clone();
        both.add(&slow);
        assert_eq!((both.count(), both.bins().count()), (41, 2));
        assert_eq!(both.median().unwrap().from_ns, SECOND);
        assert_eq!(quick.median().unwrap().from_ns, 1_000_000);
        assert_eq!(LatencyHistogram::default().median(), None);
    }

    #[test]
    fn impossible_bins_and_counts_are_read() {
        let absurd: LatencyHistogram =
            serde_json::from_value(serde_json::json!({ "200": u64::MAX, "255": u64::MAX }))
                .unwrap();
        let mut pooled = LatencyHistogram::default();
        pooled.add(&absurd);
        pooled.add(&absurd);
        assert_eq!((pooled.count(), pooled.bins().count()), (u64::MAX, 1));
        assert_eq!(pooled.median().unwrap().to_ns, 1_000 * SECOND);
    }

    #[test]
    fn it_is_read_within_a_tagged_message() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "event")]
        enum Message {
            Done { histogram: LatencyHistogram },
        }
        let done = Message::Done { histogram: [5_000, SECOND].into_iter().collect() };
        let text = serde_json::to_string(&done).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&text).unwrap(), done, "{text}");
        let wrong = serde_json::from_str::<LatencyHistogram>(r#"{"x": 1}"#).unwrap_err();
        assert!(wrong.to_string().contains("`x` is no bin"), "{wrong}");
    }
}
