//! `live.json` in a run directory: what the run does now, for viewers.
//!
//! It must not disturb a measurement: the lab asks a trial's probe only while it waits
//! anyway, never waits for the response, and ignores a file that cannot be written.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use linux_net::monotonic_ns;
use probe::{ProbeReport, ProbeStatus};
use run_record::{AcceptQueue, Live, LivePhase, LiveQueues, LiveTrial};
use scenario::{Cell, PlannedTrial};

use crate::error::Result;
use crate::probe_client::Probe;

/// The shortest time between two writes: four a second are as many as a person can see.
const INTERVAL: Duration = Duration::from_millis(250);

/// A run's `live.json`. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct LiveRun {
    directory: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    live: Live,
    written: Option<Instant>,
}

impl LiveRun {
    /// For the run in `directory`; removes what a killed run has left.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Live::remove(&directory);
        Self { directory, state: Mutex::default() }
    }

    /// A trial begins; it ends when what this returns is dropped.
    pub(crate) fn begins(&self, trial: &PlannedTrial, cell: &Cell) -> ShownTrial<'_> {
        let trial = LiveTrial {
            id: trial.id,
            cell: cell.index as u32,
            repetition: trial.repetition,
            retry: trial.retry,
            point: cell.point.clone(),
            began: Timestamp::now(),
            phase: LivePhase::Preparing,
            queues: None,
        };
        let id = trial.id;
        self.change(|live| live.trials.push(trial));
        ShownTrial { run: self, id }
    }

    /// Writes what has changed, unless it wrote a moment ago: then the next change
    /// brings this one along, and a trial that waits looks at its queues soon.
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

/// A trial that is shown. Dropping it takes it from what the run does.
#[derive(Debug)]
pub(crate) struct ShownTrial<'a> {
    run: &'a LiveRun,
    id: u32,
}

impl<'a> ShownTrial<'a> {
    /// How far it is.
    pub(crate) fn phase(&self, phase: LivePhase) {
        self.change(|trial| trial.phase = phase);
    }

    /// Shows what its probe sees, where that `answers`: an earlier build's ends at
    /// a question that it does not know, and its trial with it.
    pub(crate) fn watched(&'a self, probe: Probe, answers: bool) -> Watched<'a> {
        Watched { shown: self, probe, answers }
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
    answers: bool,
}

impl Watched<'_> {
    /// How far its trial is.
    pub(crate) fn phase(&mut self, phase: LivePhase) {
        self.shown.phase(phase);
        self.poll();
    }

    /// Shows what the probe has answered, and asks it again if it is time to. Never
    /// waits: called again and again while something else is awaited.
    pub(crate) fn poll(&mut self) {
        if !self.answers {
            return;
        }
        if let Some(status) = self.probe.latest(INTERVAL) {
            self.shown.change(|trial| trial.queues = Some(queues(&status)));
        }
    }

    /// Stops the probe: what it saw.
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
    let age = Duration::from_nanos(monotonic_ns().saturating_sub(status.at_ns));
    LiveQueues {
        at: Timestamp::now() - age,
        accept_queue,
        listeners: listeners.len() as u32,
        deepest: status.deepest,
        syn_recv: status.connections.syn_recv,
        established: status.connections.established,
        time_wait: status.connections.time_wait,
    }
}
