//! What the walks found of one address.

use std::collections::{HashMap, HashSet, VecDeque};

use linux_net::ServerSocket;
use watch_record::ConnectionCounts;

use crate::walk::Tally;

/// How far back the growth of CLOSE_WAIT is observed.
const GROWTH_NS: u64 = 60_000_000_000;

/// Accepted connections that are remembered from one walk to the next.
const MAX_REMEMBERED: usize = 200_000;

/// The shortest time over which accepts are counted: about the shortest from one walk to the next.
const MIN_PACE_NS: u64 = 950_000_000;

/// Connections whose age is asked of the kernel at one walk.
const MAX_ASKED: usize = 1_000;

/// The connections of an address at the last walk, and what that takes to know.
#[derive(Debug, Clone, Default)]
pub(crate) struct AddressState {
    counts: ConnectionCounts,
    walked_ns: u64,
    /// When each that is not accepted was established, if it is known.
    established_ns: HashMap<u64, Option<u64>>,
    /// Cookies of those that were accepted; `None` if there were too many, or before a walk.
    accepted: Option<HashSet<u64>>,
    /// When these were.
    accepted_ns: u64,
    accepted_per_second: Option<f64>,
    /// Accepted ones in CLOSE_WAIT at each walk of the last minute.
    close_wait: VecDeque<(u64, u32)>,
}

impl AddressState {
    /// Adds a walk that was made at `at_ns`. `age_ns` asks how long a connection that is not
    /// accepted has been established.
    pub(crate) fn walk(
        &mut self,
        tally: Tally,
        at_ns: u64,
        mut age_ns: impl FnMut(&ServerSocket) -> Option<u64>,
    ) {
        let mut asked = 0;
        let before = std::mem::take(&mut self.established_ns);
        for socket in &tally.not_accepted {
            let known = before.get(&socket.cookie).copied().flatten();
            let since = known.or_else(|| {
                asked += 1;
                if asked > MAX_ASKED {
                    return None;
                }
                age_ns(socket).map(|age_ns| at_ns.saturating_sub(age_ns))
            });
            self.established_ns.insert(socket.cookie, since);
        }
        let passed_ns = at_ns.saturating_sub(self.accepted_ns);
        // A walk soon after another one, for a selection, says nothing of the pace.
        if self.accepted.is_none() || passed_ns >= MIN_PACE_NS {
            self.accepted_per_second = self.accepted.as_ref().map(|before| {
                let new = tally.accepted.iter().filter(|cookie| !before.contains(cookie)).count();
                new as f64 / (passed_ns as f64 / 1e9)
            });
            let is_few = tally.accepted.len() <= MAX_REMEMBERED;
            self.accepted = is_few.then(|| tally.accepted.iter().copied().collect());
            self.accepted_ns = at_ns;
        }
        self.note_close_wait(tally.close_wait - tally.close_wait_not_accepted, at_ns);
        let numbers = self.close_wait.iter().map(|&(_, number)| number);
        let grew = numbers.clone().zip(numbers.skip(1)).all(|(one, next)| next >= one);
        let (first_ns, first) = self.close_wait[0];
        self.walked_ns = at_ns;
        self.counts = ConnectionCounts {
            age_seconds: 0.0,
            syn_recv: tally.syn_recv,
            not_accepted: tally.not_accepted.len() as u32,
            oldest_not_accepted_seconds: None,
            established: tally.established,
            close_wait: tally.close_wait,
            close_wait_not_accepted: tally.close_wait_not_accepted,
            time_wait: tally.time_wait,
            closing: tally.closing,
            accepted_per_second_at_least: self.accepted_per_second,
            close_wait_growth: i64::from(tally.close_wait - tally.close_wait_not_accepted)
                - i64::from(first),
            close_wait_growth_seconds: at_ns.saturating_sub(first_ns) as f64 / 1e9,
            close_wait_only_grew: grew,
        };
    }

    fn note_close_wait(&mut self, number: u32, at_ns: u64) {
        self.close_wait.push_back((at_ns, number));
        let begin_ns = at_ns.saturating_sub(GROWTH_NS);
        while self.close_wait.get(1).is_some_and(|&(at_ns, _)| at_ns <= begin_ns) {
            self.close_wait.pop_front();
        }
    }

    /// Other listeners have come or gone: what belonged to them may be of this address now.
    pub(crate) fn forget_accepted(&mut self) {
        (self.accepted, self.accepted_per_second) = (None, None);
    }

