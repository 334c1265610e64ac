//! The time window of a chart.

use run_record::AttemptRow;

use crate::depth::Depth;

/// An empty queue without new attempts for this long ends a burst, nanoseconds.
const PAUSE: u64 = 100_000_000;
/// A burst that takes at least this share of the full time has no chart of its own.
const LARGE: f64 = 0.4;

/// A range of time, CLOCK_MONOTONIC nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Window {
    /// Its length, at least 1 ns.
    pub(crate) fn length(self) -> u64 {
        self.to.saturating_sub(self.from).max(1)
    }

    /// The full recorded time; `None` without samples of a queue.
    pub(crate) fn full(depths: &[Depth], attempts: &[AttemptRow]) -> Option<Self> {
        let (first, last) = (depths.first()?.at_ns, depths.last()?.at_ns);
        let from = attempts.iter().map(|row| row.start_ns).min().unwrap_or(first).min(first);
        let to = attempts.iter().map(|row| row.end_ns).max().unwrap_or(last).max(last);
        Some(Self { from, to: to.max(from + 1) })
    }

    /// The first burst, by the samples of the queue, or by the attempts if no sample shows
    /// it. `None` if it takes most of the full time.
    pub(crate) fn first_burst(
        depths: &[Depth],
        attempts: &[AttemptRow],
        full: Self,
    ) -> Option<Self> {
        let by_starts = Self::from_starts(depths, attempts);
        let busy = depths.iter().position(|sample| sample.depth > 0);
        let burst = match (busy, by_starts) {
            (Some(busy), Some(by_starts)) if depths[busy].at_ns > by_starts.to => Some(by_starts),
            (None, by_starts) => by_starts,
            (Some(busy), _) => Self::from_queue(depths, attempts, busy),
        }?;
        let to = burst.to + (burst.to - burst.from) / 10;
        let burst = Self { from: burst.from, to: to.min(full.to) };
        ((burst.length() as f64) < LARGE * full.length() as f64).then_some(burst)
    }

    /// From the first attempt until the queue was empty for longer than a pause, with the
    /// first sample that shows it busy.
    fn from_queue(depths: &[Depth], attempts: &[AttemptRow], busy: usize) -> Option<Self> {
        let start = depths[busy.saturating_sub(1)].at_ns;
        let from = attempts.iter().map(|row| row.start_ns).min().map_or(start, |ns| ns.min(start));
        let mut emptied: Option<u64> = None;
        for sample in &depths[busy..] {
            match (emptied, sample.depth) {
                (None, 0) => emptied = Some(sample.at_ns),
                (Some(at), depth) if depth > 0 && sample.at_ns - at > PAUSE => break,
                (Some(_), depth) if depth > 0 => emptied = None,
                _ => {}
            }
        }
        Some(Self { from, to: emptied? })
    }

    /// From the last sample before the first attempt to the first sample after a pause
    /// without attempts, when those that were answered at once have been accepted.
    fn from_starts(depths: &[Depth], attempts: &[AttemptRow]) -> Option<Self> {
        let mut rows: Vec<_> = attempts.iter().collect();
        rows.sort_by_key(|row| row.start_ns);
        let first = rows.first()?.start_ns;
        let mut to = first;
        for row in rows {
            if row.start_ns - to.min(row.start_ns) > PAUSE {
                break;
            }
            let established = row.connect_ns.filter(|&after| after < PAUSE);
            let established =
                established.map_or(row.start_ns, |after| row.start_ns.saturating_add(after));
            let accepted = row.accepted_ns.filter(|&at| at < established + PAUSE);
            to = to.max(accepted.unwrap_or(established));
        }
        let before = depths.partition_point(|sample| sample.at_ns <= first).checked_sub(1);
        let before = before.map_or(first, |sample| depths[sample].at_ns);
        let after = depths.partition_point(|sample| sample.at_ns < to);
        let after = depths.get(after).map_or(to, |sample| sample.at_ns);
        // Samples without a change are not recorded: limit the edges.
        let edge = (to - first).max(PAUSE / 20);
        Some(Self { from: before.max(first.saturating_sub(edge)), to: after.min(to + edge) })
    }
}

#[cfg(test)]
mod tests {
    use run_record::Outcome;

    use super::*;

    const MS: u64 = 1_000_000;

    fn sample(at_ms: u64, depth: u32) -> Depth {
        Depth { at_ns: at_ms * MS, depth, limit: 10, missed: 0 }
    }

    /// Started then, and established and accepted at once or a second later.
    fn attempt(start_ms: u64, is_late: bool) -> AttemptRow {
        let connect_ns = if is_late { 1_000 * MS } else { 2 * MS };
        let start_ns = start_ms * MS;
        AttemptRow {
            connect_ns: Some(connect_ns),
            accepted_ns: Some(start_ns + connect_ns + MS),
            syn_retransmits: Some(u32::from(is_late)),
            ..AttemptRow::new(Outcome::Ok, start_ns, start_ns + connect_ns + 500 * MS)
        }
    }

    fn first_burst(depths: &[Depth], attempts: &[AttemptRow]) -> Option<(u64, u64)> {
        let full = Window::full(depths, attempts).unwrap();
        let burst = Window::first_burst(depths, attempts, full)?;
        Some((burst.from / MS, burst.to / MS))
    }

    #[test]
    fn burst_without_a_sample_is_where_its_attempts_are() {
        let attempts: Vec<_> = (100..110).map(|at| attempt(at, at % 2 == 0)).collect();
        let flat = [sample(0, 0), sample(99, 0), sample(115, 0), sample(2_000, 0)];
        assert_eq!(first_burst(&flat, &attempts), Some((99, 116)));
        // Nor is it where the samples of its retransmissions are.
        let late =
            [sample(0, 0), sample(99, 0), sample(115, 0), sample(1_105, 8), sample(2_000, 0)];
        assert_eq!(first_burst(&late, &attempts), Some((99, 116)));
        // Samples without a change have no rows: no edge of a second.
        assert_eq!(first_burst(&[sample(0, 0), sample(2_000, 0)], &attempts), Some((88, 127)));
    }

    #[test]
    fn sampled_burst_lasts_until_the_queue_is_empty() {
        let attempts: Vec<_> = (100..110).map(|at| attempt(at, at % 2 == 0)).collect();
        let burst = [sample(0, 0), sample(99, 0), sample(102, 9), sample(299, 1), sample(300, 0)];
        let retransmits = [sample(1_102, 5), sample(1_110, 0), sample(2_000, 0)];
        let all = [&burst[..], &retransmits[..]].concat();
        assert_eq!(first_burst(&all, &attempts), Some((99, 320)));
        assert_eq!(first_burst(&[sample(0, 0), sample(2_000, 0)], &[]), None);
        let spread: Vec<_> = (0..40).map(|at| attempt(at * 50, false)).collect();
        assert_eq!(first_burst(&[sample(0, 0), sample(2_500, 0)], &spread), None);
    }
}
