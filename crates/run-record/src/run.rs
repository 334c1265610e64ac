//! `run.json`: the scenario, the machine and the program of a run.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::axis::Axis;
use crate::axis_names::AxisNames;
use crate::judge::DisturbanceThresholds;
use crate::machine::Machine;
use crate::sysctl_values::SysctlValues;
use crate::verdict::RunVerdict;

/// The schema version that this build writes, of run directories and suites' directories.
/// Readers accept older versions and refuse newer ones.
///
/// | version | new in it |
/// |---|---|
/// | 5 | readings of the accept queue by the server in `timelines/*.csv`, and the deepest queue of a trial (`evidence.deepest_queue`) |
/// | 4 | the outcomes `self_connected` and `unconfirmed`; threads that the server could not start; who ended incomplete attempts (`incomplete_by`); what clients left (`evidence.left`); `disturbance` of a trial, its thresholds and retries, and the verdict `inconclusive` |
/// | 3 | the verdict on a run and on a suite |
/// | 2 | retries: `retries` of a run, `retry` of a trial |
/// | 1 | |
pub const SCHEMA_VERSION: u32 = 5;

/// The contents of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// The schema version of this directory.
    pub schema_version: u32,
    /// The scenario, as it was run.
    pub scenario: ScenarioRecord,
    /// The seed of the trials' order.
    pub seed: u64,
    /// The matrix, outermost axis first, with all overrides.
    pub axes: Vec<Axis>,
    /// Trials planned.
    pub planned_trials: u32,
    /// The maximum number of retries of a trial that did not hold.
    #[serde(default)]
    pub retries: u32,
    /// The maximum number of retries of a trial that was disturbed.
    #[serde(default)]
    pub disturbed_retries: u32,
    /// The thresholds from which on its trials are disturbed; none if that was not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbance_thresholds: Option<DisturbanceThresholds>,
    /// The program that ran it.
    pub tool: Tool,
    /// The build of the workers in the hosts; `None` if it was this program and only one
    /// build was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// The run with which it was interleaved, trial by trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interleaved: Option<Interleaved>,
    /// The machine that it ran on.
    pub machine: Machine,
    /// The backend that created the hosts.
    pub backend: Backend,
    /// The sysctls in force in the first testbed: those that affect the queues, whether the
    /// scenario set them or not.
    pub sysctls: SysctlValues,
    /// The rules that differ between kernels, as found on this one.
    #[serde(default)]
    pub kernel_rules: KernelRules,
    /// When the run started.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// When its last trial ended; none while it runs and after a crash.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
    /// When it was resumed.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub resumed: Vec<Timestamp>,
    /// The verdict; none until the run has ended, and in records of version 2 and before:
    /// [`RunVerdict::new`] computes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<RunVerdict>,
}

/// The largest number of cells of a run; a scenario with more is refused.
pub const MAX_CELLS: usize = 100_000;

impl RunRecord {
    /// Short, distinct names of its axes.
    pub fn axis_names(&self) -> AxisNames {
        AxisNames::new(self.axes.iter().map(|axis| axis.path.as_str()))
    }

    /// Why its axes cannot be those of a run, which has at least one trial of each cell;
    /// `None` if they can.
    pub(crate) fn invalid_axes(&self) -> Option<String> {
        let sizes = || self.axes.iter().map(|axis| axis.values.len());
        let cells = sizes().try_fold(1_usize, usize::checked_mul);
        let max = match self.planned_trials {
            0 => MAX_CELLS,
            planned => MAX_CELLS.min(planned as usize),
        };
        if cells.is_some_and(|cells| cells <= max) {
            return None;
        }
        let axes: Vec<_> =
            self.axes.iter().map(|axis| format!("{} ({})", axis.path, axis.values.len())).collect();
        let cells = cells
            .map_or("more cells than can be counted".to_owned(), |cells| format!("{cells} cells"));
        Some(format!(
            "its axes (with their numbers of values) {} have {cells}, but a run of {} planned trials \
             has at most {max}: queuelab did not write this file",
            axes.join(", "),
            self.planned_trials
        ))
    }
}

/// The rules that differ between kernels, as found by a test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelRules {
    /// `more_than_limit` if a SYN queue with limit B holds B + 1 (since commit 3479c7549fb1
    /// of January 2025), `at_limit` if it holds B; none if it was not tested.
    pub syn_queue_full: Option<String>,
}

/// What a kernel's predictions depend on beyond a scenario: the part `kernel` of `queuelab
/// doctor --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelReport {
    /// The kernel's release, from uname(2).
    pub release: String,
    /// The name of its rules; none if they are not known.
    pub rules: Option<String>,
    /// Its timer ticks per second, if they were found.
    pub hz: Option<u32>,
    /// The sysctls that affect how connections queue, in a new network namespace.
    pub sysctls: BTreeMap<String, String>,
}

/// The scenario, as it was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioRecord {
    /// The scenario's name.
    pub name: String,
    /// Its question.
    pub question: String,
    /// The resolved file, with defaults, quick form and overrides.
    pub resolved: Value,
    /// The overrides.
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
    /// `--allow-commands`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_commands: bool,
}

/// The program that ran it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// The release.
    pub version: String,
    /// The git commit that it was built from, if known.
    pub commit: Option<String>,
}

/// A build of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// The path of its executable, or the name of its image.
    pub name: String,
    /// The first digits of its SHA-256; none for an image.
    pub hash: Option<String>,
    /// The release; none if it was not requested.
    pub version: Option<String>,
}

/// As in `old/queuelab, queuelab 0.1.0, 1f2e3d4c`.
impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, hash, version } = self;
        write!(f, "{name}")?;
        version.iter().try_for_each(|version| write!(f, ", queuelab {version}"))?;
        hash.iter().try_for_each(|hash| write!(f, ", {hash}"))
    }
}

/// Interleaving with another run: the trials of both alternate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interleaved {
    /// The role of this run.
    pub role: InterleavedRole,
    /// The directory of the other run, beside this one.
    pub with: String,
}

/// The role of an interleaved run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InterleavedRole {
    /// The earlier build, with which the other is compared.
    Baseline,
    /// The build that ran both.
    New,
}

/// The backend that created the hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backend {
    /// `netns` or `docker`; `standalone` for a run of `queuelab load`.
    pub name: String,
    /// Its version, if it has one.
    pub version: Option<String>,
    /// How it ran, for example `as root` or `in a user namespace`.
    pub details: String,
}
