//! The trials of each cell.

use linux_net::Counter;
use run_record::TrialRecord;
use run_view::number::{count, nanoseconds};
use run_view::{Cell, Run, metrics};

use super::queues;
use crate::document::{Block, Section, Source};
use crate::table::Table;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let mut section = Section::new("cells", "Each cell's trials");
    section.page(Block::caption(
        "Every trial of every cell, in the order of the matrix; times are of established connects, \
         rates are per second.",
    ));
    for cell in &source.cells {
        section.page(Block::Folded {
            id: Some(format!("cell-{}", cell.number)),
            title: cell.place(),
            is_failed: cell.is_failed(),
            is_open: false,
            blocks: content(source, cell),
        });
    }
    Some(section)
}

fn content(source: &Source<'_>, cell: &Cell<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::caption(cell.place())];
    blocks.push(match cell.trials.is_empty() {
        true => Block::text("No trial of this cell has been run."),
        false => trials(source.run, cell).into(),
    });
    let violations = cell.violations();
    if !violations.is_empty() {
        blocks.push(Block::List(violations));
    }
    for trial in &cell.trials {
        let id = trial.execution_id();
        let name = if trial.retry == 0 { trial.id.to_string() } else { id.file_stem() };
        blocks.push(Block::Anchor(format!("trial-{name}")));
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

fn trials(run: &Run, cell: &Cell<'_>) -> Table {
    let metrics: Vec<_> = metrics(run).collect();
    let head = ["trial", "held", "attempts ended"].into_iter();
    let head = head.chain(metrics.iter().map(|metric| metric.column));
    let head = head.chain(["connect, median", "99 %", "worst", "deepest queue", "ListenDrops"]);
    let row = |trial: &&TrialRecord| {
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
        let sampled = trial.evidence.probe.as_ref().map(|probe| count(probe.deepest));
        let deepest = trial.evidence.deepest_queue.map(|peak| match peak.at_most {
            Some(most) if most > peak.at_least => {
                format!("{} to {}", count(peak.at_least), count(most))
            }
            Some(_) => count(peak.at_least),
            None => format!("at least {}", count(peak.at_least)),
        });
        let deepest = deepest.or(sampled);
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
        rows: cell.trials.iter().map(row).collect(),
        words: 3,
        ..Table::default()
    }
}
