//! What was seen of a network namespace.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use linux_net::{Counters, NamespaceFiles};
use watch_record::{PortUsage, WatchedSysctls};

use crate::address_state::AddressCounts;
use crate::handles::SYSCTLS;
use crate::listener_state::ListenerState;

/// What was seen of a network namespace.
#[derive(Debug)]
pub(crate) struct NamespaceState {
    pub(crate) inode: u64,
    pub(crate) is_own: bool,
    pub(crate) name: Option<String>,
    pub(crate) container: Option<String>,
    /// A process in it: its number and name.
    pub(crate) process: Option<(u32, String)>,
    files: Arc<NamespaceFiles>,
    pub(crate) sysctls: WatchedSysctls,
    counters: Option<Readings>,
    pub(crate) increased: Increased,
    /// The listeners by cookie.
    pub(crate) listeners: BTreeMap<u64, ListenerState>,
    /// It has been looked at.
    pub(crate) is_looked_at: bool,
    /// The connections of each address that has some, by the last walk.
    pub(crate) addresses: HashMap<SocketAddr, AddressCounts>,
    /// When the last walk was, nanoseconds of the monotonic clock.
    pub(crate) walked_ns: Option<u64>,
    pub(crate) busiest_destination: Option<PortUsage>,
    /// Drops of listeners that have been closed, since the watch began.
    pub(crate) drops_of_closed: u64,
}

/// Readings of the counters, each with its time.
#[derive(Debug)]
struct Readings {
    first: Counters,
    last: (u64, Counters),
}

/// The counters that increased, and by how much.
#[derive(Debug, Clone, Default)]
pub(crate) struct Increased {
    /// Since the first reading.
    pub(crate) in_all: BTreeMap<String, u64>,
    /// Between the last two readings.
    pub(crate) lately: BTreeMap<String, u64>,
    /// Seconds between these; 0 before there are two.
    pub(crate) lately_seconds: f64,
}

impl NamespaceState {
    pub(crate) fn new(inode: u64, is_own: bool, files: Arc<NamespaceFiles>) -> Self {
        Self {
            inode,
            is_own,
            name: None,
            container: None,
            process: None,
            files,
            sysctls: WatchedSysctls::default(),
            counters: None,
            increased: Increased::default(),
            listeners: BTreeMap::new(),
            is_looked_at: false,
            addresses: HashMap::new(),
            walked_ns: None,
            busiest_destination: None,
            drops_of_closed: 0,
        }
    }

    /// Its files, to be read without a lock on this.
    pub(crate) fn files(&self) -> Arc<NamespaceFiles> {
        Arc::clone(&self.files)
    }

    /// Adds a reading of the counters.
    pub(crate) fn read(&mut self, counters: Counters, at_ns: u64) {
        let Some(Readings { first, last: (before_ns, before) }) = &mut self.counters else {
            let first = counters.clone();
            self.counters = Some(Readings { first, last: (at_ns, counters) });
            return;
        };
        self.increased = Increased {
            in_all: increase(first, &counters),
            lately: increase(before, &counters),
            lately_seconds: at_ns.saturating_sub(*before_ns) as f64 / 1e9,
        };
        (*before_ns, *before) = (at_ns, counters);
    }

    /// Ports that the kernel chooses for its clients.
    pub(crate) fn client_ports(&self) -> Option<RangeInclusive<u16>> {
        let (first, last) = self.sysctls.ip_local_port_range?;
        (first <= last).then_some(first..=last)
    }
}

/// Counters of TCP that increased. Those of sockstat are of the moment, and are left out.
fn increase(before: &Counters, now: &Counters) -> BTreeMap<String, u64> {
    let changes = now.delta(before).changes.into_iter();
    let events = changes.filter(|(name, _)| {
        (name.starts_with("TcpExt.") || name.starts_with("Tcp.")) && name != "Tcp.CurrEstab"
    });
    events
        .filter_map(|(name, by)| Some((name, u64::try_from(by).ok().filter(|by| *by > 0)?)))
        .collect()
}

/// The sysctls that the files show.
pub(crate) fn read_sysctls(files: &NamespaceFiles) -> WatchedSysctls {
    let [somaxconn, max_syn_backlog, syncookies, abort, range] = &*SYSCTLS;
    let text = |name| files.sysctl(name);
    let ports = text(range).and_then(|range| {
        let mut ports = range.split_whitespace().map(|port| port.parse().ok());
        Some((ports.next()??, ports.next()??))
    });
    WatchedSysctls {
        somaxconn: text(somaxconn).and_then(|value| value.parse().ok()),
        tcp_max_syn_backlog: text(max_syn_backlog).and_then(|value| value.parse().ok()),
        tcp_syncookies: text(syncookies).and_then(|value| value.parse().ok()),
        tcp_abort_on_overflow: text(abort).and_then(|value| value.parse().ok()),
        ip_local_port_range: ports,
    }
}
