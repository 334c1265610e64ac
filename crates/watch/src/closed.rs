//! The listeners that closed in the last minute.

use std::collections::VecDeque;

use watch_record::{ClosedListener, ListenerChanges};

use crate::history_ring::HistoryRing;

/// How long they are kept.
const KEPT_NS: u64 = 60_000_000_000;

/// Listeners that are kept, and changes of all of them.
const MAX_LISTENERS: usize = 1_000;
const MAX_CHANGES: usize = 200_000;

/// The listeners that closed in the last minute, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Closed {
    listeners: VecDeque<(ClosedListener, HistoryRing)>,
    /// The changes of all.
    changes: usize,
    /// When those that were discarded within their minute closed.
    discarded_ns: VecDeque<u64>,
}

impl Closed {
    /// Adds a listener with its history.
    pub(crate) fn add(&mut self, listener: ClosedListener, history: HistoryRing) {
        let begin_ns = listener.gone_ns.saturating_sub(KEPT_NS);
        self.changes += history.len();
        self.listeners.push_back((listener, history));
        while self.listeners.front().is_some_and(|(first, _)| first.gone_ns <= begin_ns) {
            self.remove_first();
        }
        while self.listeners.len() > MAX_LISTENERS || self.changes > MAX_CHANGES {
            let gone_ns = self.remove_first();
            self.discarded_ns.extend(gone_ns);
        }
        while self.discarded_ns.front().is_some_and(|gone_ns| *gone_ns <= begin_ns) {
            self.discarded_ns.pop_front();
        }
    }

    fn remove_first(&mut self) -> Option<u64> {
        let (listener, history) = self.listeners.pop_front()?;
        self.changes -= history.len();
        Some(listener.gone_ns)
    }

    /// Those that closed after this moment, and their changes after it.
    pub(crate) fn since(&self, since_ns: u64) -> (Vec<ListenerChanges>, Vec<ClosedListener>) {
        let start = self.listeners.partition_point(|(it, _)| it.gone_ns <= since_ns);
        let closed = self.listeners.range(start..);
        let changes =
            closed.clone().filter_map(|(it, ring)| ring.changes_since(it.listener.id, since_ns));
        (changes.collect(), closed.map(|(listener, _)| listener.clone()).collect())
    }

    /// How many closed after this moment and are not kept.
    pub(crate) fn discarded_since(&self, since_ns: u64) -> u64 {
        let start = self.discarded_ns.partition_point(|gone_ns| *gone_ns <= since_ns);
        (self.discarded_ns.len() - start) as u64
    }
}

#[cfg(test)]
mod tests {
    use watch_record::{LimitFrom, Peak, WatchedListener};

    use super::*;

    fn closed(id: u64, gone_ns: u64) -> ClosedListener {
        let listener = WatchedListener {
            id,
            address: ([127, 0, 0, 1], 80).into(),
            namespace: 1,
            processes: Vec::new(),
            container: None,
            processes_are_known: true,
            limit: 5,
            limit_from: LimitFrom::Backlog,
            depth: 0,
            peak: Peak::default(),
            peak_last_minute: Peak::default(),
            drops_total: Some(0),
            drops_watched: 0,
            drops_last_second: 0,
            connections: None,
            sharing_address: 1,
            seconds: Vec::new(),
            troubles: Vec::new(),
        };
        ClosedListener { listener, last_look_ns: gone_ns - 1, gone_ns }
    }

    #[test]
    fn those_of_the_last_minute_are_kept_with_their_changes() {
        let mut all = Closed::default();
        let mut ring = HistoryRing::default();
        ring.look(10, 0, 0);
        ring.look(20, 3, 0);
        all.add(closed(1, 30), ring.clone());
        all.add(closed(2, 40), HistoryRing::default());
        let (changes, listeners) = all.since(15);
        assert_eq!(changes.iter().map(|it| it.changes.len()).collect::<Vec<_>>(), [1]);
        assert_eq!(listeners.iter().map(|it| it.listener.id).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(all.since(30).1.len(), 1);
        all.add(closed(3, KEPT_NS + 30), ring);
        assert_eq!((all.since(0).1.len(), all.discarded_since(0)), (2, 0));
    }

    #[test]
    fn they_are_bounded_and_those_discarded_are_counted() {
        let mut all = Closed::default();
        for id in 0..MAX_LISTENERS as u64 + 7 {
            all.add(closed(id, 100 + id), HistoryRing::default());
        }
        assert_eq!((all.since(0).1.len(), all.discarded_since(0)), (MAX_LISTENERS, 7));
        assert_eq!(all.discarded_since(100), 6);
        all.add(closed(9, 2 * KEPT_NS), HistoryRing::default());
        assert_eq!((all.since(0).1.len(), all.discarded_since(0)), (1, 0));
        assert_eq!(all.changes, 0);
    }
}
