//! The deepest accept queue of a trial, and how it is known.

use queue_model::observed_depth::DepthBounds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use worker::metrics::{DepthSource, ProbeSummary, TimelineRow};

/// The maximum of the connections in the accept queue during a trial, summed over all
/// listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueuePeak {
    /// It held at least this many.
    pub at_least: u32,
    /// It held at most this many; none if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// How `at_least` is known.
    pub shown_by: PeakSource,
    /// Readings of the depth by the accept loops.
    pub readings: u64,
    /// Samples of the probe.
    pub samples: u64,
}

/// How a depth is known. Of several ways, the first one here is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeakSource {
    /// An accept loop read it after an accept(2).
    AcceptLoop,
    /// The probe sampled it.
    Probe,
    /// The kernel counted an overflow, so the queue was full: it held one more than its limit.
    Overflow,
    /// The connections that had entered and those that had been taken.
    Events,
}

impl QueuePeak {
    /// The peak by everything that is known. `bounds` are those from all observations, if they
    /// were recorded; `overflows` is the kernel's count of them.
    pub fn new(
        probe: Option<&ProbeSummary>,
        timeline: &[TimelineRow],
        bounds: Option<&DepthBounds>,
        overflows: u64,
    ) -> Option<Self> {
        let of_loops = || timeline.iter().filter(|row| row.source() == DepthSource::AcceptLoop);
        let listeners = probe.map_or(&[][..], |probe| &probe.listeners);
        // Which one of several was full, and how many the others held, is not known.
        let only = match listeners {
            [only] if only.earlier_limits.is_empty() => Some(only),
            _ => None,
        };
        let full = only.filter(|_| overflows > 0).map(|only| only.limit.saturating_add(1));
        // The reading of one of several listeners is less than the sum.
        let read = of_loops().filter_map(|row| row.depth).max();
        let (least, most) = bounds.map_or((0, None), DepthBounds::peak);
        let all = [
            (read, PeakSource::AcceptLoop),
            (probe.map(|probe| probe.deepest), PeakSource::Probe),
            (full, PeakSource::Overflow),
            (bounds.map(|_| least), PeakSource::Events),
        ];
        let at_least = all.iter().filter_map(|(depth, _)| *depth).max()?;
        let shown_by = all.iter().find(|(depth, _)| *depth == Some(at_least))?.1;
        // The kernel lets nothing into a queue that holds more than its limit.
        let capacity = only.map(|only| only.limit.saturating_add(1));
        let at_most = match (most, capacity) {
            (Some(most), Some(capacity)) => Some(most.min(capacity)),
            (most, capacity) => most.or(capacity),
        };
        Some(Self {
            at_least,
            at_most: at_most.map(|most| most.max(at_least)),
            shown_by,
            readings: of_loops().count() as u64,
            samples: probe.map_or(0, |probe| probe.samples),
        })
    }
}

#[cfg(test)]
mod tests {
    use queue_model::observed_depth::{Observations, Sample};
    use worker::metrics::ListenerSummary;

    use super::*;

    fn probe(deepest: u32, listeners: usize) -> ProbeSummary {
        let listener = ListenerSummary { limit: 10, deepest, ..ListenerSummary::default() };
        let listeners = vec![listener; listeners];
        ProbeSummary { deepest, samples: 9, listeners, ..ProbeSummary::default() }
    }

    fn peak(sampled: u32, read: Option<u32>, overflows: u64) -> (u32, Option<u32>, PeakSource) {
        let row = TimelineRow {
            source: Some(DepthSource::AcceptLoop),
            depth: read,
            ..TimelineRow::default()
        };
        let peak = QueuePeak::new(Some(&probe(sampled, 1)), &[row], None, overflows).unwrap();
        assert_eq!((peak.readings, peak.samples), (1, 9));
        (peak.at_least, peak.at_most, peak.shown_by)
    }

    #[test]
    fn the_peak_is_the_deepest_that_any_source_shows() {
        assert_eq!(peak(4, Some(6), 0), (6, Some(11), PeakSource::AcceptLoop));
        assert_eq!(peak(7, Some(6), 0), (7, Some(11), PeakSource::Probe));
        assert_eq!(peak(7, Some(7), 0).2, PeakSource::AcceptLoop);
        assert_eq!(peak(7, Some(6), 3), (11, Some(11), PeakSource::Overflow));
        assert_eq!(peak(11, None, 3), (11, Some(11), PeakSource::Probe));
        // Two last ACKs can be handled at once.
        assert_eq!(peak(12, None, 3), (12, Some(12), PeakSource::Probe));
        assert_eq!(QueuePeak::new(None, &[], None, 3), None);
    }

    #[test]
    fn bounds_limit_the_peak_of_several_listeners_and_overflows_do_not() {
        let sample = |from_ns, depth| Sample { from_ns, to_ns: from_ns + 1, depth };
        let observations = Observations {
            listeners: 2,
            exits: Some(Vec::new()),
            samples: vec![sample(5, 3), sample(9, 8)],
            ..Observations::default()
        };
        let mut bounds = observations.bounds().unwrap();
        let peak = QueuePeak::new(Some(&probe(5, 2)), &[], Some(&bounds), 7).unwrap();
        assert_eq!((peak.at_least, peak.at_most), (8, None), "unknown after the last sample");
        assert_eq!(peak.shown_by, PeakSource::Events);
        bounds =
            Observations { entries: Some(Vec::new()), ..Observations::default() }.bounds().unwrap();
        let peak = QueuePeak::new(Some(&probe(5, 2)), &[], Some(&bounds), 7).unwrap();
        assert_eq!((peak.at_least, peak.shown_by), (5, PeakSource::Probe));
    }
}
