//! The counters of a host that reports know by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use linux_net::Counter;

/// Changes of a host's counters, after minus before.
#[derive(Debug, Clone)]
pub struct Counters {
    /// By counter; only those that changed.
    changes: Arc<[(Counter, i64)]>,
    is_read: bool,
}

impl Counters {
    pub(crate) fn new(recorded: &BTreeMap<String, i64>) -> Self {
        let change = |counter: &Counter| Some((*counter, *recorded.get(counter.name())?));
        let changes = Counter::ALL.iter().filter_map(change).filter(|(_, change)| *change != 0);
        Self { changes: changes.collect(), is_read: !recorded.is_empty() }
    }

    /// Whether the counters of the host were read: a standalone load cannot read the server's.
    /// In a host that was read, some counter always changes.
    pub fn are_read(&self) -> bool {
        self.is_read
    }

    /// The change of a counter; 0 if it was not read.
    pub fn change(&self, counter: Counter) -> i64 {
        let found = self.changes.iter().find(|(other, _)| *other == counter);
        found.map_or(0, |(_, change)| *change)
    }

    /// The increase of a counter.
    pub fn increase(&self, counter: Counter) -> u64 {
        self.change(counter).max(0).cast_unsigned()
    }
}
