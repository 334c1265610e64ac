//! Predicted and measured values of each law: a chart per law.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use run_record::LawVerdict;

use crate::chart::Chart;
use crate::lateness::{Late, lateness};
use crate::name::name_of_law;
use crate::scatter::{Axes, Mark, scatter};
use crate::side::Side;
use run_view::Cell;
use run_view::Law;
use run_view::number::Spread;
use run_view::number::decimal;

const AXES: Axes = Axes {
    across: "predicted",
    up: "measured",
    max: None,
    format: decimal,
    band: 0.0,
    legend: ["as predicted", "not as predicted"],
};

/// A law's checks in one cell.
struct InCell<'a> {
    cell: &'a Cell<'a>,
    checks: Vec<&'a Law>,
}

/// The charts of laws.
#[derive(Debug, Clone, Default)]
pub struct Laws {
    /// Predicted against measured, around the diagonal.
    pub exact: Vec<Chart>,
    /// Deviations of timed laws from their predictions.
    pub timed: Vec<Chart>,
}

/// A chart for each law that was decided in a trial, on a scale that includes the run beside it;
/// none for a law with only one point.
pub fn laws(cells: &[Cell<'_>], beside: Option<Side<'_>>) -> Laws {
    let others = by_law(beside.map_or(&[][..], |side| side.cells));
    let of_others = |id: &str| others.get(id).map_or(&[][..], Vec::as_slice);
    let is_timed = |cells: &Vec<InCell<'_>>| {
        cells.iter().any(|cell| cell.checks.iter().any(|law| law.latest.is_some()))
    };
    let (timed, exact): (Vec<_>, Vec<_>) =
        by_law(cells).into_iter().partition(|(_, cells)| is_timed(cells));
    let exact = exact.into_iter().filter_map(|(id, cells)| {
        let marks = |cells: &[InCell<'_>]| -> Vec<_> {
            cells.iter().map(|cell| cell.mark(|law| law.measured)).collect()
        };
        let title = cells[0].checks[0].heading();
        scatter(name_of_law(id), title, &AXES, marks(&cells), &marks(of_others(id)))
    });
    // A chart with one point shows nothing that its table does not.
    let timed = timed.into_iter().filter(|(_, cells)| cells.len() > 1);
    let timed = timed.map(|(id, cells)| {
        let title = format!("{}: how late", cells[0].checks[0].title);
        lateness(name_of_law(id), title, &rows(&cells), &rows(of_others(id)))
    });
    Laws { exact: exact.collect(), timed: timed.collect() }
}

/// The decided checks of each law, by its id.
fn by_law<'a>(cells: &'a [Cell<'a>]) -> IndexMap<&'a str, Vec<InCell<'a>>> {
    let mut laws: IndexMap<&str, Vec<InCell<'_>>> = IndexMap::new();
    for cell in cells {
        let mut of_cell: IndexMap<&str, Vec<&Law>> = IndexMap::new();
        let checks = cell.trials.iter().flat_map(|trial| &*trial.laws);
        for law in checks.filter(|law| law.held.is_some()) {
            of_cell.entry(&law.id).or_default().push(law);
        }
        for (id, checks) in of_cell {
            laws.entry(id).or_default().push(InCell { cell, checks });
        }
    }
    laws
}

/// The rows of a timed law, one for each predicted time.
fn rows(cells: &[InCell<'_>]) -> Vec<(String, Late)> {
    let mut rows: BTreeMap<(u64, String), Late> = BTreeMap::new();
    for cell in cells {
        let mark = cell.mark(|law| law.deviation);
        let allowed = cell.checks.iter().filter_map(|law| Some(law.latest? - law.predicted));
        let row = (mark.x.max(0.0).to_bits(), format!("{} s", decimal(mark.x)));
        let row = rows.entry(row).or_default();
        row.allowed = row.allowed.max(allowed.fold(0.0, f64::max));
        row.marks.push(mark);
    }
    rows.into_iter().map(|((_, name), late)| (name, late)).collect()
}

impl InCell<'_> {
    /// The mark, with the spread over the repetitions; a missing measurement is at 0.
    fn mark(&self, value: impl Fn(&Law) -> Option<f64>) -> Mark {
        let spread = |value: &dyn Fn(&Law) -> Option<f64>| {
            Spread::from_values(self.checks.iter().filter_map(|law| value(law)))
        };
        let predicted = spread(&|law| Some(law.predicted));
        let y = spread(&value);
        let measured = spread(&|law| law.measured);
        let describe = |spread: Option<Spread>| {
            spread.map_or_else(|| "nothing".to_owned(), |spread| spread.describe(decimal))
        };
        let verdict = LawVerdict::from_results(self.checks.iter().map(|check| check.held));
        let held = verdict == LawVerdict::Held;
        let latest = spread(&|law| law.latest);
        let latest =
            latest.map_or(String::new(), |_| format!(", at the latest {}", describe(latest)));
        let description = format!(
            "predicted {}{latest}, measured {}{}",
            describe(predicted),
            describe(measured),
            if held { "" } else { ": failed" }
        );
        Mark {
            x: predicted.map_or(0.0, |spread| spread.median),
            y: y.map_or([0.0; 3], |spread| [spread.min, spread.median, spread.max]),
            held,
            description,
            cells: vec![(format!("#cell-{}", self.cell.number), self.cell.place())],
            count: 1,
        }
    }
}
