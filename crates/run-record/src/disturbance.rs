//! What else the machine did while a trial ran.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the machine did in a trial besides its work, while its load ran: from the counters
/// before it to the counters after it.
///
/// The CPU time that the lab's own processes took is no disturbance: many clients on few CPUs
/// are what a scenario is about, and trials that run side by side are one experiment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disturbance {
    /// The length of that time, seconds.
    pub window_seconds: f64,
    /// The CPUs that the lab's processes may run on. The times of CPUs below belong to them.
    pub cpus: u32,
    /// CPU time of the lab and of its processes, also of trials that run side by side, seconds.
    pub own_cpu_seconds: f64,
    /// CPU time of all other processes and kernel threads, without interrupts, seconds.
    pub other_cpu_seconds: f64,
    /// Time that the hypervisor took from CPUs with work, seconds.
    pub steal_seconds: f64,
    /// Time for which the CPU limit of the lab's control group stopped its tasks, seconds; none
    /// without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_seconds: Option<f64>,
    /// Time for which some task of the machine waited for a CPU, seconds; none without
    /// CONFIG_PSI. No cause by itself: the clients of a trial wait for each other, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_pressure_seconds: Option<f64>,
    /// Time for which some task of the machine waited for memory, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_pressure_seconds: Option<f64>,
    /// Time for which some task of the machine waited for storage, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io_pressure_seconds: Option<f64>,
    /// Time for which the load's thread that waited longest waited for a CPU although it could go
    /// on, seconds; none if the kernel does not count it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_run_delay_seconds: Option<f64>,
    /// The same for the server's threads that accept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_run_delay_seconds: Option<f64>,
    /// What disturbed the trial, by the run's thresholds; empty if nothing did.
    pub causes: Vec<DisturbanceCause>,
}

/// What disturbed a trial.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DisturbanceCause {
    /// Other processes took CPU time.
    OtherProcesses,
    /// The load or the server waited for a CPU that other processes had.
    WaitForCpu,
    /// The hypervisor took CPU time.
    Steal,
    /// The CPU limit of the control group stopped the lab.
    Throttled,
    /// Tasks waited for memory.
    MemoryPressure,
    /// Tasks waited for storage.
    IoPressure,
}

impl Disturbance {
    /// Whether something disturbed the trial.
    pub fn is_disturbed(&self) -> bool {
        !self.causes.is_empty()
    }

    /// CPU time of other processes as a share of all CPU time, from 0 to 1.
    pub fn other_cpu_share(&self) -> f64 {
        share(self.other_cpu_seconds, self.cpu_seconds())
    }

    /// Stolen time as a share of all CPU time, from 0 to 1.
    pub fn steal_share(&self) -> f64 {
        share(self.steal_seconds, self.cpu_seconds())
    }

    /// The CPU time that the window has.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        self.window_seconds * f64::from(self.cpus)
    }

    /// The longer wait for a CPU, of the load's thread and of the threads that accept, seconds.
    pub(crate) fn longest_run_delay(&self) -> f64 {
        let delays = [self.load_run_delay_seconds, self.accept_run_delay_seconds];
        delays.into_iter().flatten().fold(0.0, f64::max)
    }

    /// The causes with their measurements, as a fragment of a sentence: `other processes took 63
    /// % of the CPU time`; empty if the trial was not disturbed.
    pub fn describe(&self) -> String {
        let causes: Vec<_> = self.causes.iter().map(|&cause| self.describe_cause(cause)).collect();
        causes.join(", ")
    }

    fn describe_cause(&self, cause: DisturbanceCause) -> String {
        let of_window =
            |seconds: Option<f64>| percent(share(seconds.unwrap_or(0.0), self.window_seconds));
        match cause {
            DisturbanceCause::OtherProcesses => {
                format!(
                    "other processes took {} % of the CPU time",
                    percent(self.other_cpu_share())
                )
            }
            DisturbanceCause::WaitForCpu => {
                let load = self.load_run_delay_seconds.unwrap_or(0.0);
                let who = if load >= self.longest_run_delay() { "the load" } else { "the server" };
                format!(
                    "{who} waited for a CPU for {:.2} s while other processes used {:.2} s of CPU \
                     time",
                    self.longest_run_delay(),
                    self.other_cpu_seconds
                )
            }
            DisturbanceCause::Steal => {
                format!("the hypervisor took {} % of the CPU time", percent(self.steal_share()))
            }
            DisturbanceCause::Throttled => format!(
                "its control group's CPU limit stopped the lab for {} % of the time",
                of_window(self.throttled_seconds)
            ),
            DisturbanceCause::MemoryPressure => format!(
                "tasks waited for memory for {} % of the time",
                of_window(self.memory_pressure_seconds)
            ),
            DisturbanceCause::IoPressure => format!(
                "tasks waited for storage for {} % of the time",
                of_window(self.io_pressure_seconds)
            ),
        }
    }
}

impl DisturbanceCause {
    /// A few words for a table or a summary: `other processes`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherProcesses => "other processes",
            Self::WaitForCpu => "waits for a CPU",
            Self::Steal => "stolen CPU time",
            Self::Throttled => "a CPU limit",
            Self::MemoryPressure => "memory pressure",
            Self::IoPressure => "storage pressure",
        }
    }
}

impl fmt::Display for DisturbanceCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}

fn percent(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}
