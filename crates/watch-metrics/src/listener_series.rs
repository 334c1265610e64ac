//! The listening sockets of one address, as one.

use std::collections::BTreeMap;

use watch_record::{ConnectionCounts, Severity, TroubleKind, WatchedListener, WatchedProcess};

use crate::drops::{DropCounters, Place};
use crate::labels::{Labels, clean};
use crate::namespace_names::NamespaceNames;

/// The listening sockets of one address: several share it by SO_REUSEPORT, each with its own
/// queue.
#[derive(Debug, Clone)]
pub(crate) struct ListenerSeries {
    pub(crate) labels: Labels,
    pub(crate) sockets: u64,
    /// Of the deepest queue now.
    pub(crate) depth: u32,
    /// The smallest.
    pub(crate) limit: u32,
    /// Of the deepest queue of the last minute.
    pub(crate) peak: u64,
    pub(crate) drops: Option<u64>,
    /// Of the address.
    pub(crate) connections: Option<ConnectionCounts>,
    /// Open files and their limit, of the process that is nearest to it.
    pub(crate) files: Option<(u64, u64)>,
    pub(crate) troubles: BTreeMap<TroubleKind, Severity>,
}

impl ListenerSeries {
    /// The sockets of an address; there is at least one.
    pub(crate) fn new(
        place: Place,
        sockets: &[&WatchedListener],
        names: &NamespaceNames,
        drops: &DropCounters,
    ) -> Self {
        let processes = || sockets.iter().flat_map(|socket| &socket.processes);
        let mut troubles = BTreeMap::new();
        for trouble in sockets.iter().flat_map(|socket| &socket.troubles) {
            let severity = troubles.entry(trouble.kind).or_insert(trouble.severity);
            *severity = trouble.severity.max(*severity);
        }
        Self {
            labels: labels(place, sockets, names),
            sockets: sockets.len() as u64,
            depth: sockets.iter().map(|socket| socket.depth).max().unwrap_or(0),
            limit: sockets.iter().map(|socket| socket.limit).min().unwrap_or(0),
            peak: sockets
                .iter()
                .map(|socket| socket.peak_last_minute.depth(socket.limit))
                .max()
                .unwrap_or(0),
            drops: drops.of(place),
            connections: sockets.iter().find_map(|socket| socket.connections),
            files: processes().filter_map(files).max_by(|a, b| share(*a).total_cmp(&share(*b))),
            troubles,
        }
    }

    /// How severe its worst trouble is.
    pub(crate) fn severity(&self) -> Option<Severity> {
        self.troubles.values().max().copied()
    }
}

/// Open files and their limit.
fn files(process: &WatchedProcess) -> Option<(u64, u64)> {
    Some((process.open_files?, process.max_open_files?))
}

fn share((open, limit): (u64, u64)) -> f64 {
    open as f64 / limit.max(1) as f64
}

/// The process is the first of the first socket: a PID would be another one after each restart,
/// and a list would change with each child that inherits the socket for a moment.
fn labels(place: Place, sockets: &[&WatchedListener], names: &NamespaceNames) -> Labels {
    let (namespace, address) = place;
    // An IPv6 address of one link is only unique with its interface.
    let ip = match address {
        std::net::SocketAddr::V6(v6) if v6.scope_id() != 0 => {
            format!("{}%{}", v6.ip(), v6.scope_id())
        }
        _ => address.ip().to_string(),
    };
    let process = sockets.iter().find_map(|socket| socket.processes.first());
    let container = sockets.iter().find_map(|socket| socket.container.as_deref());
    Labels::none()
        .with("address", Some(&ip))
        .with("port", Some(&address.port().to_string()))
        .with("process", process.map(|process| clean(&process.name)).as_deref())
        .with("container", container.map(clean).as_deref())
        .with("netns", names.of(namespace))
}
