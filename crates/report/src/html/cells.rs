//! The trials of each cell.

use maud::{Markup, html};
use run_record::TrialRecord;

use super::queues;
use crate::files::Charts;
use crate::table::Table;
use run_view::Cell;
use run_view::Run;
use run_view::metrics;
use run_view::number::{count, nanoseconds};

/// A section that opens cell by cell.
pub(super) fn cells(run: &Run, cells: &[Cell<'_>], charts: &Charts) -> Markup {
    html! {
        section #cells {
            h2 { "Each cell's trials" }
            p.quiet {
                "Every trial of every cell, in the order of the matrix; times are of connects that got \
                 through, rates are per second."
            }
            @for cell in cells {
                details id=(format!("cell-{}", cell.number)) {
                    summary { (cell.place()) @if cell.failed() { " " b.failed { "failed" } } }
                    (trials(run, cell, charts))
                }
            }
        }
    }
}

fn trials(run: &Run, cell: &Cell<'_>, charts: &Charts) -> Markup {
    let figures: Vec<_> = metrics(run).collect();
    let head = ["trial", "held", "attempts ended"].into_iter();
    let head = head.chain(figures.iter().map(|figure| figure.column));
    let head = head.chain(["connect, median", "99 %", "largest", "deepest queue", "ListenDrops"]);
    let row = |trial: &&TrialRecord| {
        let held = if trial.held() { "yes" } else { "no" };
        let ended: Vec<_> = trial
            .outcomes
            .happened()
            .into_iter()
            .map(|(outcome, attempts)| format!("{}\u{a0}{outcome}", count(attempts)))
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
        let deepest = trial.evidence.probe.as_ref().map(|probe| count(probe.deepest));
        let drops = trial.evidence.server.get("TcpExt.ListenDrops").copied().unwrap_or(0);
        [trial.try_id().to_string(), held.to_owned(), ended.join(", ")]
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
        @let breaches = cell.violations();
        @if !breaches.is_empty() {
            ul.failed { @for breach in breaches { li { (breach) } } }
        }
        @for trial in &cell.trials {
            @let id = trial.try_id();
            @let name = format!("trial-{}", if trial.retry == 0 { trial.id.to_string() } else { id.file_stem() });
            span id=(name) {}
            @let mut files = charts.recorded.of_trial(id).peekable();
            @if files.peek().is_some() {
                p.links {
                    "trial " (id) ": "
                    @if charts.recorded.drawn.iter().any(|drawn| drawn.trial == id) {
                        a href=(format!("#{}", queues::id(id))) { "its queue over time" } " "
                    }
                    @for file in files { a href=(file) { (file) } " " }
                }
            }
        }
    }
}
