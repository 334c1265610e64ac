//! The charts of two runs next to each other.

use charts::{Chart, Side};
use run_view::{Cell, Run};

use crate::document::Source;
use crate::recorded::Rows;
use crate::sections;

/// The charts of a baseline and of the run that is compared with it, without those of single
/// trials. Equal heights, positions and colours in both mean equal values.
pub fn charts_side_by_side(baseline: &Run, new: &Run) -> [Vec<Chart>; 2] {
    let [of_baseline, of_new] = [baseline, new].map(Cell::all);
    let sides = [(baseline, &of_baseline, new, &of_new), (new, &of_new, baseline, &of_baseline)];
    sides.map(|(run, cells, other, others)| {
        let source = Source {
            run,
            cells: cells.clone(),
            // Charts, but not those of trials.
            rows: Some(Rows::default()),
            beside: Some(Side { run: other, cells: others }),
            queue_over_time: None,
        };
        sections::document(&source).charts().cloned().collect()
    })
}
