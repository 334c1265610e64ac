//! Makes the text of a scrape.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use prometheus_client::registry::Registry;
use watch_record::Snapshot;

use crate::drops::DropCounters;
use crate::exposition::Exposition;
use crate::format::Format;

/// Makes the text of each scrape from a snapshot of that moment.
pub struct Exporter {
    snapshot: Box<dyn Fn() -> Snapshot + Send + Sync>,
    drops: Mutex<DropCounters>,
}

impl Exporter {
    /// One for the snapshots that a function takes.
    pub fn new(snapshot: impl Fn() -> Snapshot + Send + Sync + 'static) -> Self {
        Self { snapshot: Box::new(snapshot), drops: Mutex::default() }
    }

    /// Everything that is known now.
    pub fn text(&self, format: Format) -> String {
        // Taken with the lock, so that no later scrape has an earlier snapshot.
        let mut drops = self.drops.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = (self.snapshot)();
        drops.update(&snapshot.listeners);
        let exposition = Exposition::new(&snapshot, &drops);
        drop(drops);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(exposition));
        format.encode(&registry)
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Exporter").finish_non_exhaustive()
    }
}
