//! The accept queue of a port.

use linux_net::Listener;
use run_record::AcceptQueue;

/// The accept queue of a port, from the listeners of its host.
pub(crate) fn accept_queue_of(port: u16, listeners: &[Listener]) -> Option<AcceptQueue> {
    let on_port = || listeners.iter().filter(|listener| listener.local.port() == port);
    let limit = on_port().map(|listener| listener.limit).max()?;
    Some(AcceptQueue { depth: on_port().map(|listener| listener.queued).sum(), limit })
}
