//! Counters that many threads increment.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
            first_message_ns: AtomicU64::new(u64::MAX),
            last_message_ns: AtomicU64::default(),
        }
    }
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Relaxed);
    }

    /// Counts a message whose last byte was read at `read_ns`.
    pub(crate) fn ingest(&self, read_ns: u64) {
        Self::add(&self.messages_ingested, 1);
        self.first_message_ns.fetch_min(read_ns, Relaxed);
        self.last_message_ns.fetch_max(read_ns, Relaxed);
    }

    pub(crate) fn ingest_window_ns(&self) -> Option<(u64, u64)> {
        let first = self.first_message_ns.load(Relaxed);
        (first != u64::MAX).then(|| (first, self.last_message_ns.load(Relaxed).max(first)))
    }
}
