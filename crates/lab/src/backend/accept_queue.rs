//! The accept queue of a port.

use linux_net::Listener;
use run_record::AcceptQueue;

/// The accept queue of a port, from the listeners of its host.
pub(crate) fn accept_queue_of(port: u16, listeners: &[Listener]) -> Option<AcceptQueue> {
    let ours = || listeners.iter().filter(|listener| listener.local.port() == port);
    let limit = ours().map(|listener| listener.limit).max()?;
    Some(AcceptQueue { depth: ours().map(|listener| listener.queued).sum(), limit })
}
