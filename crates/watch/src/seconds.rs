//! The last minute of a listener, second by second.

use std::collections::VecDeque;

use watch_record::{Peak, Second};

/// Complete seconds that are kept.
pub(crate) const KEPT: usize = 60;

const SECOND_NS: u64 = 1_000_000_000;

/// The last 60 complete seconds, and the one in progress.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seconds {
    complete: VecDeque<Second>,
    now: Second,
    /// Number of the second in progress, since the watch began.
    number: u64,
}

impl Seconds {
    /// Those of a listener that was first seen at this time since the watch began.
    pub(crate) fn new(since_start_ns: u64) -> Self {
        Self { number: since_start_ns / SECOND_NS, ..Self::default() }
    }

    /// Completes the seconds that have passed.
    pub(crate) fn advance(&mut self, since_start_ns: u64) {
        let number = since_start_ns / SECOND_NS;
        let passed = number.saturating_sub(self.number);
        for _ in 0..passed.min(KEPT as u64 + 1) {
            if self.complete.len() == KEPT {
                self.complete.pop_front();
            }
            self.complete.push_back(std::mem::take(&mut self.now));
        }
        self.number = number.max(self.number);
    }

    /// Adds a look to the second in progress.
    pub(crate) fn look(&mut self, depth: u32, drops: u64) {
        self.now.deepest = self.now.deepest.max(depth);
        self.now.looks += 1;
        self.now.drops += drops;
    }

    /// Forgets how deep the queue was, as if there had been no look; the drops stay.
    pub(crate) fn forget_depths(&mut self) {
        for second in self.complete.iter_mut().chain([&mut self.now]) {
            *second = Second { drops: second.drops, ..Second::default() };
        }
    }

    /// The queue was full before the last look.
    pub(crate) fn was_full(&mut self) {
        self.now.was_full = true;
    }

    /// The complete seconds, the oldest first.
    pub(crate) fn complete(&self) -> Vec<Second> {
        self.complete.iter().copied().collect()
    }

    /// Drops of the last second that is complete.
    pub(crate) fn last_drops(&self) -> u64 {
        self.complete.back().map_or(0, |second| second.drops)
    }

    /// The deepest queue of them all.
    pub(crate) fn peak(&self) -> Peak {
        let all = self.complete.iter().chain([&self.now]);
        all.fold(Peak::default(), |peak, second| Peak {
            seen: peak.seen.max(second.deepest),
            was_full: peak.was_full || second.was_full,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_complete_once_it_has_passed() {
        let mut seconds = Seconds::new(4_900_000_000);
        seconds.look(3, 1);
        seconds.advance(4_999_999_999);
        assert_eq!((seconds.complete().len(), seconds.last_drops()), (0, 0));
        seconds.look(2, 1);
        seconds.advance(5_000_000_000);
        let second = Second { deepest: 3, looks: 2, drops: 2, was_full: false };
        assert_eq!(seconds.complete(), [second]);
        assert_eq!((seconds.last_drops(), seconds.peak().seen), (2, 3));
    }

    #[test]
    fn seconds_without_a_look_are_kept_as_such_and_old_ones_are_forgotten() {
        let mut seconds = Seconds::new(0);
        seconds.look(9, 4);
        seconds.was_full();
        seconds.advance(3 * SECOND_NS);
        assert_eq!(seconds.complete().len(), 3);
        assert_eq!(seconds.complete()[1].looks, 0);
        assert_eq!(seconds.peak(), Peak { seen: 9, was_full: true });
        seconds.advance(60 * SECOND_NS);
        assert_eq!((seconds.complete().len(), seconds.peak().seen), (KEPT, 9));
        seconds.advance(61 * SECOND_NS);
        assert_eq!(seconds.peak(), Peak::default());
        seconds.advance(u64::MAX);
        assert_eq!(seconds.complete().len(), KEPT);
        // Time does not go back.
        seconds.advance(0);
        assert_eq!(seconds.complete().len(), KEPT);
    }
}
