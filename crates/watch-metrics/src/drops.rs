//! Drops of each address as counters that do not fall when its sockets close.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::SocketAddr;

use watch_record::WatchedListener;

/// A listened-on address: the inode of its namespace, and the address.
pub(crate) type Place = (u64, SocketAddr);

/// For how long an address that no listener has any more keeps its drops, seconds.
const KEPT_SECONDS: f64 = 600.0;

/// Addresses, and sockets, that are gone and kept at most: those that went last.
const MAX_GONE: usize = 1_000;

/// Drops of each address since the watch began.
///
/// The kernel counts for each socket. If the sockets of an address were only added up, the sum
/// would fall when one of them closes, or when a server restarts; Prometheus takes a fall for a
/// restart of the counter, and would count all that is left as new. So what each socket has
/// dropped since the scrape before is added to its address, which is kept for a while if nothing
/// listens on it: a server may be down at a scrape. What a socket dropped between the last scrape
/// that saw it and its end is missing here; the counters of its namespace have it.
#[derive(Debug, Default)]
pub(crate) struct DropCounters {
    /// By [`WatchedListener::id`].
    sockets: HashMap<u64, Drops>,
    addresses: HashMap<Place, Drops>,
    updates: u64,
}

#[derive(Debug, Default)]
struct Drops {
    count: u64,
    /// The last update that had it, and the time of that.
    update: u64,
    seen_seconds: f64,
}

impl DropCounters {
    /// Adds what was dropped since the last update; `now_seconds` after the watch began.
    pub(crate) fn update(&mut self, listeners: &[WatchedListener], now_seconds: f64) {
        self.updates += 1;
        let drops = |count| Drops { count, update: self.updates, seen_seconds: now_seconds };
        for listener in listeners {
            // The kernel does not say.
            if listener.drops_total.is_none() {
                continue;
            }
            let count = listener.drops_watched;
            let known = self.sockets.insert(listener.id, drops(count)).map_or(0, |it| it.count);
            let address = self.addresses.entry((listener.namespace, listener.address)).or_default();
            *address = drops(address.count + count.saturating_sub(known));
        }
        forget(&mut self.sockets, self.updates, now_seconds);
        forget(&mut self.addresses, self.updates, now_seconds);
    }

    /// The drops of an address; `None` if the kernel does not say, or nothing listens on it.
    pub(crate) fn of(&self, place: Place) -> Option<u64> {
        let drops = self.addresses.get(&place).filter(|it| it.update == self.updates);
        drops.map(|it| it.count)
    }
}

/// Removes what has been gone for too long, and what went first if that is too many.
fn forget<K: Copy + Eq + Hash>(kept: &mut HashMap<K, Drops>, update: u64, now_seconds: f64) {
    kept.retain(|_, drops| now_seconds - drops.seen_seconds <= KEPT_SECONDS);
    let gone = kept.iter().filter(|(_, drops)| drops.update < update);
    let mut gone: Vec<(u64, K)> = gone.map(|(&key, drops)| (drops.update, key)).collect();
    let excess = gone.len().saturating_sub(MAX_GONE);
    gone.sort_unstable_by_key(|&(update, _)| update);
    for (_, key) in &gone[..excess] {
        kept.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use watch_record::{LimitFrom, Peak};

    use super::*;

    fn listener(id: u64, port: u16, drops: u64) -> WatchedListener {
        WatchedListener {
            id,
            address: ([127, 0, 0, 1], port).into(),
            namespace: 1,
            processes: Vec::new(),
            container: None,
            processes_are_known: true,
            limit: 5,
            limit_from: LimitFrom::Backlog,
            depth: 0,
            peak: Peak::default(),
            peak_last_minute: Peak::default(),
            drops_total: Some(drops as u32),
            drops_watched: drops,
            drops_last_second: 0,
            connections: None,
            sharing_address: 1,
            seconds: Vec::new(),
            troubles: Vec::new(),
        }
    }

    fn of(drops: &DropCounters, port: u16) -> Option<u64> {
        drops.of((1, ([127, 0, 0, 1], port).into()))
    }

    #[test]
    fn an_address_without_a_listener_keeps_its_drops_for_a_while() {
        let mut drops = DropCounters::default();
        drops.update(&[listener(1, 80, 7)], 10.0);
        drops.update(&[], 25.0);
        assert_eq!(of(&drops, 80), None);
        // Another socket, after a restart.
        drops.update(&[listener(2, 80, 3)], 10.0 + KEPT_SECONDS);
        assert_eq!(of(&drops, 80), Some(10));
        drops.update(&[], 11.0 + 2.0 * KEPT_SECONDS);
        assert!(drops.sockets.is_empty() && drops.addresses.is_empty());
        drops.update(&[listener(3, 80, 4)], 12.0 + 2.0 * KEPT_SECONDS);
        assert_eq!(of(&drops, 80), Some(4));
    }

    #[test]
    fn a_socket_that_is_hidden_for_a_while_is_not_counted_twice() {
        let mut drops = DropCounters::default();
        drops.update(&[listener(1, 80, 7)], 1.0);
        drops.update(&[], 2.0);
        drops.update(&[listener(1, 80, 8)], 3.0);
        assert_eq!(of(&drops, 80), Some(8));
    }

    #[test]
    fn what_went_last_is_kept_if_too_many_are_gone() {
        let mut drops = DropCounters::default();
        for id in 0..2 * MAX_GONE as u64 {
            drops.update(&[listener(id, 1 + id as u16, 1)], id as f64 / 1e3);
        }
        assert_eq!((drops.sockets.len(), drops.addresses.len()), (MAX_GONE + 1, MAX_GONE + 1));
        let last = 2 * MAX_GONE as u16 - 1;
        drops.update(&[listener(10_000, 1, 1), listener(10_001, last, 1)], 3.0);
        assert_eq!((of(&drops, 1), of(&drops, last)), (Some(1), Some(2)));
    }
}
