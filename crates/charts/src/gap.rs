//! Times without samples of a queue.

use crate::depth::Depth;
use crate::window::Window;

/// A time without samples, CLOCK_MONOTONIC nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Ticks in it that were missed.
    pub(crate) missed: u64,
}

/// The gaps between the samples of a window; ticks are `interval` nanoseconds apart.
pub(crate) fn gaps(depths: &[Depth], interval: u64, window: Window) -> Vec<Gap> {
    let pairs = depths.windows(2).filter(|pair| pair[1].missed > 0);
    let between = pairs.map(|pair| {
        let (to, missed) = (pair[1].at_ns, pair[1].missed);
        let before = to.saturating_sub((missed + 1).saturating_mul(interval));
        Gap { from: before.max(pair[0].at_ns), to, missed }
    });
    let ends = depths.first().zip(depths.last()).map(|(first, last)| {
        let outside = |from: u64, to: u64| {
            let missed = to.saturating_sub(from).checked_div(interval).unwrap_or(0);
            Some(Gap { from, to, missed }).filter(|gap| gap.missed > 0)
        };
        [outside(window.from, first.at_ns), outside(last.at_ns, window.to)]
    });
    let [before, after] = ends.unwrap_or_default();
    before.into_iter().chain(between).chain(after).collect()
}

/// The samples of a part of a window without gaps, from its start (or its first sample, if
/// a gap ends there) to its end.
pub(crate) fn samples_in(depths: &[Depth], part: Window) -> Vec<Depth> {
    let start = depths.partition_point(|sample| sample.at_ns < part.from);
    let before = start.checked_sub(1).map(|index| depths[index]);
    // The sample before holds until the first one in it, unless ticks were missed.
    let holds = depths.get(start).is_none_or(|next| next.missed == 0);
    let before = before.filter(|_| holds).map(|sample| Depth { at_ns: part.from, ..sample });
    let inside = depths[start..].iter().take_while(|sample| sample.at_ns < part.to).copied();
    let mut samples: Vec<_> = before.into_iter().chain(inside).collect();
    let last = samples.last().map(|&last| Depth { at_ns: part.to, ..last });
    samples.extend(last);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_ns: u64, depth: u32) -> Depth {
        Depth { at_ns, depth, limit: 10, missed: 0 }
    }

    #[test]
    fn gap_reaches_back_to_the_sample_before() {
        let at = |at_ns, missed| Depth { missed, ..sample(at_ns, 0) };
        let depths = [at(100, 4), at(110, 0), at(200, 2), at(210, 7)];
        let gap = |from, to, missed| Gap { from, to, missed };
        let between = [gap(170, 200, 2), gap(200, 210, 7)];
        let window = |from, to| Window { from, to };
        assert_eq!(gaps(&depths, 10, window(100, 210)), between);
        let [before, after] = [gap(70, 100, 3), gap(210, 240, 3)];
        let all = [before, between[0], between[1], after];
        assert_eq!(gaps(&depths, 10, window(70, 240)), all);
    }

    #[test]
    fn sample_before_a_gap_does_not_hold_after_it() {
        let depths = [sample(0, 3), Depth { missed: 4, ..sample(50, 1) }, sample(60, 2)];
        let part = |from, to| samples_in(&depths, Window { from, to });
        let after = [Depth { missed: 4, ..sample(50, 1) }, sample(60, 2), sample(70, 2)];
        assert_eq!(part(48, 70), after);
        assert_eq!(part(0, 10), [sample(0, 3), sample(10, 3)]);
        assert_eq!(part(65, 70), [sample(65, 2), sample(70, 2)], "the sample before holds");
    }
}
