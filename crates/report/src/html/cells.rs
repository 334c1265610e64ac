//! The trials of each cell.

use maud::{Markup, html};
use run_record::TrialRecord;

use crate::Run;
use crate::cell::Cell;
use crate::cell_figure::cell_figures;
use crate::figure::{count, nanoseconds};
use crate::table::Table;

/// A section that opens cell by cell.
pub(super) fn cells(run: &Run, cells: &[Cell<'_>]) -> Markup {
    html! {
        section #cells {
            h2 { "Each cell's trials" }
            @for cell in cells {
                details id=(format!("cell-{}", cell.number)) {
                    summary { (cell.place()) @if !cell.breaches().is_empty() { " " b.failed { "failed" } } }
                    (trials(run, cell))
                }
            }
        }
    }
}

fn trials(run: &Run, cell: &Cell<'_>) -> Markup {
    let figures: Vec<_> = cell_figures(run).collect();
    let head = ["trial", "held", "attempts ended"].into_iter();
    let head = head.chain(figures.iter().map(|figure| figure.column));
    let head = head.chain(["connect, median", "99 %", "largest", "deepest queue", "ListenDrops"]);
    let row = |trial: &&TrialRecord| {
        let held = if trial.held() { "yes" } else { "no" };
        let ended: Vec<_> = trial
            .outcomes
            .happened()
            .into_iter()
            .map(|(outcome, attempts)| format!("{} {outcome}", count(attempts as i64)))
            .collect();
        let written = figures
            .iter()
            .map(|figure| (figure.of)(trial).map_or_else(|| "·".to_owned(), figure.write));
        let latency = &trial.connect_latency;
        let connect =
            [latency.p50_ns, latency.p99_ns, latency.max_ns].map(|ns| match latency.count {
                0 => "·".to_owned(),
                _ => nanoseconds(ns as f64),
            });
        let deepest = trial.evidence.probe.as_ref().map(|probe| count(probe.deepest.into()));
        let drops = trial.evidence.server.get("TcpExt.ListenDrops").copied().unwrap_or(0);
        [trial.id.to_string(), held.to_owned(), ended.join(", ")]
            .into_iter()
            .chain(written)
            .chain(connect)
            .chain([deepest.unwrap_or_else(|| "·".to_owned()), count(drops)])
            .collect()
    };
    let table = Table {
        title: cell.place(),
        head: head.map(str::to_owned).collect(),
        rows: cell.trials.iter().map(row).collect(),
        words: 3,
    };
    html! {
        p.quiet { (cell.place()) }
        @if cell.trials.is_empty() { p { "No trial of this cell has been run." } }
        @else { (table.html()) }
        @let breaches = cell.breaches();
        @if !breaches.is_empty() {
            ul.failed { @for breach in breaches { li { (breach) } } }
        }
        @for trial in &cell.trials {
            span id=(format!("trial-{}", trial.id)) {}
            @for kind in kept(run) {
                @let path = format!("{kind}/{:05}.csv", trial.id);
                a.file href=(path) { (path) } " "
            }
        }
    }
}

/// What was recorded of each trial, as its folders are called.
pub(super) fn kept(run: &Run) -> impl Iterator<Item = &'static str> {
    let asked = &run.record.scenario.resolved["record"];
    ["attempts", "timelines"].into_iter().filter(|kind| asked[*kind].as_bool() == Some(true))
}
