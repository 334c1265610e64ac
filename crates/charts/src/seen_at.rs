//! The rows of a trial that are about one destination.

use std::collections::HashMap;
use std::net::SocketAddr;

use run_record::{AttemptRow, TimelineRow};
use run_view::Trial;

use crate::recorded::Recorded;

/// The rows that are about one of several destinations.
#[derive(Debug)]
pub(crate) struct SeenAt {
    timeline: Vec<TimelineRow>,
    attempts: Vec<AttemptRow>,
}

impl SeenAt {
    /// The readings of the listeners on its port, and the attempts that went there.
    pub(crate) fn new(trial: &Trial, address: SocketAddr, recorded: Recorded<'_>) -> Self {
        let listeners = trial.evidence.probe.iter().flat_map(|probe| &probe.listeners);
        let ports: Vec<_> = listeners.map(|listener| listener.port()).collect();
        let is_here = |row: &&TimelineRow| {
            let port = row.listener.and_then(|number| ports.get(number as usize).copied()?);
            port == Some(address.port())
        };
        // Only the first row of a sample has the ticks that were missed before it.
        let mut missed: HashMap<u64, u64> = HashMap::new();
        for row in recorded.timeline {
            *missed.entry(row.at_ns).or_default() += row.missed;
        }
        let own = |row: &TimelineRow| TimelineRow {
            missed: missed.remove(&row.at_ns).unwrap_or(0),
            // Counted for all ports together.
            syn_recv: None,
            ..row.clone()
        };
        let attempts = recorded.attempts.iter();
        Self {
            timeline: recorded.timeline.iter().filter(is_here).map(own).collect(),
            attempts: attempts.filter(|row| row.destination == Some(address)).cloned().collect(),
        }
    }

    pub(crate) fn recorded(&self) -> Recorded<'_> {
        Recorded { timeline: &self.timeline, attempts: &self.attempts }
    }
}
