//! Everything at one moment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::effort::{Effort, Unseen};
use crate::listener::WatchedListener;
use crate::namespace::WatchedNamespace;

/// Everything that a watch knows at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Wall clock time, RFC 3339.
    pub at: String,
    /// Seconds since the watch began.
    pub watched_seconds: f64,
    /// How the figures were obtained.
    pub effort: Effort,
    /// The listeners, those in most trouble first.
    pub listeners: Vec<WatchedListener>,
    /// The network namespaces that are watched.
    pub namespaces: Vec<WatchedNamespace>,
    /// Drops, since the watch began, of listeners of namespaces that are gone; 0 where only some
    /// listeners are shown, and in the record of a watch.
    pub drops_of_gone: u64,
    /// What could not be seen.
    pub unseen: Vec<Unseen>,
}

impl Snapshot {
    /// Drops of all listeners since the watch began, those included that have closed.
    pub fn drops_watched(&self) -> u64 {
        let of_open = self.listeners.iter().map(|listener| listener.drops_watched);
        let of_closed = self.namespaces.iter().map(|namespace| namespace.drops_of_closed);
        of_open.chain(of_closed).fold(self.drops_of_gone, u64::saturating_add)
    }
}
