//! Which messages have arrived at which client.

use std::collections::HashSet;

use worker::metrics::Integrity;

/// The order of an arrival among those of the same sender at the same receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The first time, and after all earlier ones that arrived.
    InOrder,
    /// The first time, after a later one.
    Reordered,
    /// Not the first time.
    Again,
}

/// The position of every (receiver, sender) pair, with the checks of [`Integrity`].
/// An arrival in order costs one array access for any number of clients.
///
/// The first message that a receiver gets of a sender sets where the pair begins, because
/// a receiver that the server registered later does not get earlier ones (see
/// [`crate::expected_deliveries`]). From there on, every number must follow.
#[derive(Debug)]
pub(crate) struct DeliveryMatrix {
    messages: u32,
    /// By receiver; empty for a client at which nothing has arrived.
    rows: Vec<Row>,
    /// By client: time from which it is known to be registered at the server,
    /// nanoseconds; `u64::MAX` while unknown. A client is registered before
    /// it is sent anything, and before anything of its own is read.
    registered_since_ns: Vec<u64>,
    present: Vec<bool>,
    present_count: u64,
    /// By client: whether it sends.
    sends: Vec<bool>,
    /// Present clients that send.
    present_senders: u64,
    /// Pairs of present clients whose last message has arrived.
    complete_pairs: u64,
    /// (receiver, sender, number): skipped, and not arrived since.
    missing: HashSet<(u32, u32, u32)>,
    doubled: u64,
    reordered: u64,
}

/// One receiver's positions, by sender. Zeroed memory that is never accessed costs
/// nothing, so `first` is free unless a client joins late.
#[derive(Debug, Default)]
struct Row {
    /// One more than the last number that arrived; 0 if none has.
    next: Vec<u32>,
    /// The number where the pair began.
    first: Vec<u32>,
}

impl DeliveryMatrix {
    pub(crate) fn new(clients: usize, messages: u32) -> Self {
        Self {
            messages,
            rows: std::iter::repeat_with(Row::default).take(clients).collect(),
            registered_since_ns: vec![u64::MAX; clients],
            present: vec![false; clients],
            present_count: 0,
            sends: vec![false; clients],
            present_senders: 0,
            complete_pairs: 0,
            missing: HashSet::new(),
            doubled: 0,
            reordered: 0,
        }
    }

    /// Adds an established client that reads; `sends` if it also writes. A client
    /// that does not read never joins and is not waited for.
    pub(crate) fn join(&mut self, client: usize, sends: bool) {
        self.present[client] = true;
        self.present_count += 1;
        self.sends[client] = sends;
        self.present_senders += u64::from(sends);
    }

    /// Removes a client: no pair waits for it any longer.
    pub(crate) fn leave(&mut self, client: usize) {
        if !std::mem::take(&mut self.present[client]) {
            return; // It never joined.
        }
        self.present_count -= 1;
        self.present_senders -= u64::from(self.sends[client]);
        if self.complete_pairs == 0 {
            return;
        }
        for other in self.present() {
            let from = self.next(other, client) == self.messages;
            let to = self.next(client, other) == self.messages;
            self.complete_pairs -= u64::from(from) + u64::from(to);
        }
    }

    /// Records that a complete, unaltered message arrived at a client that has joined.
    #[inline]
    pub(crate) fn arrived(
        &mut self,
        receiver: usize,
        sender: usize,
        number: u32,
        now_ns: u64,
    ) -> Arrival {
        match self.rows[receiver].next.get_mut(sender) {
            // Neither the first of its pair nor the last: it changes nothing else.
            Some(next) if number == *next && number > 0 && number + 1 < self.messages => {
                *next += 1;
                Arrival::InOrder
            }
            _ => self.arrived_otherwise(receiver, sender, number, now_ns),
        }
    }

    fn arrived_otherwise(
        &mut self,
        receiver: usize,
        sender: usize,
        number: u32,
        now_ns: u64,
    ) -> Arrival {
        for client in [receiver, sender] {
            if self.registered_since_ns[client] == u64::MAX {
                self.registered_since_ns[client] = now_ns;
            }
        }
        let clients = self.rows.len();
        let row = &mut self.rows[receiver];
        if row.next.is_empty() {
            *row = Row { next: vec![0; clients], first: vec![0; clients] };
        }
        let next = row.next[sender];
        if number != next {
            if number < next {
                return self.arrived_late(receiver, sender, number);
            }
            if next == 0 {
                row.first[sender] = number;
            } else {
                let pair = (receiver as u32, sender as u32);
                self.missing.extend((next..number).map(|number| (pair.0, pair.1, number)));
            }
        }
        row.next[sender] = number + 1;
        if number + 1 == self.messages && self.present[sender] {
            self.complete_pairs += 1;
        }
        Arrival::InOrder
    }

    fn arrived_late(&mut self, receiver: usize, sender: usize, number: u32) -> Arrival {
        let pair = (receiver as u32, sender as u32);
        let first = &mut self.rows[receiver].first[sender];
        if number < *first {
            // It was registered then, so the numbers in between are missing.
            self.missing.extend((number + 1..*first).map(|number| (pair.0, pair.1, number)));
            *first = number;
        } else if !self.missing.remove(&(pair.0, pair.1, number)) {
            self.doubled += 1;
            return Arrival::Again;
        }
        self.reordered += 1;
        Arrival::Reordered
    }

