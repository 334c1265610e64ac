//! The trials of each cell.

use std::collections::HashSet;

use linux_net::Counter;
use run_view::Trial;
use run_view::number::{count, nanoseconds};
use run_view::prose::several;
use run_view::{Cell, Run, metrics};

use super::queues;
use crate::bounds::{MAX_LISTED_TRIALS, is_large};
use crate::document::{Block, Section, Source};
use crate::table::Table;

/// Where the charts are from which a reader opens a cell.
const MAPS: &str = "#answer-charts";

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let mut section = Section::new("cells", "Each cell's trials");
    section.page(Block::caption(
        "Every trial of every cell, in the order of the matrix; times are of established connects, \
         rates are per second.",
    ));
    let listing = Listing::new(source);
    if let Some(note) = listing.describe() {
        section.page(Block::text(note));
    }
    let folded = |cell: &Cell<'_>| Block::Folded {
        id: Some(format!("cell-{}", cell.number)),
        title: cell.place(),
        is_failed: cell.is_failed(),
        is_open: false,
        blocks: content(source, cell, &listing.trials_of(source.run, cell)),
    };
    let listed = source.cells.iter().filter(|cell| listing.has(cell));
    section.page(Block::FoldedList(listed.map(folded).collect()));
    Some(section)
}

/// The cells and trials that are listed: all, if they are not too many.
struct Listing {
    cells: usize,
    is_all: bool,
    /// The trials of a cell; 0 if only failed cells are listed, with one trial each.
    of_cell: usize,
    /// The numbers of the failed cells that are listed.
    failed: HashSet<usize>,
}

impl Listing {
    fn new(source: &Source<'_>) -> Self {
        let cells = source.cells.len();
        let of_cell = MAX_LISTED_TRIALS / cells.max(1);
        let failed = source.cells.iter().filter(|cell| cell.is_failed());
        let failed = failed.take(if of_cell == 0 { MAX_LISTED_TRIALS } else { 0 });
        Self {
            cells,
            is_all: !is_large(source.run) && cells <= MAX_LISTED_TRIALS,
            of_cell,
            failed: failed.map(|cell| cell.number).collect(),
        }
    }

    /// What is left out; `None` if nothing is.
    fn describe(&self) -> Option<String> {
        (!self.is_all).then(|| match self.of_cell {
            0 => format!(
                "Of the {} cells, only {} are listed in which a trial failed, each with one of \
                 its trials; `cells.csv` has a row for each cell, and `trials.jsonl` a line for \
                 each trial.",
                count(self.cells as i64),
                count(self.failed.len() as i64)
            ),
            of_cell => format!(
                "Of each cell, at most {} are listed, those that did not hold first; \
                 `trials.jsonl` has all.",
                several(of_cell as u64, "trial")
            ),
        })
    }

    fn has(&self, cell: &Cell<'_>) -> bool {
        self.is_all || self.of_cell > 0 || self.failed.contains(&cell.number)
    }

    fn trials_of<'a>(&self, run: &Run, cell: &Cell<'a>) -> Vec<&'a Trial> {
        let mut trials = cell.trials.clone();
        if !self.is_all {
            trials.sort_by_key(|trial| run.verdict.violations_of(trial.execution_id()).is_empty());
            trials.truncate(self.of_cell.max(1));
            trials.sort_by_key(|trial| trial.execution_id());
        }
        trials
    }
}

fn content(source: &Source<'_>, cell: &Cell<'_>, listed: &[&Trial]) -> Vec<Block> {
    let mut blocks = vec![Block::caption(cell.place())];
    blocks.push(Block::Back(MAPS, "back to the charts"));
    blocks.push(match cell.trials.is_empty() {
        true => Block::text("No trial of this cell has been run."),
        false => trials(source.run, cell, listed).into(),
    });
    let violations = cell.violations(listed);
    if !violations.is_empty() {
        blocks.push(Block::List(violations));
    }
    for trial in listed {
        let id = trial.execution_id();
        blocks.push(Block::Anchor(charts::id_of_trial(id)));
        let Some(rows) = &source.rows else { continue };
        let mut links: Vec<_> =
            rows.of_trial(id).map(|file| (file.to_owned(), file.to_owned())).collect();
        if links.is_empty() {
            continue;
        }
        if rows.drawn.iter().any(|drawn| drawn.trial == id) {
            links.insert(0, (format!("#{}", queues::id(id)), "its queue over time".to_owned()));
        }
        blocks.push(Block::Links { label: format!("trial {id}: "), links });
    }
    blocks
}

fn trials(run: &Run, cell: &Cell<'_>, listed: &[&Trial]) -> Table {
    let metrics: Vec<_> = metrics(run).collect();
    let head = ["trial", "held", "attempts ended"].into_iter();
    let head = head.chain(metrics.iter().map(|metric| metric.column));
    let head = head.chain(["connect, median", "99 %", "worst", "deepest queue", "ListenDrops"]);
    let row = |trial: &&Trial| {
        let id = trial.execution_id();
        let held = if run.verdict.violations_of(id).is_empty() { "yes" } else { "no" };
        let is_disturbed = run.verdict.disturbance_of(id).is_some();
        let held = if is_disturbed { format!("{held}, disturbed") } else { held.to_owned() };
        let ended: Vec<_> = trial
            .outcomes
            .happened()
            .into_iter()
            .map(|(outcome, attempts)| format!("{}\u{a0}{outcome}", count(attempts)))
            .collect();
        let values = metrics
            .iter()
            .map(|metric| (metric.value)(trial).map_or_else(|| "·".to_owned(), metric.format));
        let latency = &trial.connect_latency;
        let connect =
            [latency.p50_ns, latency.p99_ns, latency.max_ns].map(|ns| match latency.count {
                0 => "·".to_owned(),
                _ => nanoseconds(ns as f64),
            });
        let deepest = trial.deepest_queue().map(|(least, most)| match most {
            Some(most) if most > least => format!("{} to {}", count(least), count(most)),
            Some(_) => count(least),
            None => format!("at least {}", count(least)),
        });
        let drops = trial.evidence.at_server(Counter::ListenDrops);
        [id.to_string(), held, ended.join(", ")]
            .into_iter()
            .chain(values)
            .chain(connect)
            .chain([deepest.unwrap_or_else(|| "·".to_owned()), count(drops)])
            .collect()
    };
    Table {
        title: cell.place(),
        head: head.map(str::to_owned).collect(),
        rows: listed.iter().map(row).collect(),
        words: 3,
        ..Table::default()
    }
}
