//! What laws are compared with.

use std::collections::BTreeMap;

use linux_net::Counter;
use run_record::{AcceptQueue, AttemptRow, Outcome, ProbeSummary, Restart};

/// The measurements of a trial.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurements<'a> {
    pub(crate) accept_queue: Option<AcceptQueue>,
    pub(crate) probe: Option<&'a ProbeSummary>,
    pub(crate) restart: Option<&'a Restart>,
    pub(crate) rows: &'a [AttemptRow],
    /// Counters of the hosts, after less before.
    pub(crate) server: &'a BTreeMap<String, i64>,
    pub(crate) client: &'a BTreeMap<String, i64>,
}

/// A measured figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measurement {
    pub(super) value: f64,
    /// The range in which the true figure lies, for what is only sampled.
    pub(super) at_least: f64,
    pub(super) at_most: f64,
}

impl From<f64> for Measurement {
    fn from(value: f64) -> Self {
        Self { value, at_least: value, at_most: value }
    }
}

impl Measurements<'_> {
    /// By how much a counter of the client's host rose.
    pub(super) fn at_client(&self, counter: Counter) -> Option<Measurement> {
        Some((self.client.get(counter.name()).copied().unwrap_or(0) as f64).into())
    }

    /// By how much a counter of the server's host rose.
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

    /// The most sockets of the server's host that the probe saw in a state.
    pub(super) fn most_in(&self, state: &str) -> Option<Measurement> {
        let seen = self.probe?.states.get(state);
        Some(f64::from(seen.map_or(0, |seen| seen.most)).into())
    }

    /// How long the probe saw sockets in a state, seconds; `None` if it saw none,
    /// did not see their end, or saw them reappear.
    pub(super) fn lasted(&self, state: &str) -> Option<Measurement> {
        let seen = self.probe?.states.get(state).filter(|seen| seen.left == 0)?;
        let seconds = |from: u64, to: u64| to.saturating_sub(from) as f64 / 1e9;
        let at_least = seconds(seen.first_ns, seen.last_ns);
        let at_most = seconds(seen.absent_before_ns?, seen.absent_after_ns?);
        Some(Measurement { value: seen.duration_seconds()?, at_least, at_most })
    }
}