    /// What the last walk found.
    pub(crate) fn found(&self) -> AddressCounts {
        AddressCounts {
            counts: self.counts,
            walked_ns: self.walked_ns,
            oldest_ns: self.established_ns.values().flatten().min().copied(),
        }
    }
}

/// What the last walk found of an address.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AddressCounts {
    counts: ConnectionCounts,
    walked_ns: u64,
    /// When the oldest that is not accepted was established.
    oldest_ns: Option<u64>,
}

impl AddressCounts {
    /// That a walk found nothing.
    pub(crate) fn none(walked_ns: u64) -> Self {
        Self { walked_ns, ..Self::default() }
    }

    /// With the ages that they have now.
    pub(crate) fn at(&self, now_ns: u64) -> ConnectionCounts {
        let seconds = |since_ns: u64| now_ns.saturating_sub(since_ns) as f64 / 1e9;
        ConnectionCounts {
            age_seconds: seconds(self.walked_ns),
            oldest_not_accepted_seconds: self.oldest_ns.map(seconds),
            ..self.counts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linux_net::TcpState;

    const SECOND: u64 = 1_000_000_000;

    fn waiting(cookie: u64) -> ServerSocket {
        let [local, peer] = [80, 5].map(|port| ([10, 0, 0, 1], port).into());
        ServerSocket { local, peer, state: TcpState::Established, inode: 0, cookie }
    }

    #[test]
    fn the_age_of_a_waiting_connection_is_asked_once() {
        let mut state = AddressState::default();
        let tally = Tally { not_accepted: vec![waiting(1), waiting(2)], ..Tally::default() };
        state.walk(tally.clone(), 10 * SECOND, |socket| Some(socket.cookie * SECOND));
        assert_eq!(state.found().at(11 * SECOND).oldest_not_accepted_seconds, Some(3.0));
        state.walk(tally, 12 * SECOND, |_| panic!("both are known"));
        let counts = state.found().at(13 * SECOND);
        assert_eq!((counts.not_accepted, counts.age_seconds), (2, 1.0));
        assert_eq!(counts.oldest_not_accepted_seconds, Some(5.0));
        let tally = Tally { not_accepted: vec![waiting(1)], ..Tally::default() };
        state.walk(tally, 14 * SECOND, |_| None);
        assert_eq!(state.found().at(14 * SECOND).oldest_not_accepted_seconds, Some(5.0));
        state.walk(Tally::default(), 15 * SECOND, |_| None);
        assert_eq!(state.found().at(15 * SECOND).oldest_not_accepted_seconds, None);
    }

    #[test]
    fn those_first_seen_as_accepted_are_counted() {
        let mut state = AddressState::default();
        let accepted = |cookies: &[u64]| Tally { accepted: cookies.to_vec(), ..Tally::default() };
        state.walk(accepted(&[1, 2]), SECOND, |_| None);
        assert_eq!(state.found().at(SECOND).accepted_per_second_at_least, None);
        state.walk(accepted(&[2, 3, 4]), 5 * SECOND, |_| None);
        assert_eq!(state.found().at(5 * SECOND).accepted_per_second_at_least, Some(0.5));
        // Soon after: as it was.
        state.walk(accepted(&[2, 3, 4]), 5 * SECOND + SECOND / 10, |_| None);
        assert_eq!(state.found().at(5 * SECOND).accepted_per_second_at_least, Some(0.5));
        state.walk(accepted(&[2]), 6 * SECOND, |_| None);
        assert_eq!(state.found().at(6 * SECOND).accepted_per_second_at_least, Some(0.0));
    }

    #[test]
    fn close_wait_grows_over_a_minute_and_only_counts_what_a_process_could_close() {
        let mut state = AddressState::default();
        let mut walk = |close_wait, not_accepted, at: u64| {
            let tally =
                Tally { close_wait, close_wait_not_accepted: not_accepted, ..Tally::default() };
            state.walk(tally, at * SECOND, |_| None);
            let counts = state.found().at(at * SECOND);
            (
                counts.close_wait_growth,
                counts.close_wait_growth_seconds,
                counts.close_wait_only_grew,
            )
        };
        assert_eq!(walk(2, 0, 1), (0, 0.0, true));
        assert_eq!(walk(5, 1, 31), (2, 30.0, true));
        assert_eq!(walk(5, 0, 61), (3, 60.0, true));
        assert_eq!(walk(4, 0, 91), (0, 60.0, false));
        assert_eq!(walk(6, 0, 151), (2, 60.0, true));
    }
}
