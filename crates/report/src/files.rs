//! The files that a run directory gets for people and for CI.

use std::path::Path;

use run_record::RunDirectoryError;

use crate::recorded::Rows;
use charts::{self, Chart, Laws};
use run_view::Cell;
use run_view::Run;
use run_view::{Metric, ORIGINAL_THROUGHPUT, metrics};

use crate::{cells_csv, html, junit, markdown};

/// Every chart of a run.
#[derive(Debug)]
pub(crate) struct Charts {
    /// Of each figure that differs between cells, most telling first.
    pub(crate) heat_maps: Vec<Vec<Chart>>,
    pub(crate) lines: Vec<Chart>,
    pub(crate) outcomes: Option<Chart>,
    pub(crate) latency: Option<Chart>,
    pub(crate) laws: Laws,
    pub(crate) simulation: Option<Chart>,
    /// Of trials of which rows were kept.
    pub(crate) recorded: Rows,
}

impl Charts {
    /// In the order of the page.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Chart> {
        let maps = self.heat_maps.iter().flatten().chain(&self.lines).chain(&self.outcomes);
        let recorded = self.recorded.drawn.iter().flat_map(|drawn| &drawn.charts);
        let laws = self.laws.exact.iter().chain(&self.laws.timed).chain(&self.simulation);
        maps.chain(&self.latency).chain(recorded).chain(laws)
    }
}

/// What a run directory gets, and what of it could not be used.
#[derive(Debug)]
pub struct Files {
    /// Each with its path in the run directory.
    pub files: Vec<(String, Vec<u8>)>,
    /// Rows that could not be read: their trials are not drawn, and the page says
    /// so.
    pub damaged: Vec<RunDirectoryError>,
}

/// `report.html`, `charts/*.svg` and `*.png`, `cells.csv`, `summary.md` and
/// `junit.xml`, each with its path in the run directory at `path`: from the run and
/// what was recorded there alone, and every time the same.
pub fn files(run: &Run, path: &Path) -> Files {
    let cells = Cell::all(run);
    let charts = Charts {
        heat_maps: heat_maps(run, &cells),
        lines: lines(run, &cells),
        outcomes: charts::outcomes(&cells),
        latency: charts::latency(run, &cells),
        laws: charts::laws(&cells),
        simulation: charts::simulation(run),
        recorded: Rows::read(run, &cells, path),
    };
    let mut files = vec![
        ("report.html".to_owned(), html::page(run, &cells, &charts)),
        ("cells.csv".to_owned(), cells_csv::cells_csv(run)),
        ("summary.md".to_owned(), markdown::markdown(run)),
        ("junit.xml".to_owned(), junit::junit(run)),
    ];
    let pictured: Vec<_> =
        charts.all().filter(|chart| charts.recorded.is_pictured(&chart.name)).collect();
    for (chart, png) in pictured.iter().zip(charts::pngs(&pictured)) {
        files.extend(png.map(|png| (format!("charts/{}.png", chart.name), png)));
    }
    let svgs = charts.all().map(|chart| (format!("charts/{}.svg", chart.name), chart.file()));
    files.extend(svgs);
    let damaged = charts.recorded.damaged.into_iter().map(|(_, error)| error).collect();
    Files { files, damaged }
}

/// What the question is about first: who got in, and what arrived.
fn heat_maps(run: &Run, cells: &[Cell<'_>]) -> Vec<Vec<Chart>> {
    let order = |name: &str| match name {
        "success" => 0,
        "delivered" => 1,
        "first-try" => 2,
        _ => 3,
    };
    let written = |cell: &Cell<'_>, figure: &Metric| {
        cell.spread(figure.of).map(|spread| spread.written(figure.write))
    };
    let mut figures: Vec<_> = metrics(run)
        .filter(|figure| {
            let mut texts = cells.iter().map(|cell| written(cell, figure));
            let first = texts.next();
            order(figure.name) < 2 || texts.any(|text| Some(text) != first)
        })
        .collect();
    figures.sort_by_key(|figure| order(figure.name));
    let maps = figures.into_iter().map(|figure| charts::heat_maps(run, cells, figure));
    maps.filter(|maps| !maps.is_empty()).collect()
}

/// The two charts of the original benchmark.
fn lines(run: &Run, cells: &[Cell<'_>]) -> Vec<Chart> {
    let throughput = Some(&ORIGINAL_THROUGHPUT).filter(|figure| figure.applies_to(run));
    let success = metrics(run).find(|figure| figure.name == "success");
    let figures = throughput.into_iter().chain(success);
    figures.flat_map(|figure| charts::lines(run, cells, figure)).collect()
}
