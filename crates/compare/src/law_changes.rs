//! Laws that predict something else than in the baseline, or are no longer decided. Laws
//! are comparable across machines; metrics are not.

use indexmap::IndexMap;
use run_record::AxisNames;
use run_view::Trial;
use run_view::why_not_decided;

use crate::cells::CellPair;

/// How the laws of a run differ from those of its baseline, each difference as a line of
/// text.
#[derive(Debug, Default)]
pub(crate) struct LawChanges {
    /// Laws with another prediction in the same cell: a rule of the kernel changed.
    pub(crate) predicted: Vec<String>,
    /// Laws that were decided in the baseline, and are not in the new run.
    pub(crate) undecided: Vec<String>,
    /// Laws with the same prediction, counted in each cell.
    pub(crate) same: usize,
    /// Cells that are in both runs.
    pub(crate) cells: usize,
    /// Cells that are only in the baseline.
    pub(crate) not_run: Vec<String>,
}

/// A law in the trials of one cell.
#[derive(Debug, Default, PartialEq)]
struct CellLaw<'a> {
    title: &'a str,
    /// Each prediction once, ascending.
    predictions: Vec<f64>,
    is_decided: bool,
}

impl LawChanges {
    /// Compares the laws of two runs of the same scenario, in the cells that both have.
    pub(crate) fn between(cells: &[CellPair<'_>], names: &AxisNames) -> Self {
        let mut changes = Self::default();
        for cell in cells.iter().filter(|cell| !cell.baseline.is_empty()) {
            let place = names.place(cell.point);
            if cell.new.is_empty() {
                changes.not_run.push(place);
                continue;
            }
            changes.cells += 1;
            let new_laws = laws(&cell.new);
            for (id, old) in laws(&cell.baseline).into_iter().filter(|(_, law)| law.is_decided) {
                match new_laws.get(id).filter(|law| law.is_decided) {
                    None => changes.undecided.push(format!(
                        "`{}` ({place}): decided in the baseline, but not in the new run{}",
                        old.title,
                        reason(&cell.new, id)
                    )),
                    Some(new) if new.predictions != old.predictions => {
                        changes.predicted.push(format!(
                            "`{}` ({place}): predicts {} in the baseline, {} in the new run",
                            new.title,
                            format_predictions(&old.predictions),
                            format_predictions(&new.predictions)
                        ));
                    }
                    Some(_) => changes.same += 1,
                }
            }
        }
        changes
    }
}

/// The laws of a cell by id, with the predictions of all its trials.
fn laws<'a>(trials: &[&'a Trial]) -> IndexMap<&'a str, CellLaw<'a>> {
    let mut laws: IndexMap<&str, CellLaw<'_>> = IndexMap::new();
    for law in trials.iter().flat_map(|trial| &*trial.laws) {
        let of_cell = laws.entry(&law.id).or_default();
        of_cell.title = &law.title;
        of_cell.is_decided |= law.held.is_some();
        if !of_cell.predictions.contains(&law.predicted) {
            of_cell.predictions.push(law.predicted);
            of_cell.predictions.sort_by(f64::total_cmp);
        }
    }
    laws
}

/// Why no trial decided a law: `; not applied: REASON` or `; not decided: REASON`; empty if the
/// new run does not have it.
fn reason(trials: &[&Trial], id: &str) -> String {
    let mut not_applied = trials.iter().flat_map(|trial| &*trial.laws_not_applied);
    if let Some(law) = not_applied.find(|law| law.id == id) {
        return format!("; not applied: {}", law.reason);
    }
    let checks = trials.iter().flat_map(|trial| trial.laws.iter().map(move |law| (*trial, law)));
    let mut reasons = checks
        .filter(|(_, law)| *law.id == *id)
        .filter_map(|(trial, law)| why_not_decided(trial, law));
    reasons.next().map_or(String::new(), |reason| format!("; not decided: {reason}"))
}

fn format_predictions(predictions: &[f64]) -> String {
    predictions.iter().map(f64::to_string).collect::<Vec<_>>().join(" or ")
}
