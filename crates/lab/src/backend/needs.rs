//! What the trials of a run need of the machine.

use std::cmp::Reverse;

use scenario::{CellSettings, Plan};

use crate::schedule::MAX_CONCURRENT_TRIALS;

/// Resources that the trials of a run need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Clients of the largest cell, each with a connection.
    pub clients: u32,
    /// Threads of the server for each of them, in the design that needs the most.
    pub threads_per_client: u32,
    /// Stack of such a thread, bytes.
    pub thread_stack: u64,
    /// Threads of all trials that run at the same time.
    pub threads: u64,
}

impl Needs {
    /// Threads of a trial besides those of the server's clients, at most: of the lab and of
    /// the workers.
    pub const OTHER_THREADS: u64 = 32;

    /// The maximum that the trials of a plan need.
    pub fn from_plan(plan: &Plan) -> Self {
        let settings = || plan.cells.iter().map(|cell| &cell.settings);
        let at_once = if plan.scenario.side_by_side { MAX_CONCURRENT_TRIALS } else { 1 };
        let trials =
            plan.trials.iter().map(|trial| trial_threads(&plan.cells[trial.cell].settings));
        let mut threads: Vec<u64> = trials.collect();
        threads.sort_unstable_by_key(|&threads| Reverse(threads));
        Self {
            clients: settings().map(|cell| cell.load.clients).max().unwrap_or(0),
            threads_per_client: settings().map(threads_per_client).max().unwrap_or(0),
            thread_stack: settings()
                .map(|cell| cell.server.listening().thread_stack)
                .max()
                .unwrap_or(0),
            threads: threads.iter().take(at_once).sum(),
        }
    }

    /// Files that a worker may have open: a socket for each client, and some others.
    pub fn open_files(&self) -> u64 {
        u64::from(self.clients) + 64
    }
}

fn threads_per_client(cell: &CellSettings) -> u32 {
    cell.server.listening().design.design().threads_per_client
}

/// Threads of a trial, at most: the server has those of each connection that it accepts, those of
/// all together, and one for each listener; the load has those that
/// only read.
fn trial_threads(cell: &CellSettings) -> u64 {
    let CellSettings { load, server, .. } = cell;
    let live = load.clients.saturating_sub(load.half_open);
    // In a closed loop, the threads of clients before these may still be ending.
    let clients = load.closed_loop().map_or(live, |at_once| at_once.saturating_mul(2).min(live));
    let shared = (server.listening().design.design().shared_threads)();
    u64::from(clients) * u64::from(threads_per_client(cell))
        + shared
        + u64::from(server.listening().listeners)
        + u64::from(load.threads.saturating_sub(1))
        + Needs::OTHER_THREADS
}

#[cfg(test)]
mod tests {
    use scenario::{AnyKernel, Overrides, ScenarioFile, Source};

    use super::*;

    fn needs(settings: &str) -> Needs {
        let text = format!("name: many\nquestion: Are there enough?\n{settings}");
        let source = Source { name: "many".into(), path: "many.yaml".into(), text };
        let file = ScenarioFile::from_source(source);
        Needs::from_plan(&file.plan(&Overrides::default(), &AnyKernel).unwrap())
    }

    #[test]
    fn the_largest_cell_decides_unless_trials_run_side_by_side() {
        let cells = "repeat: 2\nmatrix: { load.clients: [10, 300, 20] }\n";
        let one = needs(cells);
        assert_eq!((one.clients, one.open_files()), (300, 364));
        assert_eq!(one.threads, 300 + 1 + Needs::OTHER_THREADS);
        let side_by_side = needs(&format!("side_by_side: true\n{cells}"));
        assert_eq!(side_by_side.clients, 300);
        assert_eq!(side_by_side.threads, 2 * (330 + 3 * (1 + Needs::OTHER_THREADS)));
        let more = needs("side_by_side: true\nrepeat: 100\nload: { clients: 10 }\n");
        assert_eq!(more.threads, 16 * (10 + 1 + Needs::OTHER_THREADS), "at most 16");
    }

    #[test]
    fn only_clients_that_are_served_at_the_same_time_need_a_thread() {
        let others = Needs::OTHER_THREADS;
        let half_open = needs("load: { clients: 100, half_open: 90, messages: 0 }\n");
        assert_eq!((half_open.clients, half_open.threads), (100, 10 + 1 + others));
        let serial = needs("load: { clients: 100, pattern: one_by_one, leave: after_sending }\n");
        assert_eq!((serial.clients, serial.threads), (100, 2 + 1 + others));
        let two = needs("load: { clients: 100 }\nserver: { design: writer-queues }\n");
        assert_eq!((two.threads_per_client, two.threads), (2, 200 + 1 + others));
        let shared = needs("load: { clients: 100 }\nserver: { design: event-loop }\n");
        let cpus = std::thread::available_parallelism().unwrap().get() as u64;
        assert_eq!((shared.threads_per_client, shared.threads), (0, cpus + 1 + others));
        let listeners = needs("load: { clients: 100 }\nserver: { listeners: 4 }\n");
        assert_eq!(listeners.threads, 100 + 4 + others);
    }
}
