//! `live.json` in a run directory: the current state of the run, for viewers.
//!
//! It must not disturb a measurement: the lab sends requests to a trial's probe only
//! while it waits anyway, never waits for the response, and ignores a file that cannot be
//! written.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use linux_net::monotonic_ns;
use probe::{ProbeReport, ProbeStatus};
use run_record::{AcceptQueue, Folder, Live, LivePhase, LiveQueues, LiveTrial};
use scenario::{Cell, PlannedTrial};

use crate::error::Result;
use crate::probe_client::Probe;

/// Minimum time between two writes: four a second are enough for a viewer.
const INTERVAL: Duration = Duration::from_millis(250);

/// A run's `live.json`. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct LiveRun {
    directory: Folder,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    live: Live,
    written: Option<Instant>,
}

impl LiveRun {
    /// Prepares `live.json` for the run in `directory`; removes the file of a killed run.
    pub(crate) fn new(directory: Folder) -> Self {
        Live::remove(&directory);
        Self { directory, state: Mutex::default() }
    }

    /// Shows a trial that starts, until the result is dropped.
    pub(crate) fn show_trial(&self, trial: &PlannedTrial, cell: &Cell) -> ShownTrial<'_> {
        let trial = LiveTrial {
            id: trial.id,
            cell: cell.index as u32,
            repetition: trial.repetition,
            retry: trial.retry,
            point: cell.point.clone(),
            began_ns: monotonic_ns(),
            phase: LivePhase::Preparing,
            queues: None,
        };
        let id = trial.id;
        self.change(|live| live.trials.push(trial));
        ShownTrial { run: self, id }
    }

    /// Writes a change, unless it wrote a moment ago: then the next change, for example
    /// of the queues, includes this one.
    fn change(&self, change: impl FnOnce(&mut Live)) {
        let mut state = self.state();
        change(&mut state.live);
        if state.written.is_none_or(|written| written.elapsed() >= INTERVAL) {
            state.written = Some(Instant::now());
            let _ = state.live.write(&self.directory);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state is never poisoned")
    }
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        Live::remove(&self.directory);
    }
}

/// A trial that is shown. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct ShownTrial<'a> {
    run: &'a LiveRun,
    id: u32,
}

impl<'a> ShownTrial<'a> {
    /// Shows the phase of the trial.
    pub(crate) fn phase(&self, phase: LivePhase) {
        self.change(|trial| trial.phase = phase);
    }

    /// Shows the samples of its probe if it `responds`: the probe of an earlier build
    /// exits at an unknown request, and its trial ends.
    pub(crate) fn watched(&'a self, probe: Probe, responds: bool) -> Watched<'a> {
        Watched { shown: self, probe, responds }
    }

    fn change(&self, change: impl FnOnce(&mut LiveTrial)) {
        let matches = |trial: &&mut LiveTrial| trial.id == self.id;
        self.run.change(|live| {
            if let Some(trial) = live.trials.iter_mut().find(matches) {
                change(trial);
            }
        });
    }
}

impl Drop for ShownTrial<'_> {
    fn drop(&mut self) {
        self.run.change(|live| live.trials.retain(|trial| trial.id != self.id));
    }
}

/// A trial's probe, whose latest sample is shown.
pub(crate) struct Watched<'a> {
    shown: &'a ShownTrial<'a>,
    probe: Probe,
    responds: bool,
}

impl Watched<'_> {
    /// Shows the phase of its trial.
    pub(crate) fn phase(&mut self, phase: LivePhase) {
        self.shown.phase(phase);
        self.poll();
    }

    /// Shows the last response of the probe, and sends the next request if it is due.
    /// Never waits: called repeatedly while something else is awaited.
    pub(crate) fn poll(&mut self) {
        if !self.responds {
            return;
        }
        if let Some(status) = self.probe.latest(INTERVAL) {
            self.shown.change(|trial| trial.queues = Some(queues(&status)));
        }
    }

    /// Lets the probe scan the sockets now.
    pub(crate) fn scan(&mut self) {
        if self.responds {
            self.probe.scan();
        }
    }

    /// Stops the probe; returns its report.
    pub(crate) fn stop(self) -> Result<ProbeReport> {
        self.probe.stop()
    }
}

fn queues(status: &ProbeStatus) -> LiveQueues {
    let listeners = &status.listeners;
    let accept_queue = (!listeners.is_empty()).then(|| AcceptQueue {
        depth: listeners.iter().map(|queue| queue.depth).sum(),
        limit: listeners.iter().map(|queue| queue.limit).fold(0, u32::saturating_add),
    });
    LiveQueues {
        at_ns: status.at_ns,
        accept_queue,
        listeners: listeners.len() as u32,
        deepest: status.deepest,
        syn_recv: status.connections.syn_recv,
        established: status.connections.established,
        time_wait: status.connections.time_wait,
    }
}
