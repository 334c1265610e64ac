//! A run in progress that the test drives.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use run_record::{
    AcceptQueue, Live, LivePhase, LiveQueues, LiveTrial, RunDirectory, RunRecord, TrialRecord,
};

/// A run that this process writes, as the lab does.
pub(crate) struct DrivenRun {
    pub(crate) directory: RunDirectory,
    pub(crate) record: RunRecord,
    /// Trials that have not been written yet.
    pub(crate) trials: Vec<TrialRecord>,
}

impl DrivenRun {
    /// Starts the recorded sweep of the tests of `report`, which has 16 trials.
    pub(crate) fn start(out: &Path) -> Self {
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let (mut record, trials) = RunDirectory::read(&sweep).unwrap();
        record.ended = None;
        let directory = RunDirectory::create(out, &record).unwrap();
        Self { directory, record, trials }
    }

    /// `<scenario>/<time>`.
    pub(crate) fn name(&self) -> String {
        let path = self.path();
        let names: Vec<_> = path.iter().rev().take(2).map(|name| name.to_str().unwrap()).collect();
        format!("{}/{}", names[1], names[0])
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// Appends the next trial.
    pub(crate) fn append(&mut self) {
        let trial = self.trials.remove(0);
        self.directory.append(&trial).unwrap();
    }

    /// Writes that the next trial runs, with this accept queue.
    pub(crate) fn write_live(&self, depth: u32, limit: u32) {
        let next = &self.trials[0];
        let queues = LiveQueues {
            at_ns: 0,
            accept_queue: Some(AcceptQueue { depth, limit }),
            listeners: 1,
            deepest: depth,
            syn_recv: 3,
            established: 40,
            time_wait: 0,
        };
        let trial = LiveTrial {
            id: next.id,
            cell: next.cell,
            repetition: next.repetition,
            retry: 0,
            point: IndexMap::clone(&next.point),
            began_ns: 0,
            phase: LivePhase::Connecting,
            queues: Some(queues),
        };
        Live { trials: vec![trial] }.write(self.directory.folder()).unwrap();
    }
}
