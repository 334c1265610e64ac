//! Which SYNs are admitted, and how long a request stays.

use super::result::Counters;
use super::settings::{Listener, SynCookies, SynQueueRule};

/// What the server does with a SYN of a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Stores it and answers.
    Request,
    /// Answers without storing it.
    Cookie,
    /// Neither.
    Drop,
}

/// The connections in SYN_RECV: `request_sock_queue`.
#[derive(Debug, Default)]
pub(super) struct SynQueue {
    /// Their number.
    pub(super) len: u32,
    /// The number of those without a timeout yet.
    young: u32,
}

impl SynQueue {
    pub(super) fn add(&mut self) {
        self.len += 1;
        self.young += 1;
    }

    /// A request has had its first timeout.
    pub(super) fn age(&mut self) {
        self.young -= 1;
    }

    pub(super) fn remove(&mut self, timeouts: u32) {
        self.len -= 1;
        self.young -= u32::from(timeouts == 0);
    }

    /// The tests of `tcp_conn_request` (net/ipv4/tcp_input.c), in its order.
    pub(super) fn decide(
        &self,
        listener: &Listener,
        accept_queue_full: bool,
        counters: &mut Counters,
    ) -> Decision {
        let cookies = listener.syncookies;
        let cookie = cookies == SynCookies::Always || self.is_full(listener);
        if cookie && cookies == SynCookies::Off {
            counters.tcp_req_q_full_drop += 1;
            counters.listen_drops += 1;
            return Decision::Drop;
        }
        if cookie {
            counters.tcp_req_q_full_do_cookies += 1;
        }
        if accept_queue_full {
            counters.overflow();
            return Decision::Drop;
        }
        if cookie {
            counters.syncookies_sent += 1;
            return Decision::Cookie;
        }
        if cookies == SynCookies::Off && self.is_in_reserve(listener) && !listener.proven_peers {
            counters.listen_drops += 1;
            return Decision::Drop;
        }
        Decision::Request
    }

    /// `inet_csk_reqsk_queue_is_full` (include/net/inet_connection_sock.h).
    fn is_full(&self, listener: &Listener) -> bool {
        match listener.syn_queue_rule {
            SynQueueRule::MoreThanLimit => self.len > listener.limit,
            SynQueueRule::AtLimit => self.len >= listener.limit,
        }
    }

    /// Whether less than a quarter of `tcp_max_syn_backlog` is free; signed, because the
    /// queue may be longer.
    fn is_in_reserve(&self, listener: &Listener) -> bool {
        let free = i64::from(listener.max_syn_backlog) - i64::from(self.len);
        // `>>` rounds down, as in the kernel.
        free < i64::from(listener.max_syn_backlog >> 2)
    }

    /// Timeouts after which a request is removed: `tcp_synack_retries`, or fewer but at
    /// least 2, if more than half of the queue is used and most of it is old.
    /// `reqsk_timer_handler` (net/ipv4/inet_connection_sock.c).
    pub(super) fn retries(&self, listener: &Listener) -> u32 {
        let mut retries = listener.synack_retries;
        if u64::from(self.len) * 2 > u64::from(listener.limit.max(8)) {
            let mut young = u64::from(self.young) * 2;
            while retries > 2 && u64::from(self.len) >= young {
                retries -= 1;
                young = young.saturating_mul(2);
            }
        }
        retries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(len: u32, young: u32) -> SynQueue {
        SynQueue { len, young }
    }

    #[test]
    fn old_requests_are_pruned_sooner_if_more_than_half_the_queue_is_used() {
        let listener = Listener { limit: 16, ..Listener::default() };
        assert_eq!(queue(8, 0).retries(&listener), 5, "exactly half is not more than half");
        assert_eq!(queue(9, 0).retries(&listener), 2);
        assert_eq!(queue(9, 9).retries(&listener), 5, "all young");
        assert_eq!(queue(9, 4).retries(&listener), 4, "fewer than half young");
        assert_eq!(queue(9, 2).retries(&listener), 3, "fewer than a quarter young");
        let few = Listener { limit: 0, synack_retries: 1, ..listener };
        assert_eq!(queue(9, 0).retries(&few), 1, "pruning never adds retries");
    }

    #[test]
    fn a_removed_young_request_is_no_longer_counted_as_young() {
        let mut queue = SynQueue::default();
        for _ in 0..10 {
            queue.add();
        }
        for _ in 0..5 {
            queue.age();
        }
        for _ in 0..4 {
            queue.remove(0);
        }
        let listener = Listener { limit: 8, ..Listener::default() };
        assert_eq!(queue.retries(&listener), 3, "one of six is young");
    }

    /// Measured on kernel 6.18; without cookies this state requires a listen(2) that lowers
    /// the limit.
    #[test]
    fn with_both_queues_full_the_syn_queue_is_tested_first() {
        let mut counters = Counters::default();
        let off = Listener { limit: 4, syncookies: SynCookies::Off, ..Listener::default() };
        assert_eq!(queue(5, 5).decide(&off, true, &mut counters), Decision::Drop);
        let expected = Counters { tcp_req_q_full_drop: 1, listen_drops: 1, ..Counters::default() };
        assert_eq!(counters, expected);

        let mut counters = Counters::default();
        let on = Listener { syncookies: SynCookies::WhenFull, ..off };
        assert_eq!(queue(5, 5).decide(&on, true, &mut counters), Decision::Drop);
        let expected = Counters {
            tcp_req_q_full_do_cookies: 1,
            listen_overflows: 1,
            listen_drops: 1,
            ..Counters::default()
        };
        assert_eq!(counters, expected);
    }
}
