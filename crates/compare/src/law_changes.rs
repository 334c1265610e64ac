//! Laws that predict something else than in the baseline, or are checked no
//! more. They bind whatever machine the baseline is from; figures do not.

use indexmap::IndexMap;
use run_record::TrialRecord;

use crate::pairs::Pair;
use run_view::place;

/// How the laws of a run differ from those of its baseline, each difference as
/// a line of text.
#[derive(Debug, Default)]
pub(crate) struct LawChanges {
    /// The same cell, and another prediction: a rule of the kernel is another.
    pub(crate) predicted: Vec<String>,
    /// Held in the baseline, and not decided here.
    pub(crate) undecided: Vec<String>,
    /// Laws that predict the same, counted in each cell.
    pub(crate) same: usize,
    /// Cells that both runs have.
    pub(crate) cells: usize,
    /// Cells that only the baseline has.
    pub(crate) not_run: Vec<String>,
}

/// A law in the trials of one cell.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    predicted: Vec<f64>,
    is_decided: bool,
}

impl LawChanges {
    /// In the cells that both runs have, of the same scenario.
    pub(crate) fn between(pairs: &[Pair<'_>]) -> Self {
        let mut changes = Self::default();
        for pair in pairs.iter().filter(|pair| !pair.old.is_empty()) {
            // Where figures are compared, such a cell is told with them.
            let Some(trial) = pair.new.first() else {
                changes.not_run.push(place(pair.old[0]));
                continue;
            };
            changes.cells += 1;
            let is = laws(&pair.new);
            for (name, was) in laws(&pair.old).into_iter().filter(|(_, was)| was.is_decided) {
                let place = place(trial);
                match is.get(name).filter(|is| is.is_decided) {
                    None => changes
                        .undecided
                        .push(format!("`{name}` ({place}): decided in the baseline, not here")),
                    Some(is) if is.predicted != was.predicted => changes.predicted.push(format!(
                        "`{name}` ({place}): predicts {} in the baseline, {} here",
                        written(&was.predicted),
                        written(&is.predicted)
                    )),
                    Some(_) => changes.same += 1,
                }
            }
        }
        changes
    }
}

/// The laws of a cell by name, with all that its repetitions predict.
fn laws<'a>(trials: &[&'a TrialRecord]) -> IndexMap<&'a str, Seen> {
    let mut laws: IndexMap<&str, Seen> = IndexMap::new();
    for law in trials.iter().flat_map(|trial| &trial.laws) {
        let seen = laws.entry(&law.name).or_default();
        seen.is_decided |= law.held.is_some();
        if !seen.predicted.contains(&law.predicted) {
            seen.predicted.push(law.predicted);
            seen.predicted.sort_by(f64::total_cmp);
        }
    }
    laws
}

fn written(predicted: &[f64]) -> String {
    predicted.iter().map(f64::to_string).collect::<Vec<_>>().join(" or ")
}
