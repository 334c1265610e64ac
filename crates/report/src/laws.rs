//! Predictions and measurements: a table for each law, a row for each cell.

use indexmap::{IndexMap, IndexSet};
use run_record::{Axis, LawVerdict};

use crate::table::Table;
use run_view::Cell;
use run_view::Law;
use run_view::number::{Spread, decimal};
use run_view::{Emphasis, Run};

/// In a table with more rows, cells with the same deviation share a row; of the cells in which
/// the law did not hold, this many have rows of their own.
const MAX_ROWS: usize = 120;

/// The row of one cell, or of several.
struct Row<'a> {
    /// The checks of its repetitions.
    checks: Vec<&'a Law>,
    /// For each axis, the values of its cells.
    values: Vec<IndexSet<String>>,
    cells: usize,
}

/// A table for each law that was applied, with the law's id.
pub(crate) fn tables(run: &Run) -> Vec<(String, Table)> {
    let axes = run.varying_axes();
    let mut laws: IndexMap<&str, Vec<Row<'_>>> = IndexMap::new();
    for cell in Cell::all(run) {
        let mut of_cell: IndexMap<&str, Vec<&Law>> = IndexMap::new();
        for law in cell.trials.iter().flat_map(|trial| &*trial.laws) {
            of_cell.entry(&law.id).or_default().push(law);
        }
        for (id, checks) in of_cell {
            let values = cell.values().map(|value| IndexSet::from([value])).collect();
            laws.entry(id).or_default().push(Row { checks, values, cells: 1 });
        }
    }
    let tables = laws.into_iter().map(|(id, rows)| {
        let is_folded = rows.len() > MAX_ROWS || are_equal(&rows);
        let rows = if is_folded { fold(rows) } else { rows };
        let heading = rows[0].checks[0].heading();
        (id.to_owned(), table(run, &heading, &axes, &rows, is_folded))
    });
    tables.collect()
}

