//! What the rules read: a listener in its namespace.

use linux_net::Counter;
use watch_record::{
    ConnectionCounts, PortUsage, Severity, WatchedListener, WatchedNamespace, WatchedProcess,
    WatchedSysctls,
};

use crate::known_servers::{KnownServer, KnownServers};
use crate::words::{seconds, several};

/// A count of connections that is older than this is said to be, seconds.
const FRESH_SECONDS: f64 = 2.0;

/// A namespace with its listeners.
pub(super) struct NamespaceEvidence<'a> {
    record: Option<&'a WatchedNamespace>,
    pub(super) listeners: Vec<&'a WatchedListener>,
    /// Of all its listeners.
    drops_last_second: u64,
}

impl<'a> NamespaceEvidence<'a> {
    /// Of a namespace that is no longer there if there is no record.
    pub(super) fn new(
        record: Option<&'a WatchedNamespace>,
        listeners: Vec<&'a WatchedListener>,
    ) -> Self {
        let drops = listeners.iter().map(|listener| listener.drops_last_second);
        let drops_last_second = drops.fold(0, u64::saturating_add);
        Self { record, listeners, drops_last_second }
    }

    pub(super) fn sysctls(&self) -> WatchedSysctls {
        self.record.map(|record| record.sysctls).unwrap_or_default()
    }

    pub(super) fn busiest_destination(&self) -> Option<&PortUsage> {
        self.record?.busiest_destination.as_ref()
    }

    /// Whether a counter has changed since the watch began, so that they were read.
    pub(super) fn counts(&self) -> bool {
        self.record.is_some_and(|record| !record.counters.is_empty())
    }

    /// By how much a counter grew since the watch began.
    pub(super) fn counted(&self, counter: Counter) -> u64 {
        self.record.and_then(|record| record.counters.get(counter.name())).copied().unwrap_or(0)
    }

    /// The time between the last two readings of the counters: `1.00 s`.
    pub(super) fn interval(&self) -> String {
        seconds(self.record.map_or(0.0, |record| record.counters_interval_seconds))
    }

    /// By how much a counter grew between the last two readings.
    pub(super) fn counted_lately(&self, counter: Counter) -> u64 {
        let counters = self.record.map(|record| &record.counters_last_second);
        counters.and_then(|counters| counters.get(counter.name())).copied().unwrap_or(0)
    }

    /// Whether everything that listeners dropped lately were SYNs that found a SYN queue full:
    /// then it holds for each of them. A drop for another reason, such as a filter of a socket,
    /// makes the sum of the listeners' larger.
    pub(super) fn dropped_only_for_syn_queues(&self) -> bool {
        let full = self.counted_lately(Counter::TcpReqQFullDrop);
        full > 0
            && full == self.counted_lately(Counter::ListenDrops)
            && full == self.drops_last_second
    }
}

/// When an accept queue was full (limit + 1), as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// At the last look, or in the last second.
    Now,
    /// In the last minute.
    LastMinute,
    /// Before that, since the watch began.
    Earlier,
}

/// A listener in its namespace.
pub(super) struct ListenerEvidence<'a> {
    pub(super) listener: &'a WatchedListener,
    pub(super) namespace: &'a NamespaceEvidence<'a>,
}