    /// Whether every present client has received the last message of every other that
    /// sends.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete_pairs == self.present_senders * self.present_count.saturating_sub(1)
    }

    /// Whether a client that has joined sends.
    pub(crate) fn sends(&self, client: usize) -> bool {
        self.sends[client]
    }

    /// The clients that joined and have not left.
    pub(crate) fn present(&self) -> impl Iterator<Item = usize> + use<> {
        let present = self.present.clone();
        (0..present.len()).filter(move |client| present[*client])
    }

    pub(crate) fn present_count(&self) -> u64 {
        self.present_count
    }

    /// One more than the last number of `sender` that arrived at `receiver`; 0 if none
    /// has.
    pub(crate) fn next(&self, receiver: usize, sender: usize) -> u32 {
        self.rows[receiver].next.get(sender).copied().unwrap_or(0)
    }

    /// The senders from which `receiver` has received anything.
    pub(crate) fn senders_received(&self, receiver: usize) -> impl Iterator<Item = usize> + '_ {
        let received = self.rows[receiver].next.iter().enumerate().filter(|(_, next)| **next > 0);
        received.map(|(sender, _)| sender)
    }

    /// The earliest number of `sender` that arrived at `receiver`, if any has.
    pub(crate) fn first(&self, receiver: usize, sender: usize) -> Option<u32> {
        (self.next(receiver, sender) > 0).then(|| self.rows[receiver].first[sender])
    }

    /// Time from which a client is known to be registered at the server,
    /// nanoseconds.
    pub(crate) fn registered_since_ns(&self, client: usize) -> Option<u64> {
        Some(self.registered_since_ns[client]).filter(|at| *at != u64::MAX)
    }

    /// The integrity errors that the pairs show.
    pub(crate) fn integrity(&self) -> Integrity {
        Integrity {
            lost: self.missing.len() as u64,
            doubled: self.doubled,
            reordered: self.reordered,
            ..Integrity::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(clients: usize, messages: u32) -> DeliveryMatrix {
        let mut matrix = DeliveryMatrix::new(clients, messages);
        (0..clients).for_each(|client| matrix.join(client, true));
        matrix
    }

    /// Lost, doubled and reordered, if these numbers of client 1 arrive at client 0.
    fn counts(numbers: &[u32]) -> (u64, u64, u64) {
        let mut matrix = matrix(2, 10);
        for number in numbers {
            matrix.arrived(0, 1, *number, 1);
        }
        let found = matrix.integrity();
        (found.lost, found.doubled, found.reordered)
    }

    #[test]
    fn every_kind_of_disorder_is_distinguished() {
        assert_eq!(counts(&[0, 1, 2, 3]), (0, 0, 0));
        assert_eq!(counts(&[5, 6, 7]), (0, 0, 0), "it joined late");
        assert_eq!(counts(&[0, 1, 4]), (2, 0, 0), "2 and 3 are missing");
        assert_eq!(counts(&[0, 1, 1, 2]), (0, 1, 0));
        assert_eq!(counts(&[0, 1, 2, 0, 1]), (0, 2, 0), "doubled long after");
        assert_eq!(counts(&[0, 2, 1, 3]), (0, 0, 1), "late is not lost");
        assert_eq!(counts(&[0, 2, 1, 1, 3]), (0, 1, 1), "late once, then again");
        assert_eq!(counts(&[5, 3, 6]), (1, 0, 1), "registered since 3: 4 is missing");
        assert_eq!(counts(&[5, 0, 0]), (4, 1, 1));
    }

    #[test]
    fn complete_means_the_last_message_of_everyone_at_everyone_present() {
        let mut matrix = matrix(3, 2);
        for (receiver, sender) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2)] {
            matrix.arrived(receiver, sender, 0, 1);
            matrix.arrived(receiver, sender, 1, 1);
            assert!(!matrix.is_complete());
        }
        matrix.arrived(2, 1, 0, 1);
        assert!(!matrix.is_complete(), "the last one is missing");
        let mut without = matrix;
        without.leave(2);
        assert!(without.is_complete(), "a client that has left is not waited for");
        without.leave(1);
        assert!(without.is_complete(), "a single client expects nothing");
    }

    #[test]
    fn a_client_that_only_reads_is_waited_for_only_as_a_receiver() {
        let mut matrix = DeliveryMatrix::new(4, 1);
        matrix.join(0, true);
        matrix.join(1, false);
        matrix.join(2, false);
        matrix.arrived(1, 0, 0, 1);
        assert!(!matrix.is_complete());
        matrix.arrived(2, 0, 0, 1);
        assert!(matrix.is_complete(), "1 and 2 send nothing, and 3 never joined");
        matrix.leave(3);
        matrix.leave(2);
        assert!(matrix.is_complete());
        matrix.leave(0);
        assert!(matrix.is_complete(), "no remaining client sends");
    }

    #[test]
    fn messages_of_a_client_that_left_complete_nothing() {
        let mut matrix = matrix(3, 1);
        matrix.leave(2);
        matrix.arrived(0, 2, 0, 1);
        matrix.arrived(1, 2, 0, 1);
        assert!(!matrix.is_complete(), "0 and 1 have not received from each other");
        matrix.arrived(0, 1, 0, 1);
        matrix.arrived(1, 0, 0, 1);
        assert!(matrix.is_complete());
    }

    #[test]
    fn the_first_arrival_proves_that_both_ends_are_registered() {
        let mut matrix = matrix(3, 5);
        matrix.arrived(0, 1, 0, 7);
        matrix.arrived(0, 1, 1, 9);
        assert_eq!(
            [0, 1, 2].map(|client| matrix.registered_since_ns(client)),
            [Some(7), Some(7), None]
        );
    }
}
