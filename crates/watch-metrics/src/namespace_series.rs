//! A network namespace with its labels.

use watch_record::WatchedNamespace;

use crate::labels::{Labels, clean};
use crate::metric::Value;
use crate::namespace_names::NamespaceNames;

/// A network namespace with its labels.
#[derive(Debug, Clone)]
pub(crate) struct NamespaceSeries {
    pub(crate) labels: Labels,
    pub(crate) namespace: WatchedNamespace,
}

impl NamespaceSeries {
    pub(crate) fn new(namespace: &WatchedNamespace, names: &NamespaceNames) -> Self {
        let labels = Labels::none()
            .with("container", namespace.container.as_deref().map(clean).as_deref())
            .with("netns", names.of(namespace.inode));
        Self { labels, namespace: namespace.clone() }
    }

    /// What one of the kernel's counters has counted since the watch began; `None` before two
    /// readings.
    pub(crate) fn counter(&self, name: &str) -> Option<Value> {
        let is_read = self.namespace.counters_interval_seconds > 0.0;
        // A counter that did not change is not listed.
        is_read.then(|| Value::Count(self.namespace.counters.get(name).copied().unwrap_or(0)))
    }
}
