//! A look at the kernel's sockets.

use std::net::SocketAddr;

use linux_net::{Listener, SocketDiag, SocketMemory, monotonic_ns};
use worker::metrics::AcceptQueue;

use crate::config::ProbeConfig;
use crate::control::Connections;
use crate::error::ProbeError;

/// A lone listener is asked for by its address, which is cheap; after so long
/// all are listed again, for others may have come. Nanoseconds.
const LISTED_ANEW_AFTER_NS: u64 = 20_000_000;

/// The accept queue of one listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Which one, from 0, in the order in which they were first seen.
    pub(crate) listener: u32,
    pub(crate) queue: AcceptQueue,
}

/// What is asked, and where.
#[derive(Debug)]
pub(crate) struct Sockets {
    diag: SocketDiag,
    memory: SocketMemory,
    config: ProbeConfig,
    /// The one listener of the port, and when all were listed.
    lone: Option<(SocketAddr, u64)>,
    /// The inode of each listener seen so far.
    inodes: Vec<u32>,
    queues: Vec<Queue>,
}

impl Sockets {
    /// Of the namespace that the calling thread is in.
    pub(crate) fn open(config: ProbeConfig) -> Result<Self, ProbeError> {
        let memory = SocketMemory::open().map_err(ProbeError::Memory)?;
        let diag = SocketDiag::open()?;
        Ok(Self { diag, memory, config, lone: None, inodes: Vec::new(), queues: Vec::new() })
    }

    /// Looks at the listeners: their accept queues, in the kernel's order.
    pub(crate) fn look(&mut self) -> Result<&[Queue], ProbeError> {
        self.queues.clear();
        let now_ns = monotonic_ns();
        if let Some((at, listed_ns)) = self.lone
            && now_ns.saturating_sub(listed_ns) < LISTED_ANEW_AFTER_NS
            && let Some(listener) = self.diag.listener_at(at)?
        {
            self.add(&listener);
            return Ok(&self.queues);
        }
        let listeners = self.diag.listeners_on(self.config.family, Some(self.config.port))?;
        self.lone = match &listeners[..] {
            [lone] => Some((lone.local, now_ns)),
            _ => None,
        };
        listeners.iter().for_each(|listener| self.add(listener));
        Ok(&self.queues)
    }

    fn add(&mut self, listener: &Listener) {
        let known = self.inodes.iter().position(|inode| *inode == listener.inode);
        let number = known.unwrap_or_else(|| {
            self.inodes.push(listener.inode);
            self.inodes.len() - 1
        });
        let queue = AcceptQueue { depth: listener.queued, limit: listener.limit };
        self.queues.push(Queue { listener: number as u32, queue });
    }

    /// What [`Sockets::look`] saw last.
    pub(crate) fn queues(&self) -> &[Queue] {
        &self.queues
    }

    /// Walks the table of connections.
    pub(crate) fn walk(&mut self) -> Result<Connections, ProbeError> {
        let counts = self.diag.count_connections(self.config.family, self.config.port)?;
        Ok(Connections {
            syn_recv: counts.syn_recv,
            established: counts.established,
            time_wait: counts.time_wait,
            fin_wait_2: counts.fin_wait2,
            socket_memory_bytes: self.memory.bytes().map_err(ProbeError::Memory)?,
        })
    }
}
