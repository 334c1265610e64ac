//! What a page, a table and a list hold at most. A run can have a hundred thousand cells and
//! trials; what does not fit is in `cells.csv` and `trials.jsonl`, and the report says so.

use run_view::{Cell, Run};

/// The most trials that are listed one by one: those of a larger run are a selection.
pub(crate) const MAX_LISTED_TRIALS: usize = 500;

/// The most cells that are drawn, or have a row in a table. The catalogue's largest scenario
/// has half as many.
pub(crate) const MAX_SHOWN_CELLS: usize = 400;

/// The most test cases of trials: a larger run has one for each trial that did not hold at once,
/// a quarter of these for each reason, and one for all others.
pub(crate) const MAX_TEST_CASES: usize = 4_000;

/// The most links to files of trials.
pub(crate) const MAX_LINKS: usize = 500;

/// The most columns of a table of counters.
pub(crate) const MAX_COLUMNS: usize = 24;

/// Whether a run has more trials than can be listed.
pub(crate) fn is_large(run: &Run) -> bool {
    run.trials.len() > MAX_LISTED_TRIALS
}

/// Whether the cells of a run are too many to draw them.
pub(crate) fn has_too_many_cells(run: &Run) -> bool {
    Cell::count(run) > MAX_SHOWN_CELLS
}
