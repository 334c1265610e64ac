//! The files of a run directory for people and for CI.

use std::path::Path;

use charts::Chart;
use run_record::RunDirectoryError;
use run_view::{Run, Screen};

use crate::document::{
    Detail, Document, Source, TerminalText, ids_in, render_html, render_markdown, render_terminal,
};
use crate::recorded::Rows;
use crate::{cells_csv, junit, sections, sparkline};

/// Makes a file from a run and its document.
struct Exporter {
    name: &'static str,
    export: fn(&Run, &Document) -> Vec<u8>,
}

/// The exporters of all files but the page and its charts.
const EXPORTERS: [Exporter; 3] = [
    Exporter { name: "cells.csv", export: |run, _| cells_csv::cells_csv(run) },
    Exporter {
        name: "summary.md",
        export: |_, document| render_markdown(document, "#").into_bytes(),
    },
    Exporter { name: "junit.xml", export: |run, _| junit::junit(run) },
];

/// The files for a run directory, and the damage found in it.
#[derive(Debug)]
pub struct Files {
    /// The files, each with its path in the run directory.
    pub files: Vec<(String, Vec<u8>)>,
    /// Rows that could not be read. Their trials are not drawn, which the page states.
    pub damaged: Vec<RunDirectoryError>,
}

/// `report.html`, `charts/*.svg` and `*.png`, `cells.csv`, `summary.md` and `junit.xml` for
/// the run directory at `path`. They are made from the run and the rows recorded there; the
/// same run gives the same bytes.
pub fn files(run: &Run, path: &Path) -> Files {
    let source = source(run, path);
    let document = sections::document(&source);
    let page = render_html(&document);
    let others = EXPORTERS
        .iter()
        .map(|exporter| (exporter.name.to_owned(), (exporter.export)(run, &document)));
    let page_file = ("report.html".to_owned(), page.clone().into_bytes());
    let mut files: Vec<_> = std::iter::once(page_file).chain(others).collect();
    let rows = source.rows.unwrap_or_default();
    let with_png: Vec<_> = document.charts().filter(|chart| rows.has_png(&chart.name)).collect();
    for (chart, png) in with_png.iter().zip(charts::pngs(&with_png)) {
        files.extend(png.map(|png| (format!("charts/{}.png", chart.name), png)));
    }
    let ids = ids_in(&page);
    let svg = |chart: &Chart| chart.file(|id| ids.contains(id));
    let svgs = document.charts();
    files.extend(svgs.map(|chart| (format!("charts/{}.svg", chart.name), svg(chart))));
    let damaged = rows.damaged.into_iter().map(|(_, error)| error).collect();
    Files { files, damaged }
}

/// The charts that [`files`] writes for the run directory at `path`, by their names.
pub fn charts(run: &Run, path: &Path) -> Vec<Chart> {
    sections::document(&source(run, path)).charts().cloned().collect()
}

/// What is shown of a run, with the rows in its directory at `path`.
fn source<'a>(run: &'a Run, path: &Path) -> Source<'a> {
    let source = Source::without_charts(run);
    let rows = Rows::read(run, &source.cells, path);
    Source { rows: Some(rows), ..source }
}

/// The document of a run as text for a terminal; with the queue over time if the directory
/// of the run is given and has one.
pub fn terminal(run: &Run, path: Option<&Path>, screen: Screen, detail: Detail) -> TerminalText {
    // The answer alone does not show it.
    let path = path.filter(|_| detail != Detail::Answer);
    let queue_over_time = path.and_then(|path| sparkline::queue_over_time(run, path));
    let source = Source { queue_over_time, ..Source::without_charts(run) };
    render_terminal(&sections::document(&source), screen, detail)
}

/// The whole document of a run as text without colours.
pub fn summary(run: &Run) -> String {
    let TerminalText { body, end } = terminal(run, None, Screen::FILE, Detail::Full);
    format!("{}\n\n{}", body.as_str(), end.as_str())
}

/// A run's summary in Markdown, in full and in short, below a heading of level 2.
pub(crate) fn markdown_in_suite(run: &Run) -> [String; 2] {
    render(run, |document| {
        [render_markdown(document, "##"), crate::document::render_markdown_brief(document, "##")]
    })
}

fn render<T>(run: &Run, render: impl FnOnce(&Document) -> T) -> T {
    render(&sections::document(&Source::without_charts(run)))
}
