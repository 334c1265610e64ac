//! What the probe records of accepts: the ledger, and the pace.

use linux_net::{PassiveOpens, ServerSocket};
use worker::metrics::AcceptPace;

use crate::error::ProbeError;
use crate::ledger::{Ledger, ScanTime};
use crate::pace::{PaceMeter, Reading};
use crate::recorder::LedgerRecorder;
use crate::sockets::Queue;

/// What the probe knows of accepts.
#[derive(Debug)]
pub(crate) struct Accepts {
    recorder: LedgerRecorder,
    opens: PassiveOpens,
    /// None if several ports are sampled: what waits at one says nothing about the others, and
    /// the kernel counts the connections of all together.
    meter: Option<PaceMeter>,
    /// The listeners of the last sample, if connections waited in it.
    waiting: Vec<u32>,
}

impl Accepts {
    /// Opens what it reads, in the calling thread's namespace, for so many ports.
    pub(crate) fn open(ports: usize) -> Result<Self, ProbeError> {
        Ok(Self {
            recorder: LedgerRecorder::default(),
            opens: PassiveOpens::open().map_err(ProbeError::PassiveOpens)?,
            meter: (ports == 1).then(PaceMeter::default),
            waiting: Vec::new(),
        })
    }

    /// The connections established so far, if some waited in the last sample: otherwise
    /// no pace can be measured, and nothing is read.
    pub(crate) fn opened(&self) -> Result<Option<u64>, ProbeError> {
        let is_waiting = !self.waiting.is_empty();
        is_waiting.then(|| self.opens.count()).transpose().map_err(ProbeError::PassiveOpens)
    }

    /// Adds a sample, with the connections established before it.
    pub(crate) fn add_sample(
        &mut self,
        (from_ns, to_ns): (u64, u64),
        queues: &[Queue],
        before: Option<u64>,
    ) -> Result<(), ProbeError> {
        let Some(meter) = &mut self.meter else { return Ok(()) };
        let depth = queues.iter().map(|queue| queue.queue.depth).sum();
        let listeners: Vec<_> = queues.iter().map(|queue| queue.listener).collect();
        match before {
            Some(before) if listeners == self.waiting => {
                let after = self.opens.count().map_err(ProbeError::PassiveOpens)?;
                meter.add(Reading { from_ns, to_ns, depth, opened: (before, after) });
            }
            _ => meter.interrupt(),
        }
        self.waiting = if depth > 0 { listeners } else { Vec::new() };
        Ok(())
    }

    /// Adds a scan of the ports' connections.
    pub(crate) fn add_scan(&mut self, scan: ScanTime, sockets: &[ServerSocket]) {
        self.recorder.add(scan, sockets);
    }

    /// A listener has been closed.
    pub(crate) fn listener_closed(&mut self) {
        self.recorder.listener_closed();
    }

    /// The ledger and the pace.
    pub(crate) fn finish(self) -> (Ledger, Option<AcceptPace>) {
        (self.recorder.finish(), self.meter.and_then(PaceMeter::finish))
    }
}
