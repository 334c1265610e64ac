//! Which messages have arrived at which client.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};

use worker::metrics::Integrity;

use crate::delivery_rows::{DeliveryRows, Row, SharedProgress};

/// The position of every (receiver, sender) pair, in parts: those of one receiver are in one
/// part, which the thread that reads what arrives at it has for itself.
///
/// The clients join and leave here, in one thread.
#[derive(Debug)]
pub(crate) struct DeliveryMatrix {
    parts: Vec<Arc<Mutex<DeliveryRows>>>,
    shared: Arc<SharedProgress>,
    present: Vec<bool>,
    present_count: u64,
    /// By client: whether it sends.
    sends: Vec<bool>,
    /// Present clients that send.
    present_senders: u64,
}

impl DeliveryMatrix {
    pub(crate) fn new(clients: usize, messages: u32, parts: usize) -> Self {
        let shared = Arc::new(SharedProgress::new(clients));
        let part = |part| {
            let rows = DeliveryRows::new((part, parts), clients, messages, Arc::clone(&shared));
            Arc::new(Mutex::new(rows))
        };
        Self {
            parts: (0..parts).map(part).collect(),
            shared,
            present: vec![false; clients],
            present_count: 0,
            sends: vec![false; clients],
            present_senders: 0,
        }
    }

    /// The rows of the receivers of each part.
    pub(crate) fn parts(&self) -> &[Arc<Mutex<DeliveryRows>>] {
        &self.parts
    }

    fn lock_part(&self, part: usize) -> MutexGuard<'_, DeliveryRows> {
        self.parts[part].lock().expect("no thread that reads has panicked")
    }

    /// Adds an established client that reads; `sends` if it also writes. A client
    /// that does not read never joins and is not waited for.
    pub(crate) fn join(&mut self, client: usize, sends: bool) {
        self.present[client] = true;
        self.present_count += 1;
        self.sends[client] = sends;
        self.present_senders += u64::from(sends);
        (0..self.parts.len()).for_each(|part| self.lock_part(part).join(client));
        self.set_needed_pairs();
    }

    /// Removes a client: no pair waits for it any longer. Nothing arrives at it any more.
    pub(crate) fn leave(&mut self, client: usize) {
        if !std::mem::take(&mut self.present[client]) {
            return; // It never joined.
        }
        self.present_count -= 1;
        self.present_senders -= u64::from(self.sends[client]);
        (0..self.parts.len()).for_each(|part| self.lock_part(part).leave(client));
        self.set_needed_pairs();
    }

    fn set_needed_pairs(&self) {
        let needed = self.present_senders * self.present_count.saturating_sub(1);
        self.shared.set_needed_pairs(needed);
    }

    /// Whether every present client has received the last message of every other that
    /// sends.
    pub(crate) fn is_complete(&self) -> bool {
        self.shared.is_complete()
    }

    /// Whether a client that has joined sends.
    pub(crate) fn sends(&self, client: usize) -> bool {
        self.sends[client]
    }

    /// The clients that joined and have not left.
    pub(crate) fn present(&self) -> impl Iterator<Item = usize> + '_ {
        self.present.iter().enumerate().filter(|(_, here)| **here).map(|(client, _)| client)
    }

    pub(crate) fn present_count(&self) -> u64 {
        self.present_count
    }

    /// The positions of a receiver. Nothing arrives at the receivers of its part meanwhile.
    pub(crate) fn row(&self, receiver: usize) -> impl Deref<Target = Row> + '_ {
        struct LockedRow<'a>(MutexGuard<'a, DeliveryRows>, usize);

        impl Deref for LockedRow<'_> {
            type Target = Row;

            fn deref(&self) -> &Row {
                self.0.row(self.1)
            }
        }

        LockedRow(self.lock_part(receiver % self.parts.len()), receiver)
    }

    /// Time from which a client is known to be registered at the server,
    /// nanoseconds.
    pub(crate) fn registered_since_ns(&self, client: usize) -> Option<u64> {
        self.shared.registered_since_ns(client)
    }

    /// The integrity errors that the pairs show.
    pub(crate) fn integrity(&self) -> Integrity {
        let parts = (0..self.parts.len()).map(|part| self.lock_part(part).integrity());
        parts.fold(Integrity::default(), |all, part| Integrity {
            lost: all.lost + part.lost,
            doubled: all.doubled + part.doubled,
            reordered: all.reordered + part.reordered,
            ..all
        })
    }

    /// Records that a message arrived, as the thread does that reads it.
    #[cfg(test)]
    pub(crate) fn arrived(
        &mut self,
        receiver: usize,
        sender: usize,
        number: u32,
        now_ns: u64,
    ) -> crate::delivery_rows::Arrival {
        let mut rows = self.lock_part(receiver % self.parts.len());
        let arrival = rows.arrived(receiver, sender, number, now_ns);
        rows.count_complete_pairs();
        arrival
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix_in_parts(clients: usize, messages: u32, parts: usize) -> DeliveryMatrix {
        let mut matrix = DeliveryMatrix::new(clients, messages, parts);
        (0..clients).for_each(|client| matrix.join(client, true));
        matrix
    }

    fn matrix(clients: usize, messages: u32) -> DeliveryMatrix {
        matrix_in_parts(clients, messages, 2)
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

    /// The integrity, and whether everything has arrived, after arrivals in the same pseudorandom
    /// order and departures among them.
    fn after_disorder(parts: usize) -> Vec<(Integrity, bool)> {
        let mut matrix = matrix_in_parts(7, 3, parts);
        let mut random = 7u64;
        let mut below = |limit: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((random >> 33) % limit) as usize
        };
        let mut found = Vec::new();
        for step in 0..600 {
            let (receiver, sender, number) = (below(7), below(7), below(3) as u32);
            if matrix.present[receiver] && receiver != sender {
                matrix.arrived(receiver, sender, number, step);
            }
            if step % 150 == 149 {
                matrix.leave(below(7));
            }
            found.push((matrix.integrity(), matrix.is_complete()));
        }
        found
    }

    #[test]
    fn the_number_of_parts_changes_nothing() {
        let expected = after_disorder(1);
        assert!(expected.iter().any(|(_, is_complete)| *is_complete));
        assert!(expected.iter().any(|(_, is_complete)| !*is_complete));
        for parts in [2, 3, 7, 9] {
            assert_eq!(after_disorder(parts), expected, "{parts}");
        }
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
        let mut matrix = DeliveryMatrix::new(4, 1, 3);
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
