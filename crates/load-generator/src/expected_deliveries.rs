//! Decides when clients that leave together are done: which deliveries each one can
//! still expect.
//!
//! A client cannot see when the server registers it: connect(2) also succeeds for a
//! connection that waits in the accept queue, and for a phantom, for which the
//! server has no socket. But any message that arrives at a client, and any message
//! of it that arrives elsewhere, *proves* that it was registered by then. From that
//! moment, and not before, every message that another proven client writes is
//! **outstanding** until it arrives. Once a pair has had a delivery, all later
//! messages of that pair are expected.
//!
//! The clients leave together, as `finished`, as soon as
//!
//! 1. every attempt is decided and every remaining client has written all its
//!    messages, and
//! 2. the last message of each has arrived at each other; or, if some pairs never
//!    had a delivery because the receiver was registered after the sender's last
//!    message: nothing is outstanding, every client is proven, and nothing has
//!    arrived at any client for [`QUIET_NS`].
//!
//! Otherwise they wait for the finish deadline, and then each client is judged by
//! itself: `finished` if it has written everything, is proven (or is the only one)
//! and has nothing outstanding; else `unfinished`. So a silent client, which
//! received nothing and from which nothing was received, never makes the others
//! unfinished, and a server that is slow on purpose is never cut short by an idle
//! timer: while messages wait in it, some client is silent or has messages
//! outstanding.
//!
//! Clients that only read are proven by what arrives at them. A silent one has no
//! data of its own that could still prove it: it expects nothing, and is not waited
//! for, as soon as every sender is proven.
//!
//! Slow readers take no part in this: a client that does not read expects nothing,
//! and one that sends nothing is not waited for.
//!
//! Silent senders are waited for, although a dead phantom never sends, because they
//! may send late for good reasons: an accept queue that drains slowly; a SYN-ACK
//! that the kernel retransmits after 1, 3, 7 s; and a phantom's own data, which it
//! retransmits after 0.2, 0.4, 0.8 s and so on: each retransmission makes it a real
//! connection if there is room by then, or resets it if the server's request has
//! expired. Two clients that the server has registered always prove each other: the
//! later one's messages go to the earlier one.

use crate::delivery_matrix::DeliveryMatrix;
use crate::delivery_rows::Row;
use crate::schedule::Schedule;

/// Time without any delivery after which pairs without outstanding messages are
/// done, nanoseconds.
pub(crate) const QUIET_NS: u64 = 1_000_000_000;

/// Number of messages written by `sender` that `receiver` still expects.
fn outstanding(
    matrix: &DeliveryMatrix,
    schedules: &[Schedule],
    (receiver, row): (usize, &Row),
    sender: usize,
) -> u32 {
    let (Some(since), Some(_)) =
        (matrix.registered_since_ns(receiver), matrix.registered_since_ns(sender))
    else {
        return 0;
    };
    let written = schedules[sender].written();
    let next = row.next(sender);
    let from = if receiver == sender {
        written
    } else if next > 0 {
        next
    } else {
        // The first number whose intended time is after the proof.
        schedules[sender].due(since)
    };
    written.saturating_sub(from)
}

/// Number of messages before the first one that arrived of each sender at `receiver` which
/// should have arrived too, because `receiver` was already registered.
pub(crate) fn lost_before_first(
    matrix: &DeliveryMatrix,
    schedules: &[Schedule],
    receiver: usize,
) -> u64 {
    let Some(since) = matrix.registered_since_ns(receiver) else {
        return 0;
    };
    let row = matrix.row(receiver);
    let lost = |sender| {
        let first = row.first(sender)?;
        Some(u64::from(first.saturating_sub(schedules[sender].due(since))))
    };
    row.senders().filter_map(lost).sum()
}

/// Whether `client` counts as registered: it is proven; or it is the only one, so
/// nothing can prove it; or it only reads and every sender is proven.
pub(crate) fn is_registered(matrix: &DeliveryMatrix, client: usize) -> bool {
    let is_proven = |client: usize| matrix.registered_since_ns(client).is_some();
    is_proven(client)
        || matrix.present_count() == 1
        || (!matrix.sends(client)
            && matrix.present().filter(|other| matrix.sends(*other)).all(is_proven))
}

/// Number of messages that `receiver` still expects from all present clients.
pub(crate) fn outstanding_in_total(
    matrix: &DeliveryMatrix,
    schedules: &[Schedule],
    receiver: usize,
) -> u64 {
    let row = matrix.row(receiver);
    let of = |sender| u64::from(outstanding(matrix, schedules, (receiver, &row), sender));
    matrix.present().map(of).sum()
}

