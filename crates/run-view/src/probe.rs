//! What the probe of a trial saw.

use std::sync::Arc;

use run_record::{ListenerSummary, ProbeSummary, StateSummary};

use crate::shared::Shared;

/// What the probe in the server's host saw, as [`ProbeSummary`].
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields of `ProbeSummary` describe them")]
pub struct Probe {
    pub interval_seconds: f64,
    pub samples: u64,
    pub missed: u64,
    pub listeners: Vec<ListenerSummary>,
    pub deepest: u32,
    pub timeline_cut_at_ns: Option<u64>,
    drops: Option<u64>,
    states: Box<[(Arc<str>, StateSummary)]>,
}

impl Probe {
    pub(crate) fn new(summary: ProbeSummary, shared: &mut Shared) -> Self {
        let drops = summary.drops();
        let states = summary.states.into_iter();
        Self {
            interval_seconds: summary.interval_seconds,
            samples: summary.samples,
            missed: summary.missed,
            listeners: summary.listeners,
            deepest: summary.deepest,
            timeline_cut_at_ns: summary.timeline_cut_at_ns,
            drops,
            states: states.map(|(name, state)| (shared.text(&name), state)).collect(),
        }
    }

    /// Segments that the listeners dropped themselves, together. `None` without a listener, or
    /// if the drops of one are not known.
    pub fn drops(&self) -> Option<u64> {
        self.drops
    }

    /// The sockets in a state; `None` if none were observed.
    pub fn state(&self, name: &str) -> Option<StateSummary> {
        let found = self.states.iter().find(|(other, _)| **other == *name);
        found.map(|(_, state)| *state)
    }
}
