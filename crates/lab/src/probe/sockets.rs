//! A look at the kernel's sockets.

use std::net::SocketAddr;

use linux_net::{Listener, SocketDiag, SocketMemory};
use run_record::AcceptQueue;

use super::{Connections, ProbeConfig, ProbeError};

/// A lone listener is asked for by its address, which is cheap; after so many
/// times all are listed again, for others may have come.
const LISTED_ANEW_AFTER: u32 = 100;

/// What is asked, and where.
#[derive(Debug)]
pub(super) struct Sockets {
    diag: SocketDiag,
    memory: SocketMemory,
    config: ProbeConfig,
    /// The one listener of the port, and how often it was asked for alone.
    lone: Option<(SocketAddr, u32)>,
    queues: Vec<AcceptQueue>,
}

impl Sockets {
    /// Of the namespace that the calling thread is in.
    pub(super) fn open(config: ProbeConfig) -> Result<Self, ProbeError> {
        let memory = SocketMemory::open().map_err(ProbeError::Memory)?;
        Ok(Self { diag: SocketDiag::open()?, memory, config, lone: None, queues: Vec::new() })
    }

    /// Looks at the listeners: their accept queues, in the kernel's order.
    pub(super) fn look(&mut self) -> Result<&[AcceptQueue], ProbeError> {
        self.queues.clear();
        if let Some((at, asked)) = &mut self.lone
            && *asked < LISTED_ANEW_AFTER
            && let Some(listener) = self.diag.listener_at(*at)?
        {
            *asked += 1;
            self.queues.push(queue(&listener));
            return Ok(&self.queues);
        }
        let listeners = self.diag.listeners_on(self.config.family, Some(self.config.port))?;
        self.lone = match &listeners[..] {
            [lone] => Some((lone.local, 0)),
            _ => None,
        };
        self.queues.extend(listeners.iter().map(queue));
        Ok(&self.queues)
    }

    /// What [`Sockets::look`] saw last.
    pub(super) fn queues(&self) -> &[AcceptQueue] {
        &self.queues
    }

    /// Walks the table of connections.
    pub(super) fn walk(&mut self) -> Result<Connections, ProbeError> {
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

fn queue(listener: &Listener) -> AcceptQueue {
    AcceptQueue { depth: listener.queued, limit: listener.limit }
}