impl ListenerEvidence<'_> {
    /// Connections that its accept queue holds.
    pub(super) fn capacity(&self) -> u64 {
        u64::from(self.listener.limit) + 1
    }

    /// When its accept queue was last full.
    pub(super) fn full(&self) -> Option<Full> {
        let WatchedListener { limit, depth, peak, peak_last_minute, .. } = *self.listener;
        if depth > limit || self.overflows() {
            Some(Full::Now)
        } else if peak_last_minute.depth(limit) > limit.into() {
            Some(Full::LastMinute)
        } else {
            (peak.depth(limit) > limit.into()).then_some(Full::Earlier)
        }
    }

    /// How severe it is that its accept queue is or was full, if it was.
    pub(super) fn severity_of_full(&self) -> Severity {
        match self.full() {
            Some(Full::Now) => self.consequence().max(Severity::Warning),
            _ => Severity::Notice,
        }
    }

    /// Whether it dropped in the last second, at least once because its accept queue was full.
    pub(super) fn overflows(&self) -> bool {
        let last = self.listener.seconds.last();
        self.listener.drops_last_second > 0 && last.is_some_and(|second| second.was_full)
    }

    /// In how many of the last `count` seconds the accept queue was seen full.
    pub(super) fn full_seconds(&self, count: usize) -> u64 {
        let limit = self.listener.limit;
        let last = self.listener.seconds.iter().rev().take(count);
        last.map(|second| u64::from(second.was_full || second.deepest > limit)).sum()
    }

    /// Whether connections were seen waiting in every second since they were counted, so that
    /// those that waited then may wait still.
    pub(super) fn waited_since_counted(&self) -> bool {
        let age = self.connections().map_or(f64::INFINITY, |connections| connections.age_seconds);
        let seconds = &self.listener.seconds;
        let since = age.ceil().max(0.0) as usize;
        // The present second is not complete, and the depth of now is known.
        let since = since.saturating_sub(1);
        since <= seconds.len()
            && seconds.iter().rev().take(since).all(|it| it.looks == 0 || it.deepest > 0)
    }

    pub(super) fn connections(&self) -> Option<&ConnectionCounts> {
        self.listener.connections.as_ref()
    }

    /// Whether other listeners have its address too: its connections are those of all then.
    pub(super) fn shares_address(&self) -> bool {
        self.listener.sharing_address > 1
    }

    pub(super) fn processes(&self) -> &[WatchedProcess] {
        &self.listener.processes
    }

    /// The server, if it is known: all of its processes that are recognised are of it.
    pub(super) fn known_server(&self) -> Option<&'static KnownServer> {
        let known =
            |process: &WatchedProcess| KnownServers::built_in().recognise_process(&process.command);
        let mut known = self.processes().iter().filter_map(known);
        let first = known.next()?;
        known.all(|server| server == first).then_some(first)
    }

    /// How severe it is that nothing is accepted.
    pub(super) fn consequence(&self) -> Severity {
        match self.listener {
            WatchedListener { drops_last_second: 1.., .. } => Severity::Critical,
            WatchedListener { depth: 1.., .. } => Severity::Warning,
            _ => Severity::Notice,
        }
    }

    /// How long the oldest connection of its address that was not accepted when connections
    /// were counted had waited by then, at least, seconds. It may have been accepted since.
    pub(super) fn oldest(&self) -> Option<f64> {
        let connections = self.connections().filter(|connections| connections.not_accepted > 0)?;
        let waited = connections.oldest_not_accepted_seconds? - connections.age_seconds;
        waited.is_finite().then_some(waited.max(0.0))
    }

    /// Accepted connections of its address in CLOSE_WAIT.
    pub(super) fn close_wait(&self) -> u64 {
        let counts = self.connections().copied().unwrap_or_default();
        counts.close_wait.saturating_sub(counts.close_wait_not_accepted).into()
    }

    /// `3 connections wait in its accept queue, the oldest for at least 12.3 s`.
    pub(super) fn waiting(&self) -> Option<String> {
        let depth = self.listener.depth;
        let wait = if depth == 1 { "waits" } else { "wait" };
        let oldest = match self.oldest() {
            Some(oldest) if self.shares_address() => format!(
                ", and the oldest of all {} listeners of this address has waited for at least {}",
                self.listener.sharing_address,
                seconds(oldest)
            ),
            Some(oldest) if depth == 1 => format!(", for at least {}", seconds(oldest)),
            Some(oldest) => format!(", the oldest for at least {}", seconds(oldest)),
            None => String::new(),
        };
        let connections = several(depth.into(), "connection");
        (depth > 0).then(|| format!("{connections} {wait} in its accept queue{oldest}"))
    }

    /// That the connections were counted some time ago.
    pub(super) fn counted_ago(&self) -> Option<String> {
        let age = self.connections()?.age_seconds;
        (age >= FRESH_SECONDS)
            .then(|| format!("The connections were counted {} ago.", seconds(age)))
    }
}
