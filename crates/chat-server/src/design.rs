//! A design: how a message gets from the registry to the sockets.

use crate::client::Message;
use crate::registry::Registry;

/// A design of locking and writing.
#[derive(Debug, Clone, Copy)]
pub struct Design {
    /// Its name in scenarios and flags.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Creates the broadcaster of one client's thread.
    pub(crate) broadcaster: fn() -> Box<dyn Broadcaster>,
}

/// Delivers the messages of one client's thread; it reuses its buffers.
pub(crate) trait Broadcaster {
    /// Delivers `message` to every client in `registry`.
    fn broadcast(&mut self, message: &Message<'_>, registry: &Registry);
}
