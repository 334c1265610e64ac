//! Looks at the listeners of a namespace.

use std::collections::HashSet;
use std::sync::Arc;

use linux_net::{DiagError, Listener, NamespaceFiles, SocketDiag, monotonic_ns};

use crate::clock::thread_cpu_ns;
use crate::listener_state::{ListenerState, LookTime};
use crate::namespace_state::NamespaceState;

/// From one list of all listeners to the next, nanoseconds: between two, those that are known are
/// looked up by their addresses where that is cheaper. A list costs as much as hundreds of
/// lookups, and in each namespace: the kernel goes through the listeners of all.
const LIST_INTERVAL_NS: u64 = 1_000_000_000;

/// The listeners of a namespace, and how they are looked at.
#[derive(Debug)]
pub(crate) struct Looks {
    pub(crate) inode: u64,
    diag: SocketDiag,
    files: Arc<NamespaceFiles>,
    /// The last look.
    listeners: Vec<Listener>,
    /// Two of them have one address, as the last list shows.
    shares_address: bool,
    listed_ns: u64,
    /// CPU time of the last list, and of a lookup; 0 before the first.
    list_cost_ns: u64,
    lookup_cost_ns: u64,
    overflows: Option<Overflows>,
}

/// The counters of a namespace that say what its listeners drop for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overflows {
    /// ListenDrops: every drop.
    pub(crate) drops: i64,
    /// ListenOverflows: those for a full accept queue.
    pub(crate) overflows: i64,
}

/// What a look changed.
#[derive(Debug)]
pub(crate) struct Applied {
    /// A listener came or went.
    pub(crate) has_changed: bool,
    /// Those that went.
    pub(crate) closed: Vec<ListenerState>,
}

impl Overflows {
    /// Whether all that was dropped between `before` and this was dropped for a full accept
    /// queue, and was at least `drops`.
    fn explain(self, before: Self, drops: u64) -> bool {
        let all = self.drops.wrapping_sub(before.drops);
        let full = self.overflows.wrapping_sub(before.overflows);
        all == full && u64::try_from(all).is_ok_and(|all| all >= drops)
    }
}

fn shares_address(listeners: &[Listener]) -> bool {
    let mut addresses = HashSet::new();
    !listeners.iter().all(|listener| addresses.insert(listener.local))
}

impl Looks {
    pub(crate) fn new(inode: u64, diag: SocketDiag, files: Arc<NamespaceFiles>) -> Self {
        let mut looks = Self {
            inode,
            diag,
            files,
            listeners: Vec::new(),
            shares_address: false,
            listed_ns: 0,
            list_cost_ns: 0,
            lookup_cost_ns: 0,
            overflows: None,
        };
        looks.overflows = looks.read_overflows();
        looks
    }

    /// Looks at every listener.
    ///
    /// # Errors
    /// If the kernel does not list them.
    pub(crate) fn look(&mut self) -> Result<&[Listener], DiagError> {
        let now_ns = monotonic_ns();
        let is_listed = now_ns.saturating_sub(self.listed_ns) < LIST_INTERVAL_NS;
        if !(is_listed && self.is_lookup_cheaper() && self.look_up()?) {
            let cpu_ns = thread_cpu_ns();
            self.listeners = self.diag.listeners()?;
            self.shares_address = shares_address(&self.listeners);
            self.list_cost_ns = thread_cpu_ns() - cpu_ns;
            self.listed_ns = now_ns;
        }
        Ok(&self.listeners)
    }

    /// A lookup finds one of several that share an address, so these need a list.
    fn is_lookup_cheaper(&self) -> bool {
        let lookups_ns = self.lookup_cost_ns * self.listeners.len() as u64;
        !self.shares_address && lookups_ns < self.list_cost_ns
    }

    /// Looks up those that are known; false if one is gone.
    fn look_up(&mut self) -> Result<bool, DiagError> {
        let cpu_ns = thread_cpu_ns();
        for listener in &mut self.listeners {
            match self.diag.listener_at(listener.local)? {
                Some(now) if now.cookie == listener.cookie => *listener = now,
                _ => return Ok(false),
            }
        }
        let looked_up = self.listeners.len().max(1) as u64;
        self.lookup_cost_ns = (thread_cpu_ns() - cpu_ns) / looked_up;
        Ok(true)
    }

    /// Adds the last look to the states of the listeners, and removes those that are gone.
    pub(crate) fn apply(
        &mut self,
        namespace: &mut NamespaceState,
        time: LookTime,
        is_first: bool,
    ) -> Applied {
        let states = &mut namespace.listeners;
        let mut new_drops = 0;
        let mut dropped = Vec::new();
        let mut has_new = false;
        for listener in &self.listeners {
            let state = states.entry(listener.cookie).or_insert_with(|| {
                has_new = true;
                ListenerState::new(listener, is_first, time)
            });
            let drops = state.look(listener, time);
            if drops > 0 {
                new_drops += drops;
                dropped.push(listener.cookie);
            }
        }
        let mut closed = Vec::new();
        if states.len() > self.listeners.len() {
            let present: HashSet<u64> = self.listeners.iter().map(|it| it.cookie).collect();
            let gone = states.extract_if(.., |cookie, _| !present.contains(cookie));
            closed.extend(gone.map(|(_, state)| state));
            let drops: u64 = closed.iter().map(|state| state.drops_watched).sum();
            namespace.drops_of_closed += drops;
        }
        if !closed.is_empty() {
            // What it dropped since its last look explains nothing of others.
            self.overflows = self.read_overflows();
        } else if new_drops > 0 && self.is_explained(new_drops) {
            for cookie in dropped {
                states.entry(cookie).and_modify(ListenerState::was_full);
            }
        }
        Applied { has_changed: has_new || !closed.is_empty(), closed }
    }

    fn is_explained(&mut self, drops: u64) -> bool {
        let now = self.read_overflows();
        let before = std::mem::replace(&mut self.overflows, now);
        matches!((before, now), (Some(before), Some(now)) if now.explain(before, drops))
    }

    fn read_overflows(&self) -> Option<Overflows> {
        let counters = self.files.netstat().ok()?;
        Some(Overflows {
            drops: counters.get("TcpExt.ListenDrops")?,
            overflows: counters.get("TcpExt.ListenOverflows")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_explained_if_all_were_for_a_full_queue() {
        let at = |drops, overflows| Overflows { drops, overflows };
        assert!(at(15, 9).explain(at(10, 4), 5));
        // Others dropped too, for the same reason.
        assert!(at(15, 9).explain(at(10, 4), 3));
        // One was for another reason.
        assert!(!at(15, 8).explain(at(10, 4), 3));
        // The counters do not have all of them.
        assert!(!at(15, 9).explain(at(10, 4), 6));
        assert!(!at(10, 4).explain(at(10, 4), 1));
    }
}
