//! The destinations of a load that has several: the outcomes and the queue of each.

use run_record::{DestinationRecord, Outcome};
use run_view::number::{count, nanoseconds, percent};
use run_view::{Cell, Run, Trial};

use crate::bounds::has_too_many_cells;
use crate::cells::mark;
use crate::document::{Block, Section, Source};
use crate::table::Table;

/// A column of the table, of one destination of a trial.
struct Column {
    name: &'static str,
    value: fn(&DestinationRecord) -> Option<f64>,
    format: fn(f64) -> String,
    /// Whether it depends on who got the CPUs: then it is no finding in a disturbed cell.
    is_measured: bool,
}

const COLUMNS: [Column; 9] = [
    column("attempts", |at| Some(at.attempts as f64), whole, false),
    column("ok %", |at| Some(at.success_rate()), percent, true),
    column(
        "first try %",
        |at| Some(at.ok_first_try as f64 / at.attempts.max(1) as f64),
        percent,
        true,
    ),
    column("timed out", |at| Some(at.outcomes.get(Outcome::TimedOut) as f64), whole, true),
    column("limit", |at| Some(at.accept_queue?.limit.into()), whole, false),
    column("most queued", |at| at.most_queued().map(f64::from), whole, true),
    column("drops", |at| Some(at.drops? as f64), whole, true),
    column(
        "connect, 99 %",
        |at| time(at.connect_latency.count, at.connect_latency.p99_ns),
        nanoseconds,
        true,
    ),
    column(
        "response, 99 %",
        |at| time(at.response_latency.count, at.response_latency.p99_ns),
        nanoseconds,
        true,
    ),
];

const fn column(
    name: &'static str,
    value: fn(&DestinationRecord) -> Option<f64>,
    format: fn(f64) -> String,
    is_measured: bool,
) -> Column {
    Column { name, value, format, is_measured }
}

fn whole(number: f64) -> String {
    count(number as i64)
}

fn time(times: u64, ns: u64) -> Option<f64> {
    (times > 0).then_some(ns as f64)
}

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let has_several = run.trials.iter().any(|trial| !trial.destinations.is_empty());
    if !has_several || has_too_many_cells(run) {
        return None;
    }
    let mut section = Section::new("destinations", "The destinations of the attempts");
    section.page(Block::caption(
        "Each listener has queues of its own, which hold one more than the limit: min(backlog, \
         somaxconn). `most queued` is the deepest sample, or what was queued when every attempt was \
         decided, in the queue of one listener; `drops` are the segments that the listeners of the port dropped themselves (sk_drops).",
    ));
    let table = table(run, &source.cells);
    section.short(table.clone()).summary(table);
    Some(section)
}

/// A row for each destination of each cell.
fn table(run: &Run, cells: &[Cell<'_>]) -> Table {
    let columns: Vec<_> = COLUMNS.iter().filter(|column| is_known(run, column)).collect();
    let axes = run.varying_axes();
    let names = axes.iter().map(|axis| run.axis_name(&axis.path)).chain(["destination"]);
    let head = names.chain(columns.iter().map(|column| column.name)).map(str::to_owned);
    let mut rows = Vec::new();
    for cell in cells {
        for address in addresses(cell) {
            let values = columns.iter().map(|column| describe(cell, &address, column));
            rows.push(cell.values().chain([address.clone()]).chain(values).collect());
        }
    }
    let keys = axes.len() + 1;
    let title = "Each destination".to_owned();
    Table { title, head: head.collect(), rows, words: keys, ..Table::default() }
}

fn is_known(run: &Run, column: &Column) -> bool {
    let destinations = run.trials.iter().flat_map(|trial| &*trial.destinations);
    destinations.into_iter().any(|at| (column.value)(at).is_some())
}

/// The destinations of a cell, in their order.
fn addresses(cell: &Cell<'_>) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for trial in &cell.trials {
        for at in &*trial.destinations {
            let address = name(trial, at);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    addresses
}

/// Its port, which is the same in all trials, unless several hosts have it.
fn name(trial: &Trial, at: &DestinationRecord) -> String {
    let port = at.address.port();
    let with_port = trial.destinations.iter().filter(|other| other.address.port() == port);
    if with_port.count() > 1 { at.address.to_string() } else { format!("port {port}") }
}

fn describe(cell: &Cell<'_>, address: &str, column: &Column) -> String {
    let of_trial = |trial: &Trial| {
        let at = trial.destinations.iter().find(|at| name(trial, at) == address)?;
        (column.value)(at)
    };
    let spread = cell.spread(of_trial);
    let value = spread.map_or_else(|| "·".to_owned(), |spread| spread.describe(column.format));
    if column.is_measured { mark(cell, value) } else { value }
}
