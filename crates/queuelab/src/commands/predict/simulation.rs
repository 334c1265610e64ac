//! Simulates the listen path of a scenario's cells from their settings.

use std::time::Duration;

use indexmap::IndexMap;
use lab::{CONNECT_INTERVAL, KernelFacts, simulate_cell};
use queue_model::simulator::{Outcome, Simulation};
use run_view::prose::wrap;
use scenario::{Cell, Plan};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use super::{axis_names, axis_values};

/// A table with a row for each cell.
pub(super) fn simulate_plan(plan: &Plan, kernel: &KernelFacts, accept: Duration) -> String {
    let simulations: Vec<_> = plan
        .cells
        .iter()
        .map(|cell| (cell, simulate_cell(&cell.settings, kernel, accept)))
        .collect();
    let not_simulated = not_simulated(&simulations);
    if simulations.iter().all(|(_, simulation)| simulation.is_err()) {
        return not_simulated.unwrap_or_default();
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
        builder.push_record(row(plan, cell, simulation.as_ref().ok()));
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(plan.axes.len()..), Alignment::right());
    let caption = format!(
        "Simulated with {} between accept(2) calls while connections wait, {} between connects \
         of a burst,\n\
         0.6 µs per segment, and kernel timers of 250 Hz. A real server accepts less evenly.",
        humantime::format_duration(accept),
        humantime::format_duration(CONNECT_INTERVAL),
    );
    [Some(table.to_string()), not_simulated, Some(caption)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// A line for each reason for which cells are not simulated, with their number.
fn not_simulated(simulations: &[(&Cell, Result<Simulation, String>)]) -> Option<String> {
    let mut cells_by_reason: IndexMap<&str, usize> = IndexMap::new();
    for (_, simulation) in simulations {
        if let Err(reason) = simulation {
            *cells_by_reason.entry(reason).or_default() += 1;
        }
    }
    let lines: Vec<_> = cells_by_reason
        .iter()
        .map(|(reason, cells)| {
            let place = match simulations.len() {
                all if *cells == all => String::new(),
                all => format!(" (in {cells} of {all} cells)"),
            };
            wrap(&format!("{reason}{place}"), "- ", "  ")
        })
        .collect();
    (!lines.is_empty())
        .then(|| format!("The simulator does not cover these cells:\n{}", lines.join("\n")))
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
