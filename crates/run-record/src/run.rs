//! `run.json`: what was asked, where, and with what.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SysctlValues;

/// The version of the run directory's format that this build writes. A reader
/// refuses a newer one.
pub const SCHEMA_VERSION: u32 = 1;

/// The contents of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// The format of this directory.
    pub schema_version: u32,
    /// What was asked.
    pub scenario: ScenarioRecord,
    /// The seed of the trials' order.
    pub seed: u64,
    /// The matrix, in its order of nesting, after all overrides.
    pub axes: Vec<Axis>,
    /// Trials planned.
    pub planned_trials: u32,
    /// The program that ran it.
    pub tool: Tool,
    /// The machine that it ran on.
    pub machine: Machine,
    /// What made the hosts.
    pub backend: Backend,
    /// The sysctls in force in the first testbed: those that decide how
    /// connections queue, asked for or not.
    pub sysctls: SysctlValues,
    /// The kernel's rules that differ between kernels, as found here.
    #[serde(default)]
    pub kernel_rules: KernelRules,
    /// When the run began.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// When its last trial ended; none while it runs, or after a crash.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
    /// Times at which it was resumed.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub resumed: Vec<Timestamp>,
}

/// The kernel's rules that differ between kernels, as found by trying.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelRules {
    /// `more_than_limit` where a SYN queue of limit B holds B + 1 (since commit
    /// 3479c7549fb1 of January 2025), `at_limit` where it holds B; none where it
    /// was not tried.
    pub syn_queue_full: Option<String>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioRecord {
    /// The scenario's name.
    pub name: String,
    /// Its question.
    pub question: String,
    /// The file as resolved: defaults, quick form and overrides applied.
    pub resolved: Value,
    /// The overrides that led there.
    pub overrides: Overrides,
}

/// What the command line changed in the scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Overrides {
    /// `--quick`.
    pub quick: bool,
    /// `--set PATH=VALUE`, in order.
    pub set: Vec<(String, String)>,
    /// `--only AXIS=VALUE`, in order.
    pub only: Vec<(String, String)>,
    /// `--repeat`.
    pub repeat: Option<u32>,
}

/// One axis of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Axis {
    /// The setting's path, for example `server.backlog`.
    pub path: String,
    /// Its values, in order.
    pub values: Vec<Value>,
}

/// The program that ran it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// The release.
    pub version: String,
    /// The git commit that it was built from, where that was known.
    pub commit: Option<String>,
}

/// The machine that it ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// The kernel's release, as uname(2) gives it.
    pub kernel: String,
    /// The machine's architecture, as uname(2) gives it.
    pub architecture: String,
    /// CPUs that the lab may run on.
    pub cpus: u32,
    /// Memory, bytes.
    pub memory_bytes: u64,
}

/// What made the hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backend {
    /// `netns` or `docker`; `by-hand` where `queuelab load` was run alone.
    pub name: String,
    /// Its version, where it has one.
    pub version: Option<String>,
    /// How it ran, for example `as root` or `in a user namespace`.
    pub details: String,
}

/// Sysctls by name, as the kernel read them back.
pub(crate) type SysctlMap = BTreeMap<String, String>;
