//! Which messages have arrived at some of the clients.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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

/// What the parts of a [`DeliveryMatrix`](crate::delivery_matrix::DeliveryMatrix) share.
#[derive(Debug)]
pub(crate) struct SharedProgress {
    /// By client: time from which it is known to be registered at the server,
    /// nanoseconds; `u64::MAX` while unknown. A client is registered before
    /// it is sent anything, and before anything of its own is read.
    registered_since_ns: Box<[AtomicU64]>,
    /// Pairs of present clients whose last message has arrived.
    complete_pairs: AtomicU64,
    /// As many pairs are complete when every client has everything.
    needed_pairs: AtomicU64,
}

impl SharedProgress {
    pub(crate) fn new(clients: usize) -> Self {
        Self {
            registered_since_ns: (0..clients).map(|_| AtomicU64::new(u64::MAX)).collect(),
            complete_pairs: AtomicU64::new(0),
            needed_pairs: AtomicU64::new(0),
        }
    }

    pub(crate) fn registered_since_ns(&self, client: usize) -> Option<u64> {
        let since_ns = self.registered_since_ns[client].load(Ordering::Relaxed);
        Some(since_ns).filter(|at| *at != u64::MAX)
    }

    /// Records that a client is registered by this time, unless an earlier one is known.
    fn prove(&self, client: usize, now_ns: u64) {
        self.registered_since_ns[client].fetch_min(now_ns, Ordering::Relaxed);
    }

    pub(crate) fn set_needed_pairs(&self, pairs: u64) {
        // In one order with the counts of complete pairs: the later of the two notices that
        // all are complete.
        self.needed_pairs.store(pairs, Ordering::SeqCst);
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.complete_pairs.load(Ordering::SeqCst) == self.needed_pairs.load(Ordering::SeqCst)
    }
}

/// The positions of the pairs of some receivers with every sender, with the checks of
/// [`Integrity`]. An arrival in order costs one array access for any number of clients.
///
/// The first message that a receiver gets of a sender sets where the pair begins, because
/// a receiver that the server registered later does not get earlier ones (see
/// [`crate::expected_deliveries`]). From there on, every number must follow.
#[derive(Debug)]
pub(crate) struct DeliveryRows {
    messages: u32,
    /// The receivers are those whose index leaves this remainder.
    part: usize,
    /// When it is divided by this.
    parts: usize,
    /// Of each receiver; empty for one at which nothing has arrived.
    rows: Vec<Row>,
    shared: Arc<SharedProgress>,
    /// By client.
    present: Vec<bool>,
    /// Pairs of these receivers and present clients whose last message has arrived.
    complete_pairs: u64,
    /// Those of them that [`SharedProgress`] does not count yet.
    uncounted_pairs: u64,
    /// (receiver, sender, number): skipped, and not arrived since.
    missing: HashSet<(u32, u32, u32)>,
    doubled: u64,
    reordered: u64,
}

/// One receiver's positions, by sender. Zeroed memory that is never accessed costs
/// nothing, so `first` is free unless a client joins late.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// One more than the last number that arrived; 0 if none has.
    next: Vec<u32>,
    /// The number where the pair began.
    first: Vec<u32>,
}

impl Row {
    /// One more than the last number of `sender` that arrived; 0 if none has.
    pub(crate) fn next(&self, sender: usize) -> u32 {
        self.next.get(sender).copied().unwrap_or(0)
    }

    /// The earliest number of `sender` that arrived, if any has.
    pub(crate) fn first(&self, sender: usize) -> Option<u32> {
        (self.next(sender) > 0).then(|| self.first[sender])
    }

    /// The senders of which anything has arrived.
    pub(crate) fn senders(&self) -> impl Iterator<Item = usize> + '_ {
        self.next.iter().enumerate().filter(|(_, next)| **next > 0).map(|(sender, _)| sender)
    }
}

impl DeliveryRows {
    /// The rows of one of so many parts of the clients.
    pub(crate) fn new(
        (part, parts): (usize, usize),
        clients: usize,
        messages: u32,
        shared: Arc<SharedProgress>,
    ) -> Self {
        let receivers = clients.saturating_sub(part).div_ceil(parts);
        Self {
            messages,
            part,
            parts,
            rows: std::iter::repeat_with(Row::default).take(receivers).collect(),
            shared,
            present: vec![false; clients],
            complete_pairs: 0,
            uncounted_pairs: 0,
            missing: HashSet::new(),
            doubled: 0,
            reordered: 0,
        }
    }

    /// The row of a receiver of this part.
    pub(crate) fn row(&self, receiver: usize) -> &Row {
        &self.rows[receiver / self.parts]
    }

    pub(crate) fn join(&mut self, client: usize) {
        self.present[client] = true;
    }

    /// Removes a client: no pair waits for it any longer.
    pub(crate) fn leave(&mut self, client: usize) {
        self.present[client] = false;
        if self.complete_pairs == 0 {
            return;
        }
        let is_complete = |row: &Row, sender: usize| row.next(sender) == self.messages;
        let receivers = (self.part..).step_by(self.parts).zip(&self.rows);
        let mut gone = receivers
            .filter(|(receiver, row)| self.present[*receiver] && is_complete(row, client))
            .count();
        if client % self.parts == self.part {
            let row = self.row(client);
            let others = self.present.iter().enumerate();
            gone += others.filter(|(other, here)| **here && is_complete(row, *other)).count();
        }
        self.complete_pairs -= gone as u64;
        self.shared.complete_pairs.fetch_sub(gone as u64, Ordering::SeqCst);
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
        match self.rows[receiver / self.parts].next.get_mut(sender) {
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
        let clients = self.present.len();
        let row = &mut self.rows[receiver / self.parts];
        if row.next.is_empty() {
            *row = Row { next: vec![0; clients], first: vec![0; clients] };
        }
        let next = row.next[sender];
        if next == 0 {
            self.shared.prove(receiver, now_ns);
            self.shared.prove(sender, now_ns);
        }
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
            self.uncounted_pairs += 1;
        }
        Arrival::InOrder
    }

    fn arrived_late(&mut self, receiver: usize, sender: usize, number: u32) -> Arrival {
        let pair = (receiver as u32, sender as u32);
        let first = &mut self.rows[receiver / self.parts].first[sender];
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

    /// Lets the other parts know what has arrived; whether everything has, by that. It must be
    /// called before a client of this part is looked at by another thread.
    pub(crate) fn count_complete_pairs(&mut self) -> bool {
        let pairs = std::mem::take(&mut self.uncounted_pairs);
        if pairs == 0 {
            return false;
        }
        self.shared.complete_pairs.fetch_add(pairs, Ordering::SeqCst);
        self.shared.is_complete()
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
