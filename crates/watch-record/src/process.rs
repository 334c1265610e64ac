//! A process that has a listening socket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A process that has a listening socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WatchedProcess {
    /// Its number, in the PID namespace of the watch.
    pub pid: u32,
    /// Its name (`comm`).
    pub name: String,
    /// Its command line; empty if it cannot be read.
    pub command: Vec<String>,
    /// What its threads did at the last look; none if it cannot be read.
    pub activity: Option<ProcessActivity>,
    /// Files that it has open; none if it cannot be read.
    pub open_files: Option<u64>,
    /// Its soft limit of open files (RLIMIT_NOFILE); none if it has none or cannot be read.
    pub max_open_files: Option<u64>,
    /// CPU time used between the last two looks, 1 for one CPU.
    pub cpu_share: Option<f64>,
    /// Share of the time between the last two looks in which its threads were ready to run and
    /// had no CPU (run delay of /proc/PID/schedstat of each), 1 for one thread.
    pub run_delay_share: Option<f64>,
}

/// What the threads of a process do (state of /proc/PID/task/TID/stat).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProcessActivity {
    /// Threads that were looked at, at most 64.
    pub threads: u32,
    /// Threads that were not.
    pub other_threads: u32,
    /// Stopped, by a signal (SIGSTOP, SIGTSTP) or a debugger: T or t.
    pub stopped: u32,
    /// On a CPU or ready to run: R.
    pub running: u32,
    /// Asleep, can be woken by a signal: S.
    pub sleeping: u32,
    /// Asleep in the kernel for a disk or the like: D.
    pub uninterruptible: u32,
    /// Frozen by its cgroup (cgroup.freeze, `docker pause`).
    pub frozen: bool,
    /// The functions of the kernel in which its sleeping threads wait (wchan), the most
    /// frequent first; empty if the kernel does not show them to this user.
    pub waits_in: Vec<String>,
}

impl ProcessActivity {
    /// Whether no thread can run until it is continued.
    pub fn is_stopped(&self) -> bool {
        // A signal stops all threads.
        self.frozen || (self.threads > 0 && self.stopped == self.threads)
    }
}
