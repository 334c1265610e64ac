//! The simulation of a cell from its settings, without a trial.

use std::time::Duration;

use load_generator::{ConnectPattern, LoadSettings};
use queue_model::simulator::{Accepts, Arrival, Simulation, Timers, simulate};
use run_record::{KernelRules, SysctlValues};
use scenario::CellSettings;

use crate::backend::TestbedSpec;
use crate::simulated::listen_path;

/// Time between two connect(2) calls in a burst of the lab's load, as measured.
pub const CONNECT_INTERVAL: Duration = Duration::from_micros(3);

/// Simulates a cell on a server with `accept` between two accept(2) calls while
/// connections wait, on a kernel with timers of 250 Hz. `None` if the simulator does not
/// cover the cell.
pub fn simulate_cell(cell: &CellSettings, accept: Duration) -> Option<Simulation> {
    let spec = TestbedSpec::from_settings(cell);
    let sysctls = SysctlValues {
        server: spec.server_sysctls.into_iter().collect(),
        client: spec.client_sysctls.into_iter().collect(),
    };
    let mut path = listen_path(cell, &sysctls, &KernelRules::default())?;
    path.accepts = match cell.server.accept_paused {
        // Queued connections are accepted after all attempts are decided.
        true => Accepts::Never,
        false => Accepts::Every { service: accept + cell.server.accept_delay, from_ns: 0 },
    };
    path.timers = Timers::Wheel { hz: 250 };
    Some(simulate(&path, &arrivals(&cell.load)))
}

fn arrivals(load: &LoadSettings) -> Vec<Arrival> {
    let interval_ns = match (load.pattern, load.connect_rate) {
        (ConnectPattern::Rate, Some(rate)) => 1e9 / rate,
        _ => CONNECT_INTERVAL.as_nanos() as f64,
    };
    (0..load.clients)
        .map(|client| Arrival {
            start_ns: (f64::from(client) * interval_ns) as u64,
            reachable: client >= load.half_open,
            open_until_ns: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use queue_model::simulator::Outcome;

    use super::*;

    #[test]
    fn a_cell_is_simulated_from_its_settings() {
        let mut cell = CellSettings::default();
        cell.load.clients = 20;
        let fast = simulate_cell(&cell, Duration::from_micros(1)).unwrap();
        assert_eq!((fast.count(Outcome::Established), fast.syn_retransmits()[&0]), (20, 20));
        cell.server.backlog = 3;
        cell.server.accept_paused = true;
        let paused = simulate_cell(&cell, Duration::from_micros(1)).unwrap();
        assert_eq!(paused.count(Outcome::Established), 4);
        cell.server.listeners = 2;
        assert_eq!(simulate_cell(&cell, Duration::from_micros(1)), None);
    }
}
