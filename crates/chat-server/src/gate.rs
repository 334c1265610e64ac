//! Pauses and delays the accept loops.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::lock::lock;

/// Pauses and delays of the accept loops, all of which a stop cuts short.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    paused: bool,
    stopping: bool,
}

impl Gate {
    pub(crate) fn new(paused: bool) -> Self {
        Self { state: Mutex::new(State { paused, stopping: false }), changed: Condvar::new() }
    }

    pub(crate) fn resume(&self) {
        lock(&self.state).paused = false;
        self.changed.notify_all();
    }

    pub(crate) fn stop(&self) {
        lock(&self.state).stopping = true;
        self.changed.notify_all();
    }

    /// Waits until accepting is not paused; false if the server stops.
    pub(crate) fn wait_until_resumed(&self) -> bool {
        let state = self
            .changed
            .wait_while(lock(&self.state), |state| state.paused && !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        !state.stopping
    }

    /// Waits for `time`; false if the server stops.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(lock(&self.state), time, |state| !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        !state.stopping
    }
}
