//! What holds the accept loops back.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::lock;

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

    /// Waits until accepting is not paused. False: the server stops.
    pub(crate) fn wait_until_resumed(&self) -> bool {
        let state = self
            .changed
            .wait_while(lock(&self.state), |state| state.paused && !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        !state.stopping
    }

    /// Lets `time` pass. False: the server stops.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        // A time beyond the clock's end is no end at all.
        let end = Instant::now().checked_add(time);
        let mut state = lock(&self.state);
        while !state.stopping {
            let left = match end {
                Some(end) => end.saturating_duration_since(Instant::now()),
                None => Duration::from_secs(3600),
            };
            if left.is_zero() {
                break;
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.stopping
    }
}
