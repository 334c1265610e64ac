//! `watch.json`: the program, the machine and the settings of a recorded watch.

use jiff::Timestamp;
use run_record::{Machine, Tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema version that this build writes. Readers accept older versions and refuse newer
/// ones.
pub const WATCH_SCHEMA_VERSION: u32 = 1;

/// The bytes that a record has at most, if nothing else is requested: 1 GiB.
pub const DEFAULT_LIMIT_BYTES: u64 = 1 << 30;

/// The contents of `watch.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WatchHeader {
    /// The schema version of this directory.
    pub schema_version: u32,
    /// What the directory is.
    pub kind: RecordKind,
    /// The program that recorded it.
    pub tool: Tool,
    /// The machine that was watched.
    pub machine: Machine,
    /// What was watched, and how often.
    pub settings: RecordedSettings,
    /// When the recording started.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// The bytes that `seconds.jsonl` has at most.
    pub limit_bytes: u64,
    /// When the recording ended; none while it goes on and after a crash.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
    /// Why it ended.
    pub end: Option<RecordEnd>,
    /// The lines that `seconds.jsonl` had when the recording ended; none before.
    pub lines: Option<u64>,
}

/// What a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// The record of a watch.
    Watch,
}

/// Why a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordEnd {
    /// The watch ended.
    Stopped,
    /// The next line would have made it larger than its limit.
    LimitReached,
    /// A line could not be written.
    Failed,
}

/// What was watched, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedSettings {
    /// From one look at the listeners to the next, seconds.
    pub interval_seconds: f64,
    /// CPU time that the watch could use, 1 for one CPU.
    pub max_cpu_share: f64,
    /// Every namespace of the machine that could be entered, or only that of the process.
    pub all_namespaces: bool,
    /// The user whose rights the process took after it had opened its sockets.
    pub user: Option<String>,
    /// Which listeners were recorded.
    pub filter: RecordedFilter,
}

/// Which listeners were recorded: those that met every condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedFilter {
    /// Their port was one of these, if there are any.
    pub ports: Vec<u16>,
    /// One of their processes had one of these names, if there are any.
    pub processes: Vec<String>,
    /// One of their processes had one of these numbers, if there are any.
    pub pids: Vec<u32>,
    /// Their container was one of these, if there are any.
    pub containers: Vec<String>,
    /// Their namespace had one of these names or numbers, if there are any.
    pub namespaces: Vec<String>,
}

impl WatchHeader {
    /// The header of a recording that starts now.
    pub fn new(tool: Tool, machine: Machine, settings: RecordedSettings, limit_bytes: u64) -> Self {
        Self {
            schema_version: WATCH_SCHEMA_VERSION,
            kind: RecordKind::Watch,
            tool,
            machine,
            settings,
            started: run_record::wall_time(),
            limit_bytes,
            ended: None,
            end: None,
            lines: None,
        }
    }
}
