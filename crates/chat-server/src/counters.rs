//! Counters that many threads increment.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use worker::metrics::ClosedBecause;

use crate::durations::Durations;

/// Relaxed counters: each is exact, and all agree once the threads that count
/// have been joined.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) registered: AtomicU64,
    pub(crate) messages_ingested: AtomicU64,
    pub(crate) deliveries: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) failed_writes: AtomicU64,
    pub(crate) protocol_errors: AtomicU64,
    /// Messages that were dropped for a client whose queue was full.
    pub(crate) dropped: AtomicU64,
    pub(crate) closed: ClosedClients,
    /// Writes that waited for their client to read.
    pub(crate) write_waits: Mutex<Durations>,
    first_message_ns: AtomicU64,
    last_message_ns: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            registered: AtomicU64::default(),
            messages_ingested: AtomicU64::default(),
            deliveries: AtomicU64::default(),
            bytes_in: AtomicU64::default(),
            bytes_out: AtomicU64::default(),
            failed_writes: AtomicU64::default(),
            protocol_errors: AtomicU64::default(),
            dropped: AtomicU64::default(),
            closed: ClosedClients::default(),
            write_waits: Mutex::default(),
            first_message_ns: AtomicU64::new(u64::MAX),
            last_message_ns: AtomicU64::default(),
        }
    }
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Relaxed);
    }

    /// Counts messages whose last bytes were read at `read_ns`.
    pub(crate) fn ingest(&self, messages: u64, read_ns: u64) {
        Self::add(&self.messages_ingested, messages);
        self.first_message_ns.fetch_min(read_ns, Relaxed);
        self.last_message_ns.fetch_max(read_ns, Relaxed);
    }

    pub(crate) fn ingest_window_ns(&self) -> Option<(u64, u64)> {
        let first = self.first_message_ns.load(Relaxed);
        (first != u64::MAX).then(|| (first, self.last_message_ns.load(Relaxed).max(first)))
    }
}

/// Clients that the server has given up, by cause.
#[derive(Debug, Default)]
pub(crate) struct ClosedClients([AtomicU64; ClosedBecause::ALL.len()]);

impl ClosedClients {
    pub(crate) fn add(&self, cause: ClosedBecause) {
        let position = ClosedBecause::ALL.iter().position(|&one| one == cause);
        Counters::add(&self.0[position.expect("all are listed")], 1);
    }

    /// Those of each cause that there were.
    pub(crate) fn by_cause(&self) -> BTreeMap<ClosedBecause, u64> {
        let counts = self.0.iter().map(|count| count.load(Relaxed));
        ClosedBecause::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect()
    }
}
