//! The cells of two runs, matched by their place on the axes.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use run_record::TrialRecord;
use serde_json::Value;

use run_view::Run;

/// A cell's value on every axis.
pub(crate) type Point = IndexMap<String, Value>;

/// The trials of one cell in both runs; none on a side that does not have it.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) point: &'a Point,
    pub(crate) old: Vec<&'a TrialRecord>,
    pub(crate) new: Vec<&'a TrialRecord>,
}

/// Every cell of either run: those of the old one in its order, then those that
/// only the new one has.
pub(crate) fn pairs<'a>(old: &'a Run, new: &'a Run) -> Vec<Pair<'a>> {
    let mut only_new = cells(new);
    let mut pairs: Vec<Pair<'a>> = cells(old)
        .into_iter()
        .map(|(point, old)| {
            let same = only_new.iter().position(|(other, _)| *other == point);
            let new = same.map_or_else(Vec::new, |index| only_new.remove(index).1);
            Pair { point, old, new }
        })
        .collect();
    pairs.extend(only_new.into_iter().map(|(point, new)| Pair { point, old: Vec::new(), new }));
    pairs
}

fn cells(run: &Run) -> Vec<(&Point, Vec<&TrialRecord>)> {
    let mut cells: BTreeMap<u32, Vec<&TrialRecord>> = BTreeMap::new();
    for trial in &run.trials {
        cells.entry(trial.cell).or_default().push(trial);
    }
    cells.into_values().map(|trials| (&trials[0].point, trials)).collect()
}
