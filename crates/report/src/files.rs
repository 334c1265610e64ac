//! The files that a run directory gets for people and for CI.

use std::path::Path;

use run_record::{RunDirectory, RunDirectoryError, TrialRecord};

use crate::cell::Cell;
use crate::cell_figure::{ORIGINAL_THROUGHPUT, cell_figures};
use crate::charts::{self, Chart, Recorded};
use crate::{Run, cells_csv, html, junit, markdown};

/// Trials whose recorded rows are drawn: those that dropped most.
const DRAWN: usize = 4;

/// Every chart of a run.
#[derive(Debug, Clone)]
pub(crate) struct Charts {
    /// Of each figure that differs between cells, most telling first.
    pub(crate) heat_maps: Vec<Vec<Chart>>,
    pub(crate) lines: Vec<Chart>,
    pub(crate) outcomes: Option<Chart>,
    pub(crate) latency: Option<Chart>,
    /// Of each drawn trial, under its name.
    pub(crate) recorded: Vec<(String, Vec<Chart>)>,
}

impl Charts {
    fn all(&self) -> impl Iterator<Item = &Chart> {
        let maps = self.heat_maps.iter().flatten().chain(&self.lines).chain(&self.outcomes);
        maps.chain(&self.latency).chain(self.recorded.iter().flat_map(|(_, charts)| charts))
    }
}

/// `report.html`, `charts/*.svg`, `cells.csv`, `summary.md` and `junit.xml`, each
/// with its path in the run directory at `path`: from the run and what was
/// recorded there alone, and every time the same.
///
/// # Errors
/// When rows of `attempts/` or `timelines/` cannot be read.
pub fn files(run: &Run, path: &Path) -> Result<Vec<(String, Vec<u8>)>, RunDirectoryError> {
    let cells = Cell::all(run);
    let charts = Charts {
        heat_maps: heat_maps(run, &cells),
        lines: lines(run, &cells),
        outcomes: charts::outcomes(&cells),
        latency: charts::latency(run, &cells),
        recorded: recorded(run, path)?,
    };
    let mut files = vec![
        ("report.html".to_owned(), html::page(run, &cells, &charts)),
        ("cells.csv".to_owned(), cells_csv::cells_csv(run)),
        ("summary.md".to_owned(), markdown::markdown(run)),
        ("junit.xml".to_owned(), junit::junit(run)),
    ];
    files.extend(charts.all().map(|chart| (format!("charts/{}.svg", chart.name), chart.file())));
    Ok(files)
}

/// What the question is about first: who got in, and what arrived.
fn heat_maps(run: &Run, cells: &[Cell<'_>]) -> Vec<Vec<Chart>> {
    let order = |name: &str| match name {
        "success" => 0,
        "delivered" => 1,
        "first-try" => 2,
        _ => 3,
    };
    let written = |cell: &Cell<'_>, figure: &crate::cell_figure::CellFigure| {
        cell.spread(figure.of).map(|spread| spread.written(figure.write))
    };
    let mut figures: Vec<_> = cell_figures(run)
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
    let throughput = Some(&ORIGINAL_THROUGHPUT).filter(|figure| figure.says_something_of(run));
    let success = cell_figures(run).find(|figure| figure.name == "success");
    let figures = throughput.into_iter().chain(success);
    figures.flat_map(|figure| charts::lines(run, cells, figure)).collect()
}

/// The charts of trials of which rows were kept, those that dropped most first.
fn recorded(run: &Run, path: &Path) -> Result<Vec<(String, Vec<Chart>)>, RunDirectoryError> {
    let mut trials: Vec<&TrialRecord> = run.trials.iter().collect();
    let dropped = |trial: &TrialRecord| {
        let counters = &trial.evidence.server;
        let again: u64 = trial.syn_retransmits.range(1..).map(|(_, attempts)| attempts).sum();
        (counters.get("TcpExt.ListenDrops").copied().unwrap_or(0), again)
    };
    trials.sort_by_key(|trial| (std::cmp::Reverse(dropped(trial)), trial.id));
    let mut drawn = Vec::new();
    for trial in trials {
        let timeline = RunDirectory::read_timeline(path, trial.id)?.unwrap_or_default();
        let attempts = RunDirectory::read_attempts(path, trial.id)?.unwrap_or_default();
        let place = crate::run::place(trial);
        let recorded = Recorded { timeline: &timeline, attempts: &attempts };
        let queue = charts::queue(run, trial.id, &place, recorded);
        let connects = charts::attempts(run, trial.id, &place, &attempts);
        let of_trial: Vec<_> = queue.into_iter().chain(connects).collect();
        if !of_trial.is_empty() {
            drawn.push((format!("trial {}: {place}", trial.id), of_trial));
        }
        if drawn.len() == DRAWN {
            break;
        }
    }
    Ok(drawn)
}
