//! The end of a watch.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::commands::run::is_ignored;
use crate::error::CommandError;

/// Waits for the end of a watch: a time, or a signal.
#[derive(Debug)]
pub(super) struct Until {
    signals: Receiver<()>,
    end: Option<Instant>,
}

impl Until {
    /// The end after this time, if there is one, or at Ctrl-C, SIGTERM or, unless it is ignored
    /// (nohup), SIGHUP, whichever comes first.
    pub(super) fn new(length: Option<Duration>) -> Result<Self, CommandError> {
        let fail = |source| CommandError::Io { action: "watch for signals".to_owned(), source };
        let hangup = (!is_ignored(SIGHUP)).then_some(SIGHUP);
        let ends = [SIGINT, SIGTERM].into_iter().chain(hangup);
        let mut signals = Signals::new(ends).map_err(fail)?;
        let (sender, receiver) = channel();
        let forward = move || {
            for _ in signals.forever() {
                // Fails if the watch has ended.
                let _ = sender.send(());
            }
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(forward).map_err(fail)?;
        let end = length.and_then(|length| Instant::now().checked_add(length));
        Ok(Self { signals: receiver, end })
    }

    /// Waits for the time, or until the end. Whether the watch goes on.
    pub(super) fn wait(&self, time: Duration) -> bool {
        let left = self.end.map(|end| end.saturating_duration_since(Instant::now()));
        let is_end = left.is_some_and(|left| left <= time);
        let wait = left.map_or(time, |left| left.min(time));
        match self.signals.recv_timeout(wait.min(LONGEST)) {
            Err(RecvTimeoutError::Timeout) => wait > LONGEST || !is_end,
            _ => false,
        }
    }
}

/// A longer wait cannot be added to the clock of every system.
const LONGEST: Duration = Duration::from_hours(24);
