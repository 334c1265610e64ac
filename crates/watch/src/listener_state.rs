//! What was seen of a listener.

use std::net::SocketAddr;

use linux_net::Listener;
use watch_record::Peak;

use crate::history_ring::HistoryRing;
use crate::seconds::Seconds;

/// What was seen of a listener.
#[derive(Debug, Clone)]
pub(crate) struct ListenerState {
    pub(crate) local: SocketAddr,
    pub(crate) cookie: u64,
    pub(crate) inode: u32,
    /// It is on `[::]` and takes no connections over IPv4.
    pub(crate) is_v6_only: bool,
    pub(crate) limit: u32,
    pub(crate) depth: u32,
    /// As the kernel counts, since the socket was made, modulo 2³².
    pub(crate) drops: Option<u32>,
    /// Since the watch began: all, for one that was made later.
    pub(crate) drops_watched: u64,
    pub(crate) peak: Peak,
    pub(crate) seconds: Seconds,
    pub(crate) history: HistoryRing,
    /// When it was first seen, nanoseconds of the monotonic clock.
    pub(crate) first_seen_ns: u64,
}

/// When a look was, nanoseconds of the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LookTime {
    pub(crate) at_ns: u64,
    /// When the watch began.
    pub(crate) started_ns: u64,
}

impl ListenerState {
    /// Its state before the first look. One that `was_there` when its namespace was first looked
    /// at may have dropped before.
    pub(crate) fn new(listener: &Listener, was_there: bool, time: LookTime) -> Self {
        Self {
            local: listener.local,
            cookie: listener.cookie,
            inode: listener.inode,
            is_v6_only: listener.v6_only,
            limit: listener.limit,
            depth: 0,
            drops: if was_there { listener.drops } else { listener.drops.map(|_| 0) },
            drops_watched: 0,
            peak: Peak::default(),
            seconds: Seconds::new(time.at_ns.saturating_sub(time.started_ns)),
            history: HistoryRing::default(),
            first_seen_ns: time.at_ns,
        }
    }

    /// Adds a look. The drops since the last one.
    pub(crate) fn look(&mut self, listener: &Listener, time: LookTime) -> u64 {
        let new = match (self.drops, listener.drops) {
            (Some(before), Some(now)) => u64::from(now.wrapping_sub(before)),
            _ => 0,
        };
        self.drops = listener.drops;
        self.drops_watched += new;
        self.seconds.advance(time.at_ns.saturating_sub(time.started_ns));
        if listener.limit != self.limit {
            // What was full then is not by this limit.
            self.peak = Peak::default();
            self.seconds.forget_depths();
        }
        (self.limit, self.depth, self.inode) = (listener.limit, listener.queued, listener.inode);
        self.peak.seen = self.peak.seen.max(self.depth);
        self.seconds.look(self.depth, new);
        self.history.look(time.at_ns, self.depth, self.drops_watched);
        new
    }

    /// Between the last two looks the queue was full.
    pub(crate) fn was_full(&mut self) {
        self.peak.was_full = true;
        self.seconds.was_full();
        self.history.was_full();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(queued: u32, drops: u32) -> Listener {
        let local = ([0, 0, 0, 0], 80).into();
        Listener {
            local,
            cookie: 1,
            queued,
            limit: 5,
            inode: 7,
            drops: Some(drops),
            v6_only: false,
        }
    }

    const NOW: LookTime = LookTime { at_ns: 5_000_000_000, started_ns: 0 };

    #[test]
    fn drops_from_before_the_watch_are_not_its_own_and_the_number_may_wrap() {
        let mut state = ListenerState::new(&listener(0, u32::MAX), true, NOW);
        assert_eq!(state.look(&listener(6, u32::MAX), NOW), 0);
        assert_eq!(state.look(&listener(6, 4), NOW), 5);
        assert_eq!(state.drops_watched, 5);
        assert_eq!(state.peak, Peak { seen: 6, was_full: false });
        state.was_full();
        assert_eq!(state.peak.depth(5), 6);
    }

    #[test]
    fn another_limit_begins_another_peak() {
        let mut state = ListenerState::new(&listener(0, 0), true, NOW);
        state.look(&listener(6, 2), NOW);
        state.was_full();
        let later = LookTime { at_ns: 6_500_000_000, ..NOW };
        state.look(&Listener { limit: 500, ..listener(1, 2) }, later);
        assert_eq!(state.peak, Peak { seen: 1, was_full: false });
        assert_eq!(state.seconds.peak(), state.peak);
        assert_eq!((state.drops_watched, state.seconds.last_drops()), (2, 2));
    }

    #[test]
    fn all_drops_of_a_listener_that_was_made_later_are_the_watchs_own() {
        let mut state = ListenerState::new(&listener(0, 3), false, NOW);
        assert_eq!(state.look(&listener(0, 3), NOW), 3);
    }
}
