//! Drops of each address as counters that never fall while the address is listened on.

use std::collections::HashMap;
use std::net::SocketAddr;

use watch_record::WatchedListener;

/// A listened-on address: the inode of its namespace, and the address.
pub(crate) type Place = (u64, SocketAddr);

/// Drops of each address since the watch began.
///
/// The kernel counts for each socket. If the sockets of an address were only added up, the sum
/// would fall when one of them closes, or when a server restarts; Prometheus takes a fall for a
/// restart of the counter, and would count all that is left as new. So what each socket has
/// dropped since the scrape before is added to its address. What a socket dropped between the
/// last scrape that saw it and its end is missing here; the counters of its namespace have it.
#[derive(Debug, Default)]
pub(crate) struct DropCounters {
    /// By [`WatchedListener::id`].
    sockets: HashMap<u64, u64>,
    addresses: HashMap<Place, u64>,
}

impl DropCounters {
    /// Adds what was dropped since the last update, and forgets sockets and addresses that are
    /// gone.
    pub(crate) fn update(&mut self, listeners: &[WatchedListener]) {
        let before = std::mem::take(self);
        for listener in listeners {
            // The kernel does not say.
            if listener.drops_total.is_none() {
                continue;
            }
            let place = (listener.namespace, listener.address);
            let known = before.sockets.get(&listener.id).copied().unwrap_or(0);
            let earlier = before.addresses.get(&place).copied().unwrap_or(0);
            *self.addresses.entry(place).or_insert(earlier) +=
                listener.drops_watched.saturating_sub(known);
            self.sockets.insert(listener.id, listener.drops_watched);
        }
    }

    /// The drops of an address; `None` if the kernel does not say.
    pub(crate) fn of(&self, place: Place) -> Option<u64> {
        self.addresses.get(&place).copied()
    }
}
