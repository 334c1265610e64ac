//! The parts of a queue's chart that show its depth, however it is known.

use maud::Markup;

use crate::axis::Scale;
use crate::samples::QueueArea;

/// The depth of a queue, drawn.
pub(crate) struct Curve {
    /// What its marks mean; a fragment in parentheses after "connections queued".
    pub(crate) legend: String,
    /// What it is made of, and how much of the time it is known.
    pub(crate) description: String,
    /// Whether the queue was seen to be full.
    pub(crate) was_full: bool,
    /// Areas behind the grid.
    pub(crate) behind: Markup,
    /// Lines and marks.
    pub(crate) lines: Markup,
    /// Areas with tooltips, in front of the lines.
    pub(crate) tooltips: Markup,
}

/// The place of a queue's part of a chart.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) area: QueueArea,
    /// Horizontal positions of instants, CLOCK_MONOTONIC nanoseconds.
    pub(crate) x: &'a dyn Fn(u64) -> f64,
    /// Vertical positions of depths.
    pub(crate) y: Scale,
}
