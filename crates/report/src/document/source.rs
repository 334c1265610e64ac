//! The data that sections are made from.

use charts::{Chart, Side};
use run_view::{Cell, Run};

use crate::recorded::Rows;

/// A run, its cells, and the rows of its directory.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) run: &'a Run,
    pub(crate) cells: Vec<Cell<'a>>,
    /// The recorded rows of trials; `None` for a format without charts.
    pub(crate) rows: Option<Rows>,
    /// The run whose charts are shown next to those of this one.
    pub(crate) beside: Option<Side<'a>>,
    /// A queue over time, for a format without charts.
    pub(crate) queue_over_time: Option<String>,
}

impl<'a> Source<'a> {
    /// A source for a format without charts, because drawing takes most of the time.
    pub(crate) fn without_charts(run: &'a Run) -> Self {
        Self { run, cells: Cell::all(run), rows: None, beside: None, queue_over_time: None }
    }

    /// The charts that `draw` returns; none for a format without charts.
    pub(crate) fn draw<T: IntoIterator<Item = Chart>>(
        &self,
        draw: impl FnOnce() -> T,
    ) -> Vec<Chart> {
        self.rows.as_ref().map_or_else(Vec::new, |_| draw().into_iter().collect())
    }
}
