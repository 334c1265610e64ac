//! Predicted beside measured: a table for each law, a row for each cell.

use indexmap::IndexMap;
use run_record::{Axis, LawCheck};

use crate::table::Table;
use run_view::Run;
use run_view::combinations;
use run_view::number::{Spread, decimal, value};

/// Rows of a table before cells of the same deviation share one.
const ROWS: usize = 120;

/// One cell's row, or that of several.
struct Row<'a> {
    /// The checks of its repetitions.
    checks: Vec<&'a LawCheck>,
    /// Of each axis, the values that its cells have.
    values: Vec<Vec<String>>,
    cells: usize,
}

/// A table for each law that decides anything.
pub(crate) fn tables(run: &Run) -> Vec<Table> {
    let axes = run.varying_axes();
    let mut laws: IndexMap<&str, Vec<Row<'_>>> = IndexMap::new();
    let points = combinations(&axes);
    for point in &points {
        let mut of_cell: IndexMap<&str, Vec<&LawCheck>> = IndexMap::new();
        for law in run.trials_at(point).flat_map(|trial| &trial.laws) {
            of_cell.entry(&law.id).or_default().push(law);
        }
        for (id, checks) in of_cell {
            let values = point.iter().map(|(_, at)| vec![value(at)]).collect();
            laws.entry(id).or_default().push(Row { checks, values, cells: 1 });
        }
    }
    let tables = laws.into_values().map(|rows| {
        let folded = rows.len() > ROWS || are_alike(&rows);
        let rows = if folded { fold(rows) } else { rows };
        table(run, &rows[0].checks[0].heading(), &axes, &rows, folded)
    });
    tables.collect()
}

/// Whether one row says all that the rows of several cells say.
fn are_alike(rows: &[Row<'_>]) -> bool {
    let said = |row: &Row<'_>| (row.predicted(), row.measured(), row.deviation(), row.held());
    let [first, others @ ..] = rows else { return false };
    let all_alike = others.iter().all(|row| said(row) == said(first));
    !others.is_empty() && all_alike && first.held() == "yes"
}

/// Cells in which the law held share a row where they deviate alike; the others
/// keep their own. Of a timed law, all that were in time are alike.
fn fold(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut alike: IndexMap<String, Row<'_>> = IndexMap::new();
    let mut apart = Vec::new();
    for row in rows {
        if !row.checks.iter().all(|check| check.held == Some(true)) {
            apart.push(row);
            continue;
        }
        let kind = if row.is_timed() { "in time".to_owned() } else { row.deviation() };
        match alike.get_mut(&kind) {
            Some(shared) => shared.join(row),
            None => {
                alike.insert(kind, row);
            }
        }
    }
    alike.into_values().chain(apart).collect()
}

fn table(run: &Run, name: &str, axes: &[&Axis], rows: &[Row<'_>], folded: bool) -> Table {
    let timed = rows.iter().any(Row::is_timed);
    let names = axes.iter().map(|axis| run.axis_name(&axis.path));
    let names = names.chain(folded.then_some("cells"));
    let names = names.chain(["predicted", "measured", "deviation"]);
    let head = names.chain(timed.then_some("allowed")).chain(["held"]).map(str::to_owned);
    let written = |row: &Row<'_>| {
        let places = row.values.iter().map(|values| match values.as_slice() {
            [first, .., last] => format!("{first} … {last}"),
            values => values.concat(),
        });
        let cells = folded.then(|| row.cells.to_string());
        let figures = [row.predicted(), row.measured(), row.deviation()];
        let allowed = timed.then(|| row.allowed());
        places.chain(cells).chain(figures).chain(allowed).chain([row.held().to_owned()]).collect()
    };
    Table {
        title: name.to_owned(),
        head: head.collect(),
        rows: rows.iter().map(written).collect(),
        words: 0,
    }
}

impl<'a> Row<'a> {
    fn join(&mut self, other: Row<'a>) {
        self.checks.extend(other.checks);
        for (values, more) in self.values.iter_mut().zip(other.values) {
            for value in more {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        self.cells += other.cells;
    }

    fn is_timed(&self) -> bool {
        self.checks.iter().any(|check| check.latest.is_some())
    }

    fn spread(&self, of: impl Fn(&LawCheck) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.checks.iter().filter_map(|check| of(check)))
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

    /// How late a timed law allows it to be.
    fn allowed(&self) -> String {
        let allowed = self.spread(|check| Some(check.latest? - check.predicted));
        match range(allowed, signed) {
            none if none == NOTHING => none,
            late => format!("{late} s"),
        }
    }

    fn held(&self) -> &'static str {
        let any = |held| self.checks.iter().any(|check| check.held == held);
        match (any(Some(false)), any(Some(true))) {
            (true, true) => "not always",
            (true, false) => "no",
            (false, true) => "yes",
            (false, false) => NOTHING,
        }
    }
}

/// What was not measured.
const NOTHING: &str = "·";

/// The least and the largest; one of them where they are written alike.
pub(crate) fn range(spread: Option<Spread>, write: impl Fn(f64) -> String) -> String {
    let Some(spread) = spread else { return NOTHING.to_owned() };
    match (write(spread.min), write(spread.max)) {
        (min, max) if min == max => min,
        (min, max) => format!("{min} … {max}"),
    }
}

/// A difference with its sign; 0 without.
fn signed(number: f64) -> String {
    match decimal(number).as_str() {
        "0" | "-0" => "0".to_owned(),
        text if number > 0.0 => format!("+{text}"),
        text => text.to_owned(),
    }
}
