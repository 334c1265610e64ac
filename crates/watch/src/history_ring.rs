//! The last minute of a listener, at full resolution.

use std::collections::VecDeque;

use watch_record::{DepthChange, History, ListenerChanges};

/// How long changes are kept.
const KEPT_NS: u64 = 60_000_000_000;

/// Changes of one listener that are kept: one for each look of a minute at 100 Hz, and a third.
const MAX_CHANGES: usize = 8_000;

/// The changes of depth and drops of the last minute: a queue that does not change costs nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct HistoryRing {
    changes: VecDeque<DepthChange>,
    /// Looks of the last minute before which the queue was full.
    full_ns: VecDeque<u64>,
    /// Changes before the first one that is kept were removed.
    is_cut: bool,
    last_look_ns: u64,
    /// The longest time between two looks of the present and of the last minute.
    gaps: [u64; 2],
    minute: u64,
    discarded: u64,
    discarded_in_minute: u64,
}

impl HistoryRing {
    /// Adds a look.
    pub(crate) fn look(&mut self, at_ns: u64, depth: u32, drops: u64) {
        let after_ns = if self.last_look_ns == 0 { at_ns } else { self.last_look_ns };
        let minute = at_ns / KEPT_NS;
        if minute != self.minute {
            self.gaps = [0, self.gaps[0]];
            self.discarded = self.discarded_in_minute;
            self.discarded_in_minute = 0;
            self.minute = minute;
        }
        self.gaps[0] = self.gaps[0].max(at_ns.saturating_sub(after_ns));
        self.last_look_ns = at_ns;
        let is_same = |change: &DepthChange| (change.depth, change.drops) == (depth, drops);
        if !self.changes.back().is_some_and(is_same) {
            self.changes.push_back(DepthChange { at_ns, after_ns, depth, drops });
        }
        // The first is the state with which the minute began.
        let begin_ns = at_ns.saturating_sub(KEPT_NS);
        while self.changes.get(1).is_some_and(|second| second.at_ns <= begin_ns) {
            self.changes.pop_front();
            self.is_cut = true;
        }
        while self.full_ns.front().is_some_and(|full_ns| *full_ns <= begin_ns) {
            self.full_ns.pop_front();
        }
        if self.changes.len() > MAX_CHANGES {
            self.changes.pop_front();
            self.is_cut = true;
            self.discarded_in_minute += 1;
        }
    }

    /// Before the last look the queue was full.
    pub(crate) fn was_full(&mut self) {
        self.full_ns.push_back(self.last_look_ns);
        if self.full_ns.len() > MAX_CHANGES {
            self.full_ns.pop_front();
        }
    }

    /// The last look, nanoseconds.
    pub(crate) fn last_look_ns(&self) -> u64 {
        self.last_look_ns
    }

    /// Changes that are kept.
    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    /// What changed after this moment; `None` if nothing did. It is complete if the moment is
    /// of the last minute.
    pub(crate) fn changes_since(&self, id: u64, since_ns: u64) -> Option<ListenerChanges> {
        let start = self.changes.partition_point(|change| change.at_ns <= since_ns);
        let full = self.full_ns.partition_point(|full_ns| *full_ns <= since_ns);
        let changes = ListenerChanges {
            id,
            changes: self.changes.range(start..).copied().collect(),
            full_ns: self.full_ns.range(full..).copied().collect(),
            is_cut: self.is_cut && start == 0 && !self.changes.is_empty(),
        };
        (!changes.changes.is_empty() || !changes.full_ns.is_empty()).then_some(changes)
    }

    /// What is kept.
    pub(crate) fn history(&self) -> History {
        History {
            changes: self.changes.iter().copied().collect(),
            last_look_ns: self.last_look_ns,
            longest_gap_ns: self.gaps[0].max(self.gaps[1]),
            discarded: self.discarded + self.discarded_in_minute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn only_changes_are_kept_with_the_look_before_them() {
        let mut ring = HistoryRing::default();
        for (at, depth, drops) in [(10, 0, 0), (20, 0, 0), (30, 4, 0), (45, 4, 0), (55, 4, 2)] {
            ring.look(at * MS, depth, drops);
        }
        let change = |at, after, depth, drops| DepthChange {
            at_ns: at * MS,
            after_ns: after * MS,
            depth,
            drops,
        };
        let history = ring.history();
        assert_eq!(
            history.changes,
            [change(10, 10, 0, 0), change(30, 20, 4, 0), change(55, 45, 4, 2)]
        );
        assert_eq!((history.last_look_ns, history.longest_gap_ns), (55 * MS, 15 * MS));
    }

    #[test]
    fn the_state_at_the_beginning_of_the_minute_is_kept() {
        let mut ring = HistoryRing::default();
        ring.look(MS, 1, 0);
        ring.look(2 * MS, 2, 0);
        ring.look(3 * MS, 3, 0);
        ring.look(KEPT_NS + 2 * MS, 3, 0);
        let depths = |ring: &HistoryRing| -> Vec<u32> {
            ring.history().changes.iter().map(|change| change.depth).collect()
        };
        assert_eq!(depths(&ring), [2, 3]);
        ring.look(10 * KEPT_NS, 3, 0);
        assert_eq!(depths(&ring), [3]);
    }

    #[test]
    fn what_changed_since_a_moment_is_complete_within_the_minute() {
        let mut ring = HistoryRing::default();
        ring.look(10 * MS, 0, 0);
        ring.look(20 * MS, 4, 0);
        ring.look(30 * MS, 4, 2);
        ring.was_full();
        let depths = |since| {
            let changes = ring.changes_since(7, since * MS)?;
            let depths: Vec<_> = changes.changes.iter().map(|it| (it.depth, it.drops)).collect();
            Some((depths, changes.full_ns, changes.is_cut))
        };
        let full = vec![30 * MS];
        assert_eq!(depths(0), Some((vec![(0, 0), (4, 0), (4, 2)], full.clone(), false)));
        assert_eq!(depths(10), Some((vec![(4, 0), (4, 2)], full.clone(), false)));
        assert_eq!(depths(29), Some((vec![(4, 2)], full, false)));
        assert_eq!(depths(30), None);
        ring.look(KEPT_NS + 40 * MS, 5, 2);
        let late =
            |since| ring.changes_since(7, since * MS).map(|it| (it.changes.len(), it.is_cut));
        assert_eq!((late(5), late(30)), (Some((2, true)), Some((1, false))));
    }

    #[test]
    fn a_day_of_looks_leaves_a_minute() {
        let mut ring = HistoryRing::default();
        // A burst each second, and looks every 10 ms.
        for look in 0..24 * 3_600 * 100_u64 {
            let depth = if look % 100 == 0 { 5 } else { 0 };
            ring.look((look + 1) * 10 * MS, depth, look / 1_000);
        }
        let history = ring.history();
        assert!((120..=200).contains(&history.changes.len()), "{}", history.changes.len());
        assert_eq!(history.discarded, 0);
        let begin_ns = history.last_look_ns - KEPT_NS;
        assert!(history.changes[0].at_ns <= begin_ns && history.changes[1].at_ns > begin_ns);
    }

    #[test]
    fn a_queue_that_changes_at_every_look_is_bounded_and_says_so() {
        let mut ring = HistoryRing::default();
        for look in 0..2 * MAX_CHANGES as u64 {
            ring.look(1 + look * 1_000, look as u32, 0);
        }
        let history = ring.history();
        assert_eq!(history.changes.len(), MAX_CHANGES);
        assert_eq!(history.discarded, MAX_CHANGES as u64);
    }
}
