//! The destinations of a load, and what happened at each.

use std::net::SocketAddr;

use load_generator::LoadReport;
use run_record::{AcceptQueue, AttemptRow, DestinationRecord, ListenerSummary, ProbeSummary};
use scenario::CellSettings;

use crate::metrics;

/// The accept queue of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PortQueue {
    pub(crate) port: u16,
    /// `None` if nothing listened there.
    pub(crate) queue: Option<AcceptQueue>,
}

/// The ports to which the attempts of a cell go, each once: `server`, that on which the server
/// listens, unless the load names others.
pub(crate) fn ports(cell: &CellSettings, server: u16) -> Vec<u16> {
    match cell.load.ports() {
        named if named.is_empty() => vec![server],
        named => named,
    }
}

/// The cell as one listener sees it: the server with its backlog on this port, and only the
/// attempts that go there. What it says about the listener's queue is right, because no queue
/// depends on another one.
pub(crate) fn seen_by_listener(cell: &CellSettings, port: u16) -> CellSettings {
    let mut seen = cell.clone();
    seen.server = cell.server.on_port(port);
    seen.load.clients = cell.load.attempts_to(port);
    seen.load.destinations = Vec::new();
    seen
}

/// The records of the destinations of a load; empty unless they are several. `queues` and `probe` are what
/// was seen of the server's host, if anything was.
pub(crate) fn records(
    destinations: &[(SocketAddr, u64)],
    report: &LoadReport,
    rows: &[AttemptRow],
    queues: &[PortQueue],
    probe: Option<&ProbeSummary>,
) -> Vec<DestinationRecord> {
    if destinations.len() < 2 {
        return Vec::new();
    }
    let record = |(address, _): &(SocketAddr, u64)| {
        let own: Vec<_> =
            rows.iter().filter(|row| row.destination == Some(*address)).cloned().collect();
        let queue = queues.iter().find(|queue| queue.port == address.port());
        let listeners = listeners_on(probe, address.port());
        let response = report.response_latencies.iter().find(|(other, _)| other == address);
        DestinationRecord {
            address: *address,
            attempts: own.len() as u64,
            outcomes: own.iter().map(|row| row.outcome).collect(),
            ok_first_try: metrics::ok_first_try(&own),
            syn_retransmits: metrics::syn_retransmits(&own),
            connect_latency: metrics::connect_latency(&own),
            response_latency: response.map(|(_, latency)| *latency).unwrap_or_default(),
            accept_queue: queue.and_then(|queue| queue.queue),
            listeners: probe.map(|_| listeners.len() as u32),
            deepest: listeners.iter().map(|listener| listener.deepest).max(),
            drops: drops(&listeners),
        }
    };
    destinations.iter().map(record).collect()
}

/// The listeners of a port that a probe saw.
pub(crate) fn listeners_on(probe: Option<&ProbeSummary>, port: u16) -> Vec<&ListenerSummary> {
    let listeners = probe.into_iter().flat_map(|probe| &probe.listeners);
    listeners.filter(|listener| listener.port() == Some(port)).collect()
}

fn drops(listeners: &[&ListenerSummary]) -> Option<u64> {
    let drops = listeners.iter().map(|listener| listener.drops);
    drops.reduce(|all, more| Some(all?.saturating_add(more?))).flatten()
}
