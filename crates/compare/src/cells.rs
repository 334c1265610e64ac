//! The cells of two runs, matched by their place on the axes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;
use run_view::Run;
use run_view::Trial;
use serde_json::Value;

/// A cell's value on every axis.
pub(crate) type Point = IndexMap<String, Value>;

/// The trials of one cell in both runs; empty for a run that does not have it.
#[derive(Debug)]
pub(crate) struct CellPair<'a> {
    pub(crate) point: &'a Arc<Point>,
    pub(crate) baseline: Vec<&'a Trial>,
    pub(crate) new: Vec<&'a Trial>,
}

/// Every cell of either run: those of the baseline in its order, then those that only the
/// new run has.
pub(crate) fn match_cells<'a>(baseline: &'a Run, new: &'a Run) -> Vec<CellPair<'a>> {
    let mut of_new: Vec<_> = cells(new).into_iter().map(Some).collect();
    let mut by_point: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, (point, _)) in of_new.iter().flatten().enumerate() {
        by_point.entry(key(point)).or_default().push(index);
    }
    let mut pairs: Vec<CellPair<'a>> = cells(baseline)
        .into_iter()
        .map(|(point, baseline)| {
            let candidates = by_point.get(&key(point)).into_iter().flatten();
            let is_same =
                |index: &&usize| of_new[**index].as_ref().is_some_and(|(other, _)| *other == point);
            let same = { candidates }.find(is_same).copied();
            let new = same.and_then(|index| of_new[index].take());
            CellPair { point, baseline, new: new.map(|(_, trials)| trials).unwrap_or_default() }
        })
        .collect();
    let only_new = of_new.into_iter().flatten();
    pairs.extend(only_new.map(|(point, new)| CellPair { point, baseline: Vec::new(), new }));
    pairs
}

/// A text that is the same for equal points, whatever the order of their axes.
fn key(point: &Point) -> String {
    let mut values: Vec<_> = point.iter().map(|(path, value)| format!("{path}={value}")).collect();
    values.sort_unstable();
    values.join(",")
}

/// The axes on which the cells differ.
pub(crate) fn varying_axes(cells: &[CellPair<'_>]) -> Vec<String> {
    let Some(first) = cells.first() else { return Vec::new() };
    let varies =
        |path: &&String| cells.iter().any(|cell| cell.point.get(*path) != first.point.get(*path));
    first.point.keys().filter(varies).cloned().collect()
}

fn cells(run: &Run) -> Vec<(&Arc<Point>, Vec<&Trial>)> {
    let mut cells: BTreeMap<u32, Vec<&Trial>> = BTreeMap::new();
    for trial in &run.trials {
        cells.entry(trial.cell).or_default().push(trial);
    }
    cells.into_values().map(|trials| (&trials[0].point, trials)).collect()
}
