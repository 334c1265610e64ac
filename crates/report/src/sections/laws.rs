//! The kernel's laws: predictions and measurements.

use indexmap::IndexMap;
use run_view::{Run, why_not_decided};

use crate::bounds::has_too_many_cells;
use crate::document::{Block, Section, Source};
use crate::table::Table;
use crate::{answer, laws};

/// The rows of a table that is not folded initially.
const MAX_OPEN_ROWS: usize = 12;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let tables = laws::tables(run);
    let without_result = [("Not applied", not_applied(run)), ("Not decided", not_decided(run))];
    if tables.is_empty() && without_result.iter().all(|(_, table)| table.is_none()) {
        return None;
    }
    let mut section = Section::new("laws", "The kernel's laws: predicted and measured");
    for (heading, table) in without_result {
        if let Some(table) = table {
            section.page(Block::Heading(heading));
            section.summary(Block::Table(table));
        }
    }
    if tables.is_empty() {
        return Some(section);
    }
    let bars = if run.is_repeated() { "; bars span the repetitions" } else { "" };
    section.page(Block::caption(format!(
        "Each law is computed only from the settings, before the trial starts. A circle is a cell \
         in which it held, a cross one in which it failed{bars}."
    )));
    let charts::Laws { mut exact, mut timed } = match source.rows {
        Some(_) if !has_too_many_cells(run) => charts::laws(&source.cells, source.beside),
        _ => charts::Laws { exact: Vec::new(), timed: Vec::new() },
    };
    let main = answer::headline_law(run);
    if let Some(main) = &main {
        let name = charts::name_of_law(main);
        let [of_exact, of_timed] = [&mut exact, &mut timed]
            .map(|charts| charts.extract_if(.., |chart| chart.name == name));
        section.lead(of_exact.chain(of_timed));
    }
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
    if let Some((_, table)) = tables.iter().find(|(law, _)| Some(law) == main.as_ref()) {
        section.short(table.clone());
    }
    for (_, table) in tables {
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
            blocks: vec![Block::Table(table)],
        });
    }
    Some(section)
}

/// The laws that were not applied in cells of the run, with the reason.
fn not_applied(run: &Run) -> Option<Table> {
    let laws = run.trials.iter().flat_map(|trial| &*trial.laws_not_applied);
    let laws = laws.map(|law| (law.title.as_ref(), format!("not applied: {}", law.reason)));
    reasons("Laws that were not applied", laws)
}

/// The laws that trials of the run did not decide, with the reason.
fn not_decided(run: &Run) -> Option<Table> {
    let laws = run.trials.iter().flat_map(|trial| {
        trial.laws.iter().filter_map(move |law| {
            let reason = why_not_decided(trial, law)?;
            Some((law.title.as_ref(), format!("not decided: {reason}")))
        })
    });
    reasons("Laws that were not decided", laws)
}

/// A row for each law and reason, with the number of trials.
fn reasons<'a>(title: &str, laws: impl Iterator<Item = (&'a str, String)>) -> Option<Table> {
    let mut trials: IndexMap<(&str, String), usize> = IndexMap::new();
    for law in laws {
        *trials.entry(law).or_default() += 1;
    }
    let row = |((law, reason), trials): ((&str, String), usize)| {
        vec![law.to_owned(), reason, trials.to_string()]
    };
    let rows: Vec<_> = trials.into_iter().map(row).collect();
    let head = ["law", "reason", "trials"].map(str::to_owned).into();
    (!rows.is_empty()).then_some(Table {
        title: title.to_owned(),
        head,
        rows,
        words: 2,
        ..Table::default()
    })
}
