//! The cells of two runs, matched by their place on the axes.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use run_record::TrialRecord;
use run_view::Run;
use serde_json::Value;

/// A cell's value on every axis.
pub(crate) type Point = IndexMap<String, Value>;

/// The trials of one cell in both runs; empty for a run that does not have it.
#[derive(Debug)]
pub(crate) struct CellPair<'a> {
    pub(crate) point: &'a Point,
    pub(crate) baseline: Vec<&'a TrialRecord>,
    pub(crate) new: Vec<&'a TrialRecord>,
}

/// Every cell of either run: those of the baseline in its order, then those that only the
/// new run has.
pub(crate) fn match_cells<'a>(baseline: &'a Run, new: &'a Run) -> Vec<CellPair<'a>> {
    let mut only_new = cells(new);
    let mut pairs: Vec<CellPair<'a>> = cells(baseline)
        .into_iter()
        .map(|(point, baseline)| {
            let same = only_new.iter().position(|(other, _)| *other == point);
            let new = same.map_or_else(Vec::new, |index| only_new.remove(index).1);
            CellPair { point, baseline, new }
        })
        .collect();
    let only_new = only_new.into_iter();
    pairs.extend(only_new.map(|(point, new)| CellPair { point, baseline: Vec::new(), new }));
    pairs
}

/// The axes on which the cells differ.
pub(crate) fn varying_axes(cells: &[CellPair<'_>]) -> Vec<String> {
    let Some(first) = cells.first() else { return Vec::new() };
    let varies =
        |path: &&String| cells.iter().any(|cell| cell.point.get(*path) != first.point.get(*path));
    first.point.keys().filter(varies).cloned().collect()
}

fn cells(run: &Run) -> Vec<(&Point, Vec<&TrialRecord>)> {
    let mut cells: BTreeMap<u32, Vec<&TrialRecord>> = BTreeMap::new();
    for trial in &run.trials {
        cells.entry(trial.cell).or_default().push(trial);
    }
    cells.into_values().map(|trials| (&trials[0].point, trials)).collect()
}
