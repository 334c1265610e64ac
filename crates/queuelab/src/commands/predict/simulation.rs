//! Simulates the listen path of a scenario's cells from their settings.

use command_output::{CellPrediction, SimulatedCell};
use indexmap::IndexMap;
use lab::{CONNECT_INTERVAL, KernelFacts, simulate_cell};
use queue_model::simulator::{Outcome, Simulation, USUAL_HZ, VETH_PER_SEGMENT};
use report::Table;
use run_view::Printable;
use run_view::prose::wrap_to;
use scenario::{Cell, Plan};

use super::{axis_names, axis_values, screen};
use crate::commands::accept_pace::AcceptPace;

/// A cell with the results of each position among the slots of the timer wheel, or why it
/// is not simulated.
type Simulated<'a> = (&'a Cell, Result<Vec<Metrics>, String>);

/// What the table shows of a simulation.
#[derive(Debug, Clone, PartialEq)]
struct Metrics {
    /// Shares of the attempts, percent.
    success: f64,
    first_try: f64,
    retransmissions: u64,
    listen_overflows: u64,
    listen_drops: u64,
    /// Nanoseconds; none if no attempt is established.
    latest_connect: Option<u64>,
}

/// The simulation of each cell.
pub(super) fn simulated_cells(
    plan: &Plan,
    kernel: &KernelFacts,
    pace: &AcceptPace,
) -> Vec<CellPrediction> {
    let simulated = plan.cells.iter().map(|cell| {
        let result = simulate(cell, kernel, pace);
        let not_simulated = result.as_ref().err().cloned();
        let shares = |metrics: Metrics| SimulatedCell {
            success_share: metrics.success / 100.0,
            first_try_share: metrics.first_try / 100.0,
            retransmissions: metrics.retransmissions,
            listen_overflows: metrics.listen_overflows,
            listen_drops: metrics.listen_drops,
            latest_connect_ns: metrics.latest_connect,
        };
        CellPrediction {
            cell: cell.index as u64,
            point: cell.point.clone(),
            laws: Vec::new(),
            not_applied: Vec::new(),
            simulated: result.unwrap_or_default().into_iter().map(shares).collect(),
            not_simulated,
        }
    });
    simulated.collect()
}

fn simulate(cell: &Cell, kernel: &KernelFacts, pace: &AcceptPace) -> Result<Vec<Metrics>, String> {
    let mut metrics = Vec::new();
    for service in pace.services(&cell.settings.server)? {
        let simulations = simulate_cell(&cell.settings, kernel, service)?;
        metrics.extend(simulations.iter().map(Metrics::new));
    }
    Ok(metrics)
}

/// A sentence that names the pace in force.
pub(super) fn describe_pace(plan: &Plan, pace: &AcceptPace) -> String {
    let servers = || plan.cells.iter().map(|cell| &cell.settings.server);
    let delays = servers().any(|server| !server.listening().accept_delay.is_zero());
    pace.describe(delays, servers().any(|server| server.chat().is_none()))
}

/// A table with a row for each cell.
pub(super) fn simulate_plan(plan: &Plan, kernel: &KernelFacts, pace: &AcceptPace) -> Printable {
    let simulated: Vec<Simulated<'_>> =
        plan.cells.iter().map(|cell| (cell, simulate(cell, kernel, pace))).collect();
    let not_simulated = not_simulated(&simulated);
    if simulated.iter().all(|(_, metrics)| metrics.is_err()) {
        return Printable::new(&not_simulated.unwrap_or_default());
    }
    let columns_of = [
        "success %",
        "first try %",
        "retransmissions",
        "ListenOverflows",
        "ListenDrops",
        "latest connect",
    ];
    let row = |(cell, metrics): &Simulated<'_>| {
        axis_values(plan, cell).chain(columns(metrics.as_deref().ok())).collect()
    };
    let table = Table {
        head: axis_names(plan).chain(columns_of.map(str::to_owned)).collect(),
        rows: simulated.iter().map(row).collect(),
        words: plan.axes.len(),
        ..Table::default()
    };
    let has_bands = simulated
        .iter()
        .filter_map(|(_, metrics)| metrics.as_ref().ok())
        .any(|metrics| metrics.iter().any(|one| *one != metrics[0]));
    let notes = [not_simulated, Some(caption(plan, kernel, pace, has_bands))];
    let notes = notes.into_iter().flatten().map(|text| Printable::new(&text));
    Printable::joined([table.text(screen())].into_iter().chain(notes), "\n\n")
}