/// Whether nothing more can be expected after a quiet time.
pub(crate) fn nothing_outstanding(matrix: &DeliveryMatrix, schedules: &[Schedule]) -> bool {
    matrix.present().all(|client| {
        is_registered(matrix, client) && outstanding_in_total(matrix, schedules, client) == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More than one, so that pairs of different parts are complete together.
    const PARTS: usize = 2;

    /// Clients that each wrote messages 0, 1, 2 at 100, 110, 120.
    fn scene(clients: usize) -> (DeliveryMatrix, Vec<Schedule>) {
        scene_with_readers(clients, 0)
    }

    /// The same, and after them clients that only read.
    fn scene_with_readers(senders: usize, readers: usize) -> (DeliveryMatrix, Vec<Schedule>) {
        let clients = senders + readers;
        let mut matrix = DeliveryMatrix::new(clients, 3, PARTS);
        (0..clients).for_each(|client| matrix.join(client, client < senders));
        let sender = |_| {
            let schedule = Schedule::new(10, 3);
            schedule.start(100);
            (0..3).for_each(|_| schedule.start_next());
            schedule.set_written(3);
            schedule
        };
        let reader = |_| Schedule::new(10, 0);
        (matrix, (0..senders).map(sender).chain((0..readers).map(reader)).collect())
    }

    fn deliver(matrix: &mut DeliveryMatrix, receiver: usize, sender: usize, at_ns: &[(u32, u64)]) {
        for (number, at_ns) in at_ns {
            matrix.arrived(receiver, sender, *number, *at_ns);
        }
    }

    const ALL: [(u32, u64); 3] = [(0, 101), (1, 111), (2, 121)];

    #[test]
    fn a_single_client_expects_nothing() {
        let (matrix, schedules) = scene(1);
        assert!(matrix.is_complete());
        assert!(nothing_outstanding(&matrix, &schedules));
    }

    #[test]
    fn a_silent_client_has_nothing_outstanding_but_is_waited_for() {
        let (mut matrix, schedules) = scene(3);
        deliver(&mut matrix, 0, 1, &ALL);
        deliver(&mut matrix, 1, 0, &ALL);
        assert!(!matrix.is_complete());
        assert!(!nothing_outstanding(&matrix, &schedules), "client 2 may still be accepted");
        assert_eq!(
            [0, 1, 2].map(|client| outstanding_in_total(&matrix, &schedules, client)),
            [0, 0, 0]
        );
        assert_eq!([0, 1, 2].map(|client| is_registered(&matrix, client)), [true, true, false]);
    }

    #[test]
    fn a_silent_reader_is_waited_for_until_every_sender_is_proven() {
        let (mut matrix, schedules) = scene_with_readers(2, 2);
        assert!(!nothing_outstanding(&matrix, &schedules));
        deliver(&mut matrix, 2, 0, &ALL);
        assert!(!nothing_outstanding(&matrix, &schedules), "1 is silent, and may still be read");
        assert!(!is_registered(&matrix, 3));
        deliver(&mut matrix, 0, 1, &ALL);
        // 1 is proven at 101: what 0 wrote after that is outstanding.
        deliver(&mut matrix, 1, 0, &[(2, 130)]);
        deliver(&mut matrix, 2, 1, &ALL);
        assert!(nothing_outstanding(&matrix, &schedules), "3 received nothing and never will");
        assert!(!matrix.is_complete());
        assert_eq!(outstanding_in_total(&matrix, &schedules, 3), 0);
    }

    #[test]
    fn a_reader_expects_later_messages() {
        let (mut matrix, schedules) = scene_with_readers(1, 2);
        deliver(&mut matrix, 1, 0, &[(0, 101), (1, 111)]);
        deliver(&mut matrix, 2, 0, &ALL);
        assert_eq!(
            [0, 1, 2].map(|client| outstanding_in_total(&matrix, &schedules, client)),
            [0, 1, 0]
        );
        assert!(!nothing_outstanding(&matrix, &schedules));
        deliver(&mut matrix, 1, 0, &[(2, 131)]);
        assert!(matrix.is_complete());
    }

    #[test]
    fn a_late_joiner_expects_no_earlier_messages() {
        let (mut matrix, schedules) = scene(2);
        // Client 1's own data is read long after 0 wrote its last message.
        schedules[1].start(5000);
        deliver(&mut matrix, 0, 1, &[(0, 6000), (1, 6001), (2, 6002)]);
        assert!(!matrix.is_complete(), "client 0's messages never reach client 1");
        assert!(nothing_outstanding(&matrix, &schedules));
    }

    #[test]
    fn messages_written_after_the_proof_are_outstanding() {
        let (mut matrix, schedules) = scene(3);
        deliver(&mut matrix, 0, 1, &ALL);
        deliver(&mut matrix, 1, 0, &ALL);
        // Client 2 was registered at 111: the messages of 120 of both others are
        // outstanding.
        for receiver in [0, 1] {
            deliver(&mut matrix, receiver, 2, &[(0, 111), (1, 111), (2, 121)]);
        }
        assert_eq!(outstanding_in_total(&matrix, &schedules, 2), 2);
        assert!(!nothing_outstanding(&matrix, &schedules));
        deliver(&mut matrix, 2, 0, &[(2, 130)]);
        assert_eq!(outstanding_in_total(&matrix, &schedules, 2), 1);
        assert_eq!(lost_before_first(&matrix, &schedules, 2), 0, "1 was written at 110");
    }

    #[test]
    fn later_messages_are_outstanding_after_a_first_delivery() {
        let (mut matrix, schedules) = scene(2);
        deliver(&mut matrix, 0, 1, &[(0, 9000)]);
        assert_eq!(outstanding_in_total(&matrix, &schedules, 0), 2);
        assert_eq!(outstanding_in_total(&matrix, &schedules, 1), 0, "proven only at 9000");
    }

    #[test]
    fn earlier_messages_are_lost_only_if_written_after_the_proof() {
        let (mut matrix, schedules) = scene(3);
        deliver(&mut matrix, 0, 1, &[(0, 105)]);
        deliver(&mut matrix, 0, 2, &[(2, 125)]);
        assert_eq!(lost_before_first(&matrix, &schedules, 0), 1, "1 at 110, but not 0 at 100");
    }

    #[test]
    fn unwritten_messages_are_not_outstanding() {
        let (mut matrix, schedules) = scene(2);
        deliver(&mut matrix, 0, 1, &[(0, 101)]);
        schedules[1].set_written(1);
        assert_eq!(outstanding_in_total(&matrix, &schedules, 0), 0);
    }
}
