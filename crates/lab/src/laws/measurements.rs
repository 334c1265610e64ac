//! The measurements that laws are compared with.

use std::collections::BTreeMap;

use linux_net::Counter;
use run_record::{AcceptQueue, AttemptRow, Outcome, ProbeSummary, Restart};

use crate::destinations::{PortQueue, listeners_on};

/// The measurements of a trial.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurements<'a> {
    /// The accept queue of the only destination.
    pub(crate) accept_queue: Option<AcceptQueue>,
    /// Those of all destinations.
    pub(crate) queues: &'a [PortQueue],
    /// The port of the only listener that they are about; `None` if they are about all.
    pub(crate) port: Option<u16>,
    pub(crate) probe: Option<&'a ProbeSummary>,
    pub(crate) restart: Option<&'a Restart>,
    pub(crate) rows: &'a [AttemptRow],
    /// Increases of the server host's counters.
    pub(crate) server: &'a BTreeMap<String, i64>,
    /// Increases of the client host's counters.
    pub(crate) client: &'a BTreeMap<String, i64>,
}

/// A measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measurement {
    pub(super) value: f64,
    /// Lower bound of the true value, which differs if it is only sampled.
    pub(super) at_least: f64,
    /// Upper bound of the true value.
    pub(super) at_most: f64,
}

impl From<f64> for Measurement {
    fn from(value: f64) -> Self {
        Self { value, at_least: value, at_most: value }
    }
}

impl Measurements<'_> {
    /// The measurements of the queue of one destination; the rest stays that of the trial.
    pub(super) fn at(&self, port: u16) -> Self {
        let queue = self.queues.iter().find(|queue| queue.port == port);
        Self { accept_queue: queue.and_then(|queue| queue.queue), port: Some(port), ..*self }
    }

    /// The number of listeners that the probe saw.
    pub(super) fn listeners(&self) -> usize {
        match self.port {
            Some(port) => listeners_on(self.probe, port).len(),
            None => self.probe.map_or(0, |probe| probe.listeners.len()),
        }
    }

    /// The increase of a counter of the client's host.
    pub(super) fn at_client(&self, counter: Counter) -> Option<Measurement> {
        Some((self.client.get(counter.name()).copied().unwrap_or(0) as f64).into())
    }

    /// The increase of a counter of the server's host.
    pub(super) fn at_server(&self, counter: Counter) -> Option<Measurement> {
        Some((self.server.get(counter.name()).copied().unwrap_or(0) as f64).into())
    }

    /// Connections in the accept queue when every attempt was decided.
    pub(super) fn accept_queue_depth(&self) -> Option<Measurement> {
        self.accept_queue.map(|queue| f64::from(queue.depth).into())
    }

    /// Attempts with this outcome.
    pub(super) fn outcome(&self, outcome: Outcome) -> u64 {
        self.rows.iter().filter(|row| row.outcome == outcome).count() as u64
    }

    /// Maximum number of the server host's sockets that the probe observed in a state.
    pub(super) fn max_in(&self, state: &str) -> Option<Measurement> {
        let observed = self.probe?.states.get(state);
        Some(f64::from(observed.map_or(0, |observed| observed.most)).into())
    }

    /// How long the probe observed sockets in a state, in seconds; `None` if it observed
    /// none, did not observe their end, or they reappeared.
    pub(super) fn duration_in(&self, state: &str) -> Option<Measurement> {
        let observed = self.probe?.states.get(state).filter(|observed| observed.left == 0)?;
        let seconds = |from: u64, to: u64| to.saturating_sub(from) as f64 / 1e9;
        let at_least = seconds(observed.first_ns, observed.last_ns);
        let at_most = seconds(observed.absent_before_ns?, observed.absent_after_ns?);
        Some(Measurement { value: observed.duration_seconds()?, at_least, at_most })
    }
}
