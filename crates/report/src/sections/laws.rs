//! The kernel's laws: predictions and measurements.

use indexmap::IndexMap;
use run_view::Run;

use crate::document::{Block, Section, Source};
use crate::laws;
use crate::table::Table;

/// The rows of a table that is not folded initially.
const MAX_OPEN_ROWS: usize = 12;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let tables = laws::tables(run);
    let not_applied = not_applied(run);
    if tables.is_empty() && not_applied.is_none() {
        return None;
    }
    let mut section = Section::new("laws", "The kernel's laws: predicted and measured");
    if let Some(not_applied) = not_applied {
        section.page(Block::Heading("Not applied"));
        section.summary(Block::Table(not_applied, true));
    }
    if tables.is_empty() {
        return Some(section);
    }
    let bars = if run.is_repeated() { "; bars span the repetitions" } else { "" };
    section.page(Block::caption(format!(
        "Each law is computed only from the settings, before the trial starts. A circle is a cell \
         in which it held, a cross one in which it failed{bars}."
    )));
    let charts::Laws { exact, timed } = match source.rows {
        Some(_) => charts::laws(&source.cells),
        None => charts::Laws { exact: Vec::new(), timed: Vec::new() },
    };
    if !exact.is_empty() {
        section.page(Block::Heading("Exact laws"));
        section.page(Block::caption(
            "On the dashed diagonal, the measured value equals the predicted one; “× 12” is twelve \
             cells at one point.",
        ));
        section.page(Block::Charts { charts: exact, small: true });
    }
    if !timed.is_empty() {
        section.page(Block::Heading("Timed laws"));
        section.page(Block::caption(
            "A kernel timer may expire late, by at most what its ticks allow (the band), and never \
             early.",
        ));
        section.page(Block::charts_of(timed));
    }
    section.page(Block::Heading("Values"));
    for table in tables {
        let is_long = table.rows.len() > MAX_OPEN_ROWS;
        let title = match is_long {
            true => format!("{} · {} cells", table.title, table.rows.len()),
            false => table.title.clone(),
        };
        section.report(Block::Folded {
            id: None,
            title,
            is_failed: false,
            is_open: !is_long,
            blocks: vec![Block::Table(table, true)],
        });
    }
    Some(section)
}

/// The laws that were not applied in cells of the run, with the reason.
fn not_applied(run: &Run) -> Option<Table> {
    let mut trials: IndexMap<(&str, &str), usize> = IndexMap::new();
    for law in run.trials.iter().flat_map(|trial| &trial.laws_not_applied) {
        *trials.entry((&law.title, &law.reason)).or_default() += 1;
    }
    let row = |((title, reason), trials): ((&str, &str), usize)| {
        vec![title.to_owned(), format!("not applied: {reason}"), trials.to_string()]
    };
    let rows: Vec<_> = trials.into_iter().map(row).collect();
    let head = ["law", "reason", "trials"].map(str::to_owned).into();
    let title = "Laws that were not applied".to_owned();
    (!rows.is_empty()).then_some(Table { title, head, rows, words: 2 })
}
