//! The watch itself.

use watch_record::Effort;

/// The watch itself: what it does, and what it does not show.
#[derive(Debug, Clone)]
pub(crate) struct Overview {
    pub(crate) effort: Effort,
    pub(crate) watched_seconds: f64,
    /// Listening sockets that are visible.
    pub(crate) sockets: u64,
    pub(crate) omitted_addresses: u64,
    pub(crate) namespaces: u64,
    pub(crate) omitted_namespaces: u64,
    /// Things that could not be seen.
    pub(crate) unseen: u64,
}
