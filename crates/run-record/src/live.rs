//! `live.json`: the current state of a run. It is not part of the record: it is written
//! during the run and removed at its end.

use std::io::{Read, Write};

use indexmap::IndexMap;
use linux_net::monotonic_ns;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::directory::RunDirectory;
use crate::error::RunDirectoryError;
use crate::execution_id::ExecutionId;
use crate::folder::Folder;
use worker::metrics::AcceptQueue;

const LIVE_FILE: &str = "live.json";
const PARTIAL_FILE: &str = "live.json.partial";

/// The most that is read of it: it describes at most a few trials.
const MAX_BYTES: u64 = 1 << 20;

/// The current state of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// The running trials, in the order in which they started: one, or those that run side
    /// by side.
    pub trials: Vec<LiveTrial>,
}

/// A running trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveTrial {
    /// Its number in the plan.
    pub id: u32,
    /// Its cell's position.
    pub cell: u32,
    /// Its repetition of that cell, from 0.
    pub repetition: u32,
    /// The number of the retry; 0 for the first run.
    #[serde(default)]
    pub retry: u32,
    /// Its value on each axis.
    pub point: IndexMap<String, Value>,
    /// When it started, nanoseconds of CLOCK_MONOTONIC: the wall clock may be set meanwhile.
    pub began_ns: u64,
    /// Its phase.
    pub phase: LivePhase,
    /// The last sample of its probe; `None` before the first, or if the probe reports none.
    pub queues: Option<LiveQueues>,
}

impl LiveTrial {
    /// Its identity.
    pub fn execution_id(&self) -> ExecutionId {
        ExecutionId { trial: self.id, retry: self.retry }
    }

    /// How long it has been running, seconds.
    pub fn running_seconds(&self) -> f64 {
        monotonic_ns().saturating_sub(self.began_ns) as f64 / 1e9
    }
}

/// The phase of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LivePhase {
    /// Its testbed, server and probe start.
    Preparing,
    /// The load connects.
    Connecting,
    /// Every attempt is decided, and the connections stay as they are.
    Lingering,
    /// The server accepts queued connections, and clients send messages.
    Chatting,
    /// The connections close, or are observed while they close.
    Closing,
    /// The server is restarted.
    Restarting,
}

/// A sample of the probe in the server's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveQueues {
    /// When it sampled the listeners, nanoseconds of CLOCK_MONOTONIC.
    pub at_ns: u64,
    /// The accept queue; with several listeners, the sums of their depths and limits.
    /// `None` without a listener.
    pub accept_queue: Option<AcceptQueue>,
    /// Listeners.
    pub listeners: u32,
    /// The maximum depth so far in the trial; the probe samples far more often than it
    /// reports.
    pub deepest: u32,
    /// Connections in SYN_RECV: the SYN queue. This and the next values are from its last
    /// sample of the connections, which may be slightly older.
    pub syn_recv: u32,
    /// Connections in ESTABLISHED, accepted or not.
    pub established: u32,
    /// Sockets in TIME_WAIT.
    pub time_wait: u32,
}

impl Live {
    /// Writes it to the run directory atomically.
    ///
    /// # Errors
    /// If it cannot be written. A run does not fail because of that.
    pub fn write(&self, run: &Folder) -> Result<(), RunDirectoryError> {
        let text = serde_json::to_string(self).expect("the live state is plain data");
        run.replace(LIVE_FILE, |file| file.write_all(visible::json(&text).as_bytes()))
    }

    /// The current state of the run in `run`; `None` if no process is running it, even if a
    /// killed run left its file, or if it has not written its state.
    pub fn read(run: &Folder) -> Option<Self> {
        if !RunDirectory::is_running_in(run) {
            return None;
        }
        let file = run.read(LIVE_FILE).ok()??;
        let mut text = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Removes it from the run directory, if it exists.
    pub fn remove(run: &Folder) {
        for file in [LIVE_FILE, PARTIAL_FILE] {
            let _ = run.remove(file);
        }
    }
}
