//! A scenario's cells as the simulator of the listen path plays them, from
//! their settings alone.

use std::time::Duration;

use lab::TestbedSpec;
use load_generator::{ConnectPattern, LoadSettings};
use queue_model::simulator::{Accepts, Arrival, Outcome, Simulation, Timers, simulate};
use run_record::{KernelRules, SysctlValues};
use scenario::{Cell, CellSettings, Plan};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use super::{axis_names, place};

/// From one connect(2) of the lab's load to the next in a burst, measured.
const CONNECT: Duration = Duration::from_micros(3);

/// A row for each cell.
pub(super) fn simulated(plan: &Plan, accept: Duration) -> String {
    let played: Vec<_> =
        plan.cells.iter().map(|cell| (cell, play(&cell.settings, accept))).collect();
    if played.iter().all(|(_, simulation)| simulation.is_none()) {
        return "The simulator covers none of its cells: it has one listener, without \
                TCP_DEFER_ACCEPT, held ACKs or a restart, and at most a million clients, none of \
                them a slow reader, that come at once or at a rate."
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
    for (cell, simulation) in &played {
        builder.push_record(row(plan, cell, simulation.as_ref()));
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(plan.axes.len()..), Alignment::right());
    format!(
        "{table}\n\n\
         Simulated: the server needs {} for each accept(2) while some wait, a burst's connects \
         are {} apart,\n\
         segments take 0.6 µs each, and the kernel's timers are those of 250 Hz. A real server \
         accepts less evenly.",
        humantime::format_duration(accept),
        humantime::format_duration(CONNECT),
    )
}

fn row(plan: &Plan, cell: &Cell, simulation: Option<&Simulation>) -> Vec<String> {
    let figures = match simulation {
        None => ["·"; 6].map(str::to_owned),
        Some(simulation) => {
            let attempts = &simulation.attempts;
            let percent =
                |some: usize| format!("{:.1}", 100.0 * some as f64 / attempts.len() as f64);
            let served = attempts.iter().filter(|attempt| attempt.outcome == Outcome::Established);
            let at_once = served.clone().filter(|attempt| attempt.syn_retransmits == 0).count();
            let latest = served.clone().filter_map(|attempt| attempt.connect_ns).max();
            let counters = &simulation.counters;
            [
                percent(served.count()),
                percent(at_once),
                counters.tcp_syn_retrans.to_string(),
                counters.listen_overflows.to_string(),
                counters.listen_drops.to_string(),
                latest.map_or("·".to_owned(), written),
            ]
        }
    };
    place(plan, cell).chain(figures).collect()
}

/// A time, given in nanoseconds.
fn written(ns: u64) -> String {
    match ns {
        1_000_000_000.. => format!("{:.3} s", ns as f64 / 1e9),
        _ => format!("{:.2} ms", ns as f64 / 1e6),
    }
}

/// None where the simulator does not cover the cell.
fn play(cell: &CellSettings, accept: Duration) -> Option<Simulation> {
    let spec = TestbedSpec::from_settings(cell);
    let stated = SysctlValues {
        server: spec.server_sysctls.into_iter().collect(),
        client: spec.client_sysctls.into_iter().collect(),
    };
    let mut path = lab::listen_path(cell, &stated, &KernelRules::default())?;
    path.accepts = match cell.server.accept_paused {
        // What is queued is accepted when all is decided.
        true => Accepts::Never,
        false => Accepts::Every { service: accept + cell.server.accept_delay, from_ns: 0 },
    };
    path.timers = Timers::Wheel { hz: 250 };
    Some(simulate(&path, &arrivals(&cell.load)))
}

fn arrivals(load: &LoadSettings) -> Vec<Arrival> {
    let apart_ns = match (load.pattern, load.connect_rate) {
        (ConnectPattern::Rate, Some(rate)) => 1e9 / rate,
        _ => CONNECT.as_nanos() as f64,
    };
    (0..load.clients)
        .map(|client| Arrival {
            start_ns: (f64::from(client) * apart_ns) as u64,
            reachable: client >= load.half_open,
            open_until_ns: None,
        })
        .collect()
}
