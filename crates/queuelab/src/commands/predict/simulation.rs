//! Simulates the listen path of a scenario's cells from their settings.

use std::time::Duration;

use lab::{CONNECT_INTERVAL, simulate_cell};
use queue_model::simulator::{Outcome, Simulation};
use scenario::{Cell, Plan};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use super::{axis_names, axis_values};

/// A table with a row for each cell.
pub(super) fn simulate_plan(plan: &Plan, accept: Duration) -> String {
    let simulations: Vec<_> =
        plan.cells.iter().map(|cell| (cell, simulate_cell(&cell.settings, accept))).collect();
    if simulations.iter().all(|(_, simulation)| simulation.is_none()) {
        return "The simulator covers none of its cells: it supports one listener without \
                TCP_DEFER_ACCEPT, held ACKs or a restart, and at most a million clients without \
                slow readers that connect at once or at a rate."
            .to_owned();
    }
    let mut builder = Builder::default();
    builder.push_record(
        axis_names(plan).chain(
            [
                "success %",
                "first try %",
                "retransmissions",
                "ListenOverflows",
                "ListenDrops",
                "latest connect",
            ]
            .map(str::to_owned),
        ),
    );
    for (cell, simulation) in &simulations {
        builder.push_record(row(plan, cell, simulation.as_ref()));
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(plan.axes.len()..), Alignment::right());
    format!(
        "{table}\n\n\
         Simulated with {} between accept(2) calls while connections wait, {} between connects \
         of a burst,\n\
         0.6 µs per segment, and kernel timers of 250 Hz. A real server accepts less evenly.",
        humantime::format_duration(accept),
        humantime::format_duration(CONNECT_INTERVAL),
    )
}

fn row(plan: &Plan, cell: &Cell, simulation: Option<&Simulation>) -> Vec<String> {
    let metrics = match simulation {
        None => ["·"; 6].map(str::to_owned),
        Some(simulation) => {
            let attempts = &simulation.attempts;
            let percent =
                |count: usize| format!("{:.1}", 100.0 * count as f64 / attempts.len() as f64);
            let served = attempts.iter().filter(|attempt| attempt.outcome == Outcome::Established);
            let first_try = served.clone().filter(|attempt| attempt.syn_retransmits == 0).count();
            let latest = served.clone().filter_map(|attempt| attempt.connect_ns).max();
            let counters = &simulation.counters;
            [
                percent(served.count()),
                percent(first_try),
                counters.tcp_syn_retrans.to_string(),
                counters.listen_overflows.to_string(),
                counters.listen_drops.to_string(),
                latest.map_or("·".to_owned(), format_time),
            ]
        }
    };
    axis_values(plan, cell).chain(metrics).collect()
}

/// Formats a time in nanoseconds.
fn format_time(ns: u64) -> String {
    match ns {
        1_000_000_000.. => format!("{:.3} s", ns as f64 / 1e9),
        _ => format!("{:.2} ms", ns as f64 / 1e6),
    }
}
