//! What is shown of the state.

use std::collections::HashMap;
use std::net::SocketAddr;

use linux_net::monotonic_ns;
use run_record::wall_time;
use watch_record::{
    Changes, ClosedListener, Effort, LimitFrom, ListenerDetails, Snapshot, Unseen, WatchedListener,
    WatchedNamespace,
};

use crate::address_state::AddressCounts;
use crate::listener_state::ListenerState;
use crate::namespace_state::{Increased, NamespaceState};
use crate::state::{GoneNamespace, MAX_GONE, State};

impl State {
    /// Everything, without its troubles, with these drops of namespaces that are gone.
    pub(crate) fn snapshot(&self, drops_of_gone: u64) -> Snapshot {
        let now_ns = monotonic_ns();
        let mut listeners = Vec::new();
        for namespace in self.namespaces.values() {
            let mut sharing: HashMap<SocketAddr, u32> = HashMap::new();
            for listener in namespace.listeners.values() {
                *sharing.entry(listener.local).or_default() += 1;
            }
            listeners.extend(namespace.listeners.values().map(|listener| {
                self.watched_listener(namespace, listener, sharing[&listener.local], now_ns)
            }));
        }
        Snapshot {
            drops_of_gone,
            at: wall_time().to_string(),
            watched_seconds: now_ns.saturating_sub(self.started_ns) as f64 / 1e9,
            effort: self.effort(now_ns),
            listeners,
            namespaces: self.namespaces.values().map(NamespaceState::watched).collect(),
            unseen: self.unseen(),
        }
    }

    fn watched_listener(
        &self,
        namespace: &NamespaceState,
        listener: &ListenerState,
        sharing_address: u32,
        now_ns: u64,
    ) -> WatchedListener {
        let pids = self.owners.get(&listener.inode);
        let owned = pids.into_iter().flatten().filter_map(|pid| self.processes.get(pid));
        // A second may have passed since the last look.
        let mut seconds = listener.seconds.clone();
        seconds.advance(now_ns.saturating_sub(self.started_ns));
        let counts = namespace.walked_ns.filter(|walked_ns| *walked_ns >= listener.first_seen_ns);
        let counts = counts.map(|walked_ns| {
            let found = namespace.addresses.get(&listener.local).copied();
            found.unwrap_or_else(|| AddressCounts::none(walked_ns)).at(now_ns)
        });
        WatchedListener {
            id: listener.cookie,
            address: listener.local,
            namespace: namespace.inode,
            processes: owned.clone().map(|owned| owned.process.clone()).collect(),
            container: owned.clone().find_map(|owned| owned.container.clone()),
            processes_are_known: pids.is_some(),
            limit: listener.limit,
            limit_from: LimitFrom::new(listener.limit, namespace.sysctls.somaxconn),
            depth: listener.depth,
            peak: listener.peak,
            peak_last_minute: seconds.peak(),
            drops_total: listener.drops,
            drops_watched: listener.drops_watched,
            drops_last_second: seconds.last_drops(),
            connections: counts,
            sharing_address,
            seconds: seconds.complete(),
            troubles: Vec::new(),
        }
    }

    fn effort(&self, now_ns: u64) -> Effort {
        let mut gaps: Vec<u64> = self
            .look_times
            .iter()
            .zip(self.look_times.iter().skip(1))
            .map(|(a, b)| b - a)
            .collect();
        gaps.sort_unstable();
        let median = gaps.get(gaps.len() / 2).map(|&gap_ns| gap_ns as f64 / 1e9);
        let (last_ns, last_cpu_ns) = *self.cpu.lately.back().expect("the first reading stays");
        let share = |cpu_ns: u64, ns: u64| if ns == 0 { 0.0 } else { cpu_ns as f64 / ns as f64 };
        debug_assert!(last_ns <= now_ns);
        Effort {
            achieved_interval_seconds: median.unwrap_or(self.effort.interval_seconds),
            cpu_share: share(
                last_cpu_ns.saturating_sub(self.cpu.began_ns),
                last_ns.saturating_sub(self.started_ns),
            ),
            recent_cpu_share: self.recent_cpu_share(),
            ..self.effort
        }
    }

