//! One figure over two axes of the matrix, for each value of the others.

use run_record::Axis;
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::{Alignment, Style};

use run_view::Run;
use run_view::number::{Spread, value};
use run_view::{Metric, metrics};
use run_view::{combinations, short_name, written_point};

/// Grids over the last two varying axes; none where the matrix has fewer. A
/// figure that is the same in every cell is a line.
pub(crate) fn grids(run: &Run) -> Vec<String> {
    let axes = run.varying_axes();
    let [outer @ .., rows, columns] = axes.as_slice() else {
        return Vec::new();
    };
    let figures = metrics(run);
    let (same, different): (Vec<_>, Vec<_>) = figures
        .map(|figure| (figure, everywhere(run, &axes, figure)))
        .partition(|(_, text)| text.is_some());
    let lines = same.iter().filter_map(|(figure, text)| {
        Some(format!("{}: {} in every cell.", figure.title, text.as_deref()?))
    });
    let lines: Vec<_> = lines.collect();
    let mut sections = Vec::new();
    if !lines.is_empty() {
        sections.push(lines.join("\n"));
    }
    if different.is_empty() {
        return sections;
    }
    for split in combinations(outer) {
        if !split.is_empty() {
            sections.push(format!("── {} ──", written_point(split.iter().copied())));
        }
        sections.extend(different.iter().map(|(f, _)| grid(run, &split, rows, columns, f)));
    }
    sections
}

/// What a figure is in every cell of the run; none where cells differ.
fn everywhere(run: &Run, axes: &[&Axis], figure: &Metric) -> Option<String> {
    let mut texts = combinations(axes).into_iter().map(|point| {
        Spread::of(run.trials_at(&point).filter_map(figure.of))
            .map(|spread| spread.written(figure.write))
    });
    let first = texts.next()??;
    texts.all(|text| text.as_ref() == Some(&first)).then_some(first)
}

fn grid(
    run: &Run,
    split: &[(&str, &serde_json::Value)],
    rows: &Axis,
    columns: &Axis,
    figure: &Metric,
) -> String {
    let mut builder = Builder::default();
    let corner = format!("{} ↓  {} →", short_name(&rows.path), short_name(&columns.path));
    builder.push_record(std::iter::once(corner).chain(columns.values.iter().map(value)));
    for row in &rows.values {
        let cells = columns.values.iter().map(|column| {
            let mut point = split.to_vec();
            point.push((&rows.path, row));
            point.push((&columns.path, column));
            Spread::of(run.trials_at(&point).filter_map(figure.of))
                .map_or_else(|| "·".to_owned(), |spread| spread.written(figure.write))
        });
        builder.push_record(std::iter::once(value(row)).chain(cells));
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(..), Alignment::right());
    table.modify(Rows::first(), Alignment::right());
    format!("{}\n{table}", figure.title)
}
