//! What is watched, and how often.

use std::time::Duration;

/// What is watched, and how often.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// From one look at the listeners to the next.
    pub interval: Duration,
    /// CPU time that the watch may use, 1 for one CPU.
    pub max_cpu_share: f64,
    /// Every namespace of the machine that can be entered, or only that of the process.
    pub all_namespaces: bool,
    /// The user whose rights the process has after it has opened its sockets.
    pub user: Option<String>,
    /// Which listeners are shown.
    pub filter: Filter,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(10),
            max_cpu_share: 0.02,
            all_namespaces: true,
            user: None,
            filter: Filter::default(),
        }
    }
}

/// Which listeners are shown: those that meet every condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Its port is one of these, if there are any.
    pub ports: Vec<u16>,
    /// One of its processes has one of these names, if there are any.
    pub processes: Vec<String>,
    /// One of its processes has one of these numbers, if there are any.
    pub pids: Vec<u32>,
    /// Its container's name is, or its ID begins with, one of these, if there are any. The engine
    /// names IDs as the watch begins: a container that starts later is found by its name.
    pub containers: Vec<String>,
    /// Its namespace has one of these names or numbers, if there are any.
    pub namespaces: Vec<String>,
}
