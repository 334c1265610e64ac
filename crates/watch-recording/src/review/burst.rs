//! The busiest time of a listener.

use crate::line::{ChangeRow, Span};

/// An empty queue without drops for this long ends a burst, microseconds.
const PAUSE_US: u64 = 2_000_000;

/// The time in which a listener dropped most or, if it never did, had its deepest queue.
#[derive(Debug, Default)]
pub(crate) struct Bursts {
    best: Option<Burst>,
    now: Option<Burst>,
    drops: u64,
}

#[derive(Debug, Clone, Copy)]
struct Burst {
    from_us: u64,
    to_us: u64,
    drops: u64,
    deepest: u32,
    /// The last row has an empty queue.
    is_over: bool,
}

impl Bursts {
    /// Adds a row.
    pub(crate) fn row(&mut self, ChangeRow(at_us, after_us, depth, drops): ChangeRow) {
        let new_drops = drops.saturating_sub(self.drops);
        self.drops = drops;
        let is_later =
            |burst: &Burst| burst.is_over && after_us.saturating_sub(burst.to_us) > PAUSE_US;
        if self.now.as_ref().is_some_and(is_later) {
            self.complete();
        }
        if depth == 0 && new_drops == 0 && self.now.is_none() {
            return;
        }
        let start = Burst { from_us: after_us, to_us: at_us, drops: 0, deepest: 0, is_over: false };
        let burst = self.now.get_or_insert(start);
        burst.to_us = at_us;
        burst.drops = burst.drops.saturating_add(new_drops);
        burst.deepest = burst.deepest.max(depth);
        burst.is_over = depth == 0;
    }

    /// What the first row has is from before it.
    pub(crate) fn begin_with(&mut self, drops: u64) {
        self.drops = drops;
    }

    fn complete(&mut self) {
        let rank = |burst: &Burst| (burst.drops, burst.deepest);
        let now = self.now.take();
        if let Some(now) = now.filter(|now| self.best.is_none_or(|best| rank(now) > rank(&best))) {
            self.best = Some(now);
        }
    }

    /// The busiest time of a record that ends at `end_us`.
    pub(crate) fn busiest(mut self, end_us: u64) -> Option<Span> {
        if let Some(now) = &mut self.now
            && !now.is_over
        {
            now.to_us = now.to_us.max(end_us);
        }
        self.complete();
        self.best.map(|burst| Span(burst.from_us, burst.to_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busiest(rows: &[(u64, u32, u64)]) -> Option<Span> {
        let mut bursts = Bursts::default();
        for &(second, depth, drops) in rows {
            let at_us = second * 1_000_000;
            bursts.row(ChangeRow(at_us, at_us - 10_000, depth, drops));
        }
        bursts.busiest(100_000_000)
    }

    #[test]
    fn the_burst_with_most_drops_comes_before_the_deepest() {
        assert_eq!(busiest(&[(1, 0, 0)]), None);
        let rows =
            [(1, 9, 0), (2, 0, 0), (10, 3, 4), (11, 2, 5), (12, 0, 5), (20, 4, 6), (21, 0, 6)];
        assert_eq!(busiest(&rows), Some(Span(9_990_000, 12_000_000)));
        assert_eq!(busiest(&rows[..2]), Some(Span(990_000, 2_000_000)));
    }

    #[test]
    fn a_short_pause_is_part_of_a_burst_and_one_that_goes_on_ends_with_the_record() {
        let rows = [(1, 5, 0), (2, 0, 0), (3, 5, 0)];
        assert_eq!(busiest(&rows), Some(Span(990_000, 100_000_000)));
    }
}