    fn unseen(&self) -> Vec<Unseen> {
        let unseen = self.unseen.values().flatten();
        unseen.map(|(what, why)| Unseen { what: what.clone(), why: why.clone() }).collect()
    }

    /// What changed after this moment.
    pub(crate) fn changes_since(&self, since_ns: u64) -> Changes {
        let listeners = self.namespaces.values().flat_map(|namespace| namespace.listeners.values());
        let present = listeners.filter_map(|it| it.history.changes_since(it.cookie, since_ns));
        let (of_closed, closed) = self.closed.since(since_ns);
        Changes {
            began_ns: self.started_ns,
            since_ns,
            until_ns: monotonic_ns(),
            listeners: present.chain(of_closed).collect(),
            closed,
            discarded_closed: self.closed.discarded_since(since_ns),
            gaps: self.gaps.iter().filter(|gap| gap.to_ns > since_ns).copied().collect(),
        }
    }

    /// These listeners of a namespace have closed, which a look at this time noticed.
    pub(crate) fn closed(&mut self, inode: u64, gone: Vec<ListenerState>, gone_ns: u64) {
        let Some(namespace) = self.namespaces.get(&inode) else { return };
        let closed: Vec<_> = gone
            .into_iter()
            .map(|state| {
                let last_look_ns = state.history.last_look_ns();
                let mut listener = self.watched_listener(namespace, &state, 1, last_look_ns);
                // Not needed any more, and large.
                listener.seconds = Vec::new();
                (ClosedListener { listener, last_look_ns, gone_ns }, state.history)
            })
            .collect();
        for (listener, history) in closed {
            self.closed.add(listener, history);
        }
    }

    /// Removes a namespace that is gone, and its listeners.
    pub(crate) fn remove_namespace(&mut self, inode: u64) {
        let listeners = self.namespaces.get_mut(&inode).map(|it| std::mem::take(&mut it.listeners));
        let listeners: Vec<ListenerState> =
            listeners.into_iter().flatten().map(|(_, listener)| listener).collect();
        let of_open: u64 = listeners.iter().map(|listener| listener.drops_watched).sum();
        self.closed(inode, listeners, monotonic_ns());
        if let Some(namespace) = self.namespaces.remove(&inode) {
            let drops = namespace.drops_of_closed + of_open;
            let is_full = self.gone.len() >= MAX_GONE;
            match self.gone.last_mut() {
                _ if drops == 0 => {}
                Some(last) if is_full => last.drops += drops,
                _ => self.gone.push(GoneNamespace { inode, name: namespace.name, drops }),
            }
        }
    }

    /// The details of the selected listener; `None` if none is selected, or it is gone.
    pub(crate) fn details(&self) -> Option<ListenerDetails> {
        let selected = self.selected.as_ref()?;
        let (_, listener) = self.listener(selected.id)?;
        let seconds = |at_ns| monotonic_ns().saturating_sub(at_ns) as f64 / 1e9;
        Some(ListenerDetails {
            id: selected.id,
            history: listener.history.history(),
            connections: selected.connections.clone(),
            omitted_connections: selected.omitted,
            connections_age_seconds: selected.listed_ns.map(seconds),
        })
    }
}

impl NamespaceState {
    fn watched(&self) -> WatchedNamespace {
        let Increased { in_all, lately, lately_seconds } = self.increased.clone();
        WatchedNamespace {
            inode: self.inode,
            is_own: self.is_own,
            name: self.name.clone(),
            container: self.container.clone(),
            process: self.process.clone(),
            sysctls: self.sysctls,
            counters: in_all,
            counters_last_second: lately,
            counters_interval_seconds: lately_seconds,
            drops_of_closed: self.drops_of_closed,
            busiest_destination: self.busiest_destination.clone(),
            troubles: Vec::new(),
        }
    }
}
