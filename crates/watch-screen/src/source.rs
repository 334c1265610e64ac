//! Where the screen gets its data.

use std::sync::Arc;

use watch_record::{ListenerDetails, Snapshot};

/// What a watch knows. The screen asks for it a few times a second and draws only what is
/// another `Arc` than before.
pub trait Source {
    /// Everything at the last moment that is complete.
    fn snapshot(&self) -> Arc<Snapshot>;

    /// The listener whose details are shown from now on ([`watch_record::WatchedListener::id`]),
    /// or none.
    fn select(&self, listener: Option<u64>);

    /// The details of the selected listener; none before the first.
    fn details(&self) -> Option<Arc<ListenerDetails>>;
}
