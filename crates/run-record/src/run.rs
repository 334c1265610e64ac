//! `run.json`: what was asked, where, and with what.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Axis, AxisNames, RunVerdict, SysctlValues};

/// The version of the format that this build writes, of run directories and of
/// suites'. A reader takes an older one, and refuses a newer one.
///
/// | version | what is new in it |
/// |---|---|
/// | 3 | the verdict on a run and on a suite |
/// | 2 | trials that were run again: `retries` of a run, `retry` of a trial |
/// | 1 | |
pub const SCHEMA_VERSION: u32 = 3;

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
    /// How often at most a trial that did not hold is run again.
    #[serde(default)]
    pub retries: u32,
    /// The program that ran it.
    pub tool: Tool,
    /// The build whose parts ran in the hosts; none where it was that program, and
    /// no other one was to be told from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// The run that it was interleaved with, trial by trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interleaved: Option<Interleaved>,
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
    /// What held; none while the run has no end, and in records of version 2 and
    /// before: [`RunVerdict::new`] computes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<RunVerdict>,
}

/// No scenario has more cells.
const MOST_CELLS: usize = 100_000;

impl RunRecord {
    /// Short, distinct names of its axes.
    pub fn axis_names(&self) -> AxisNames {
        AxisNames::new(self.axes.iter().map(|axis| axis.path.as_str()))
    }

    /// Why its axes are not those of a run, which has at least one trial of each
    /// cell; none where they may be.
    pub(crate) fn misfit(&self) -> Option<String> {
        let sizes = || self.axes.iter().map(|axis| axis.values.len());
        let cells = sizes().try_fold(1_usize, usize::checked_mul);
        let most = match self.planned_trials {
            0 => MOST_CELLS,
            planned => MOST_CELLS.min(planned as usize),
        };
        if cells.is_some_and(|cells| cells <= most) {
            return None;
        }
        let axes: Vec<_> =
            self.axes.iter().map(|axis| format!("{} ({})", axis.path, axis.values.len())).collect();
        let cells = cells
            .map_or("more cells than can be counted".to_owned(), |cells| format!("{cells} cells"));
        Some(format!(
            "its axes, with so many values each: {}, have {cells}, and a run of {} planned trials \
             has at most {most}: it is not what queuelab wrote",
            axes.join(", "),
            self.planned_trials
        ))
    }
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

/// The program that ran it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// The release.
    pub version: String,
    /// The git commit that it was built from, where that was known.
    pub commit: Option<String>,
}

/// A build of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// The path of its executable, or the name of its image.
    pub name: String,
    /// The first digits of its SHA-256; none of an image.
    pub hash: Option<String>,
    /// The release; none where nobody has asked it.
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

/// Two runs whose trials took turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interleaved {
    /// What this one is of the two.
    pub role: InterleavedRole,
    /// The other's directory, which lies beside this one.
    pub with: String,
}

/// What a run is of two that are interleaved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InterleavedRole {
    /// The earlier build: what the other is held against.
    Baseline,
    /// The build that led both.
    New,
}

/// The machine that it ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// The kernel's release, as uname(2) gives it.
    pub kernel: String,
    /// The machine's architecture, as uname(2) gives it.
    pub architecture: String,
    /// The CPUs' model, as /proc/cpuinfo names it; none where it does not, and in
    /// runs of builds that did not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// CPUs that the lab may run on.
    pub cpus: u32,
    /// Memory, bytes.
    pub memory_bytes: u64,
}

/// What made the hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backend {
    /// `netns` or `docker`; `standalone` for a run of `queuelab load`.
    pub name: String,
    /// Its version, where it has one.
    pub version: Option<String>,
    /// How it ran, for example `as root` or `in a user namespace`.
    pub details: String,
}
