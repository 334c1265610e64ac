//! `live.json`: what a run does now. It is no part of the record: written while
//! the run goes on, removed when it ends, and of no use to anybody later.

use std::fs;
use std::io;
use std::path::Path;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AcceptQueue, ExecutionId, RunDirectory};

const LIVE_FILE: &str = "live.json";
const PARTIAL_FILE: &str = "live.json.partial";

/// What a run does now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// The trials that run now, in the order in which they began: one, or those
    /// that run side by side.
    pub trials: Vec<LiveTrial>,
}

/// A trial that runs now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveTrial {
    /// Its number in the unshuffled order.
    pub id: u32,
    /// Its cell's position.
    pub cell: u32,
    /// Which repetition of that cell, from 0.
    pub repetition: u32,
    /// Which time it is run again; 0 the first time.
    #[serde(default)]
    pub retry: u32,
    /// Its value on each axis.
    pub point: IndexMap<String, Value>,
    /// When it began.
    pub began: Timestamp,
    /// How far it is.
    pub phase: LivePhase,
    /// What its probe saw last; none before that, or where it did not say.
    pub queues: Option<LiveQueues>,
}

impl LiveTrial {
    /// Which try of which trial it is.
    pub fn execution_id(&self) -> ExecutionId {
        ExecutionId { trial: self.id, retry: self.retry }
    }
}

/// How far a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LivePhase {
    /// Its testbed, server and probe are made ready.
    Preparing,
    /// The load connects.
    Connecting,
    /// Every attempt is decided, and the connections are left as they stand.
    Lingering,
    /// The server accepts what is still queued, and messages are sent.
    Chatting,
    /// The connections close, or are watched while they do.
    Closing,
    /// The server has been stopped, and is started again.
    Restarting,
}

/// What the probe saw in the server's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveQueues {
    /// When it looked at the listeners.
    pub at: Timestamp,
    /// The accept queue: of several listeners, the sum of the depths and of the
    /// limits. None where nothing listens.
    pub accept_queue: Option<AcceptQueue>,
    /// Listeners.
    pub listeners: u32,
    /// The most connections queued at once so far in the trial: the probe looks far
    /// more often than it is asked.
    pub deepest: u32,
    /// Connections in SYN_RECV: the SYN queue. These and the next are of its last
    /// look at the connections, which may be a little older.
    pub syn_recv: u32,
    /// Connections in ESTABLISHED, accepted or not.
    pub established: u32,
    /// Sockets in TIME_WAIT.
    pub time_wait: u32,
}

impl Live {
    /// Writes it to the run directory at `run`, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written. No run ends for that.
    pub fn write(&self, run: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self).expect("what a run does is plain data");
        fs::write(run.join(PARTIAL_FILE), text)?;
        fs::rename(run.join(PARTIAL_FILE), run.join(LIVE_FILE))
    }

    /// What the run at `run` does now; none where nobody runs it, whatever a run
    /// that was killed has left, or where it does not say.
    pub fn read(run: &Path) -> Option<Self> {
        if !RunDirectory::is_running(run) {
            return None;
        }
        serde_json::from_slice(&fs::read(run.join(LIVE_FILE)).ok()?).ok()
    }

    /// Takes it away from the run directory at `run`, if it is there.
    pub fn remove(run: &Path) {
        for file in [LIVE_FILE, PARTIAL_FILE] {
            let _ = fs::remove_file(run.join(file));
        }
    }
}
