//! Reads the kernel's sockets.

use std::net::SocketAddr;

use linux_net::{Listener, ServerSocket, SocketDiag, SocketMemory, StateCounts, monotonic_ns};
use worker::metrics::AcceptQueue;

use crate::config::ProbeConfig;
use crate::control::Connections;
use crate::error::ProbeError;

/// Listeners that share no port are looked up by their addresses, which is cheap;
/// after this time all are listed again, in case there are new ones. Nanoseconds.
const LIST_INTERVAL_NS: u64 = 20_000_000;

/// The accept queue of one listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Number of the listener, from 0, in the order in which they were first observed.
    pub(crate) listener: u32,
    pub(crate) queue: AcceptQueue,
}

/// The sockets of a network namespace.
#[derive(Debug)]
pub(crate) struct Sockets {
    diag: SocketDiag,
    memory: SocketMemory,
    config: ProbeConfig,
    ports: Vec<u16>,
    /// The listeners if no two share a port, and when all were listed.
    single: Option<(Vec<SocketAddr>, u64)>,
    /// Each listener observed so far.
    known: Vec<KnownListener>,
    /// The listeners have been read at least once.
    has_sample: bool,
    queues: Vec<Queue>,
}

/// A listener that was observed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownListener {
    pub(crate) local: SocketAddr,
    inode: u32,
    /// Its drops when the probe began: 0 for one that was made later.
    drops_before: u32,
    last_drops: Option<u32>,
}

impl KnownListener {
    /// What it dropped while it was observed.
    pub(crate) fn drops(&self) -> Option<u64> {
        Some(self.last_drops?.wrapping_sub(self.drops_before).into())
    }
}

impl Sockets {
    /// Opens the sockets of the calling thread's namespace.
    pub(crate) fn open(config: ProbeConfig) -> Result<Self, ProbeError> {
        let memory = SocketMemory::open().map_err(ProbeError::Memory)?;
        let diag = SocketDiag::open()?;
        Ok(Self {
            diag,
            memory,
            ports: config.ports(),
            config,
            single: None,
            known: Vec::new(),
            has_sample: false,
            queues: Vec::new(),
        })
    }

    /// Reads the accept queues of the listeners, in the kernel's order.
    pub(crate) fn sample_listeners(&mut self) -> Result<&[Queue], ProbeError> {
        self.queues.clear();
        let now_ns = monotonic_ns();
        if self.sample_by_address(now_ns)? {
            return Ok(&self.queues);
        }
        self.queues.clear();
        let mut listeners = Vec::new();
        for family in self.config.family.each() {
            for port in &self.ports {
                listeners.append(&mut self.diag.listeners_on(family, Some(*port))?);
            }
        }
        let on = |port: u16| listeners.iter().filter(|it| it.local.port() == port).count();
        let is_single = !listeners.is_empty() && self.ports.iter().all(|port| on(*port) == 1);
        let addresses = || listeners.iter().map(|listener| listener.local).collect();
        self.single = is_single.then(|| (addresses(), now_ns));
        listeners.iter().for_each(|listener| self.add(listener));
        self.has_sample = true;
        Ok(&self.queues)
    }

    /// Looks the listeners up by their addresses, if no two share a port; false if they
    /// must be listed.
    fn sample_by_address(&mut self, now_ns: u64) -> Result<bool, ProbeError> {
        let Some((addresses, listed_ns)) = self.single.take() else { return Ok(false) };
        if now_ns.saturating_sub(listed_ns) >= LIST_INTERVAL_NS {
            return Ok(false);
        }
        for address in &addresses {
            match self.diag.listener_at(*address)? {
                Some(listener) => self.add(&listener),
                None => return Ok(false),
            }
        }
        self.single = Some((addresses, listed_ns));
        Ok(true)
    }

    fn add(&mut self, listener: &Listener) {
        let known = self.known.iter().position(|known| known.inode == listener.inode);
        let number = known.unwrap_or_else(|| {
            let drops_before = if self.has_sample { 0 } else { listener.drops.unwrap_or(0) };
            let Listener { local, inode, .. } = *listener;
            self.known.push(KnownListener { local, inode, drops_before, last_drops: None });
            self.known.len() - 1
        });
        self.known[number].last_drops = listener.drops;
        let queue = AcceptQueue { depth: listener.queued, limit: listener.limit };
        self.queues.push(Queue { listener: number as u32, queue });
    }

    /// The last result of [`Sockets::sample_listeners`].
    pub(crate) fn queues(&self) -> &[Queue] {
        &self.queues
    }

    /// Each listener observed so far, by its number.
    pub(crate) fn known(&self) -> &[KnownListener] {
        &self.known
    }

    /// Whether a listener that was observed is not in the last sample.
    pub(crate) fn is_one_closed(&self) -> bool {
        self.queues.len() < self.known.len()
    }

    /// Scans the table of connections.
    pub(crate) fn scan(&mut self) -> Result<Connections, ProbeError> {
        let mut counts = StateCounts::default();
        for family in self.config.family.each() {
            counts = counts + self.diag.count_connections(family, &self.ports)?;
        }
        self.connections(counts)
    }

    /// Scans it, and lists the connections of the ports. The next sample lists all listeners.
    pub(crate) fn scan_with_list(
        &mut self,
    ) -> Result<(Connections, Vec<ServerSocket>), ProbeError> {
        let mut counts = StateCounts::default();
        let mut listed = Vec::new();
        for family in self.config.family.each() {
            let (more, sockets) = self.diag.list_connections(family, &self.ports)?;
            counts = counts + more;
            listed.extend(sockets);
        }
        self.single = None;
        Ok((self.connections(counts)?, listed))
    }

    fn connections(&self, counts: StateCounts) -> Result<Connections, ProbeError> {
        Ok(Connections {
            syn_recv: counts.syn_recv,
            established: counts.established,
            time_wait: counts.time_wait,
            fin_wait_2: counts.fin_wait2,
            socket_memory_bytes: self.memory.bytes().map_err(ProbeError::Memory)?,
        })
    }
}