/// Whether the rows of several cells are equal, and the law held in all.
fn are_equal(rows: &[Row<'_>]) -> bool {
    let texts = |row: &Row<'_>| (row.predicted(), row.measured(), row.deviation(), row.verdict());
    let [first, others @ ..] = rows else { return false };
    let all_equal = others.iter().all(|row| texts(row) == texts(first));
    !others.is_empty() && all_equal && first.verdict() == LawVerdict::Held
}

/// Joins the rows of cells in which the law held with the same deviation; for a timed law, of
/// all cells in which it held.
fn fold(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut joined: IndexMap<String, Row<'_>> = IndexMap::new();
    let mut others = Vec::new();
    for row in rows {
        if row.verdict() != LawVerdict::Held {
            others.push(row);
            continue;
        }
        let kind = if row.is_timed() { "in time".to_owned() } else { row.deviation() };
        match joined.get_mut(&kind) {
            Some(shared) => shared.join(row),
            None => {
                joined.insert(kind, row);
            }
        }
    }
    // The worst: where it failed everywhere, then where it failed sometimes.
    if others.len() > MAX_ROWS {
        others.sort_by_key(|row| match row.verdict() {
            LawVerdict::Failed => 0,
            LawVerdict::NotAlways => 1,
            LawVerdict::Held | LawVerdict::Undecided => 2,
        });
        let rest = others.split_off(MAX_ROWS);
        let mut rest = rest.into_iter();
        // The row of all others: the spread of their values.
        if let Some(mut shared) = rest.next() {
            rest.for_each(|row| shared.join(row));
            others.push(shared);
        }
    }
    joined.into_values().chain(others).collect()
}

fn table(run: &Run, name: &str, axes: &[&Axis], rows: &[Row<'_>], is_folded: bool) -> Table {
    let is_timed = rows.iter().any(Row::is_timed);
    let names = axes.iter().map(|axis| run.axis_name(&axis.path));
    let names = names.chain(is_folded.then_some("cells"));
    let names = names.chain(["predicted", "measured", "deviation"]);
    let head = names.chain(is_timed.then_some("allowed")).chain(["held"]).map(str::to_owned);
    let describe = |row: &Row<'_>| {
        let values = row.values.iter().map(|values| match (values.first(), values.last()) {
            (Some(first), Some(last)) if values.len() > 1 => format!("{first} … {last}"),
            (first, _) => first.cloned().unwrap_or_default(),
        });
        let cells = is_folded.then(|| row.cells.to_string());
        let numbers = [row.predicted(), row.measured(), row.deviation()];
        let allowed = is_timed.then(|| row.allowed());
        values.chain(cells).chain(numbers).chain(allowed).chain([row.held().to_owned()]).collect()
    };
    let head: Vec<_> = head.collect();
    let last = head.len() - 1;
    Table {
        title: name.to_owned(),
        head,
        rows: rows.iter().map(describe).collect(),
        keys: axes.len() + usize::from(is_folded),
        emphasis: rows.iter().enumerate().map(|(at, row)| ((at, last), row.emphasis())).collect(),
        ..Table::default()
    }
}

impl<'a> Row<'a> {
    fn join(&mut self, other: Row<'a>) {
        self.checks.extend(other.checks);
        for (values, more) in self.values.iter_mut().zip(other.values) {
            values.extend(more);
        }
        self.cells += other.cells;
    }

    fn is_timed(&self) -> bool {
        self.checks.iter().any(|check| check.latest.is_some())
    }

    fn spread(&self, of: impl Fn(&Law) -> Option<f64>) -> Option<Spread> {
        Spread::from_values(self.checks.iter().filter_map(|check| of(check)))
    }

    fn predicted(&self) -> String {
        range(self.spread(|check| Some(check.predicted)), decimal)
    }

    fn measured(&self) -> String {
        range(self.spread(|check| check.measured), decimal)
    }

    fn deviation(&self) -> String {
        let deviation = self.spread(|check| check.deviation);
        if !self.is_timed() {
            return range(deviation, signed);
        }
        let part = self.spread(|check| Some(check.deviation? / check.predicted * 100.0));
        match part {
            Some(part) if part.max.is_finite() => format!(
                "{} s, {} %",
                range(deviation, signed),
                range(Some(part), |percent| format!("{percent:+.1}"))
            ),
            _ => range(deviation, signed),
        }
    }

    /// The lateness that a timed law allows.
    fn allowed(&self) -> String {
        let allowed = self.spread(|check| Some(check.latest? - check.predicted));
        match range(allowed, signed) {
            none if none == MISSING => none,
            late => format!("{late} s"),
        }
    }

    fn verdict(&self) -> LawVerdict {
        LawVerdict::from_results(self.checks.iter().map(|check| check.held))
    }

    fn emphasis(&self) -> Emphasis {
        match self.verdict() {
            LawVerdict::Held => Emphasis::Good,
            LawVerdict::NotAlways | LawVerdict::Failed => Emphasis::Bad,
            LawVerdict::Undecided => Emphasis::Warning,
        }
    }

    fn held(&self) -> &'static str {
        match self.verdict() {
            LawVerdict::NotAlways => "not always",
            LawVerdict::Failed => "no",
            LawVerdict::Held => "yes",
            LawVerdict::Undecided => "not decided",
        }
    }
}

/// A missing value.
const MISSING: &str = "·";

/// The minimum and the maximum as text, or one of them if the texts are equal.
pub(crate) fn range(spread: Option<Spread>, format: impl Fn(f64) -> String) -> String {
    let Some(spread) = spread else { return MISSING.to_owned() };
    match (format(spread.min), format(spread.max)) {
        (min, max) if min == max => min,
        (min, max) => format!("{min} … {max}"),
    }
}

/// A difference with its sign; 0 has none.
fn signed(number: f64) -> String {
    match decimal(number).as_str() {
        "0" | "-0" => "0".to_owned(),
        text if number > 0.0 => format!("+{text}"),
        text => text.to_owned(),
    }
}