/// The assumptions, in sentences.
fn caption(plan: &Plan, kernel: &KernelFacts, pace: &AcceptPace, has_bands: bool) -> String {
    let ticks = match kernel.hz() {
        Some(hz) => format!("{hz} Hz, as on that machine"),
        None => format!("{USUAL_HZ} Hz"),
    };
    let slot_ms = 8 * 1000 / kernel.hz().unwrap_or(USUAL_HZ);
    let bands = format!(
        "Two values are the smallest and the largest over the bounds of the accept pace, if it has \
         some, and over several positions of the load among the slots of the kernel's timer wheel ({slot_ms} ms for a timer of a second): SYNs of one slot \
         are retransmitted together, those of a burst that straddles two slots in two waves, and \
         the SYN queue admits each wave for itself."
    );
    let others = format!(
        "Simulated with at least {} between connects, {:.1} µs for each segment, and kernel timers \
         of {ticks}. A real server accepts less evenly.",
        humantime::format_duration(CONNECT_INTERVAL),
        VETH_PER_SEGMENT.as_nanos() as f64 / 1e3,
    );
    let sentences = [has_bands.then_some(bands), Some(describe_pace(plan, pace)), Some(others)];
    let lines: Vec<_> = sentences
        .into_iter()
        .flatten()
        .map(|sentence| wrap_to(screen().columns, &sentence, "", ""))
        .collect();
    lines.join("\n")
}

/// A line for each reason for which cells are not simulated, with their number.
fn not_simulated(simulated: &[Simulated<'_>]) -> Option<String> {
    let mut cells_by_reason: IndexMap<&str, usize> = IndexMap::new();
    for (_, metrics) in simulated {
        if let Err(reason) = metrics {
            *cells_by_reason.entry(reason).or_default() += 1;
        }
    }
    let lines: Vec<_> = cells_by_reason
        .iter()
        .map(|(reason, cells)| {
            let place = match simulated.len() {
                all if *cells == all => String::new(),
                all => format!(" (in {cells} of {all} cells)"),
            };
            wrap_to(screen().columns, &format!("{reason}{place}"), "- ", "  ")
        })
        .collect();
    (!lines.is_empty())
        .then(|| format!("The simulator does not cover these cells:\n{}", lines.join("\n")))
}

impl Metrics {
    fn new(simulation: &Simulation) -> Self {
        let attempts = &simulation.attempts;
        let percent = |count: usize| 100.0 * count as f64 / attempts.len() as f64;
        let served = attempts.iter().filter(|attempt| attempt.outcome == Outcome::Established);
        let first_try = served.clone().filter(|attempt| attempt.syn_retransmits == 0).count();
        let counters = &simulation.counters;
        Self {
            success: percent(served.clone().count()),
            first_try: percent(first_try),
            retransmissions: counters.tcp_syn_retrans,
            listen_overflows: counters.listen_overflows,
            listen_drops: counters.listen_drops,
            latest_connect: served.filter_map(|attempt| attempt.connect_ns).max(),
        }
    }
}

/// The columns of a row.
fn columns(metrics: Option<&[Metrics]>) -> [String; 6] {
    let Some(metrics) = metrics else { return ["·"; 6].map(str::to_owned) };
    let percent = |of: fn(&Metrics) -> f64| {
        let values = || metrics.iter().map(of);
        let least = values().fold(f64::INFINITY, f64::min);
        let most = values().fold(f64::NEG_INFINITY, f64::max);
        band(format!("{least:.1}"), format!("{most:.1}"))
    };
    let count = |of: fn(&Metrics) -> u64| {
        let values = || metrics.iter().map(of);
        let text = |value: Option<u64>| value.unwrap_or(0).to_string();
        band(text(values().min()), text(values().max()))
    };
    let connects = || metrics.iter().filter_map(|one| one.latest_connect);
    let latest = match (connects().min(), connects().max()) {
        (Some(least), Some(most)) => band(format_time(least), format_time(most)),
        _ => "·".to_owned(),
    };
    [
        percent(|one| one.success),
        percent(|one| one.first_try),
        count(|one| one.retransmissions),
        count(|one| one.listen_overflows),
        count(|one| one.listen_drops),
        latest,
    ]
}

/// Both ends of a band, or the only value.
fn band(least: String, most: String) -> String {
    if least == most { least } else { format!("{least} – {most}") }
}

/// Formats a time in nanoseconds.
fn format_time(ns: u64) -> String {
    match ns {
        1_000_000_000.. => format!("{:.2} s", ns as f64 / 1e9),
        ..100_000 => format!("{:.0} µs", ns as f64 / 1e3),
        _ => format!("{:.2} ms", ns as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_has_both_ends_and_equal_values_are_one() {
        let metrics = |success, retransmissions| Metrics {
            success,
            first_try: 10.0,
            retransmissions,
            listen_overflows: 3,
            listen_drops: 3,
            latest_connect: None,
        };
        let columns = columns(Some(&[metrics(77.0, 5), metrics(52.0, 9), metrics(60.0, 7)]));
        assert_eq!(columns, ["52.0 – 77.0", "10.0", "5 – 9", "3", "3", "·"]);
    }
}
