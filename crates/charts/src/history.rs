//! What is known of a queue's depth over time: exact, within bounds, or nothing.

use queue_model::observed_depth::{DepthBounds, Observations};
use run_record::QueueRows;
use run_view::Trial;

use crate::depth::Depth;
use crate::recorded::Recorded;
use crate::window::Window;

/// The depth of a queue over time, from all recorded observations.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) observations: Observations,
    bounds: DepthBounds,
    /// The most that the queue can hold, all listeners together.
    capacity: u32,
}

/// A time in which the same was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) window: Window,
    pub(crate) least: u32,
    /// `None` if it is not known.
    pub(crate) most: Option<u32>,
}

impl Piece {
    /// Whether the depth is known exactly.
    pub(crate) fn is_exact(&self) -> bool {
        self.most == Some(self.least)
    }
}

impl History {
    /// `None` if the rows do not say what the depth between two samples was, or contradict
    /// each other, which violates an invariant of the trial: then the samples are drawn.
    /// `depths` are the samples, and `listeners` their listeners.
    pub(crate) fn new(trial: &Trial, recorded: Recorded<'_>, depths: &[Depth]) -> Option<Self> {
        let rows = QueueRows {
            timeline: recorded.timeline,
            attempts: Some(recorded.attempts).filter(|attempts| !attempts.is_empty()),
            accepts_are_known: trial.accepted.is_some(),
        };
        let observations = rows.observations().ok()?;
        let bounds = observations.bounds().ok()?;
        let limit = depths.iter().map(|sample| sample.limit).max()?;
        let capacity = limit.saturating_add(observations.listeners as u32);
        Some(Self { observations, bounds, capacity })
    }

    /// The pieces of a window, in the order of time, without gaps.
    pub(crate) fn pieces(&self, window: Window) -> Vec<Piece> {
        let steps = self.bounds.steps();
        let first = steps.partition_point(|step| step.from_ns <= window.from).saturating_sub(1);
        let mut pieces: Vec<Piece> = Vec::new();
        for (index, step) in steps.iter().enumerate().skip(first) {
            if step.from_ns >= window.to {
                break;
            }
            let next = steps.get(index + 1).map_or(window.to, |next| next.from_ns);
            let (from, to) = (step.from_ns.max(window.from), next.min(window.to));
            // The kernel lets nothing into a queue that holds more than its limit.
            let capacity = self.capacity.max(step.least);
            let most = step.most.map(|most| most.min(capacity));
            pieces.push(Piece { window: Window { from, to }, least: step.least, most });
        }
        pieces
    }

    /// The deepest that the queue is known to have been.
    pub(crate) fn deepest(&self) -> u32 {
        self.bounds.peak().0
    }

    /// What the queue held at most, as samples: where it may have been busy.
    pub(crate) fn busy(&self, window: Window) -> Vec<Depth> {
        let sample = |piece: Piece| Depth {
            at_ns: piece.window.from,
            depth: piece.most.unwrap_or(piece.least),
            limit: self.capacity,
            missed: 0,
        };
        self.pieces(window).into_iter().map(sample).collect()
    }
}
