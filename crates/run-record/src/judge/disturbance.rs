//! Decides what disturbed a trial, and what a disturbed trial does not decide.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::disturbance::{Disturbance, DisturbanceCause};
use crate::law::LawCheck;

/// The thresholds from which on a trial is disturbed. They are recorded with each run.
///
/// They are far above what the daemons of an idle machine use, and above what the kernel's own
/// threads do for the lab when they remove its hosts (measured: 2 % of the CPU time). With a
/// fifth of two CPUs gone, neither the load nor the server has a CPU whenever it wants one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DisturbanceThresholds {
    /// CPU time of other processes, as a share of the CPU time that the lab's processes could
    /// have had: a busy process on 2 CPUs takes 0.5, on 64 CPUs it takes no CPU that is needed.
    pub other_cpu_share: f64,
    /// The time for which the load, or the server's threads that accept, waited for a CPU, as a
    /// share of the window, if other processes used as much CPU time: less than
    /// `other_cpu_share`, but when it mattered. The lab's own threads make each other wait, too,
    /// and that is no disturbance: other processes can only explain as much as they used.
    pub wait_share: f64,
    /// Time that the hypervisor took, as a share of all CPU time.
    pub steal_share: f64,
    /// Time for which the control group's CPU limit stopped the lab, as a share of the window.
    pub throttled_share: f64,
    /// Time for which some task waited for memory, as a share of the window: also the lab's
    /// tasks wait for pages then.
    pub memory_pressure_share: f64,
    /// Time for which some task waited for storage, as a share of the window: half of it,
    /// because the lab itself needs no storage during a trial, only the pages of its program.
    pub io_pressure_share: f64,
    /// Shorter times are never a disturbance, seconds: /proc/stat counts in units of 10 ms, and
    /// attributes each tick of the kernel (4 ms with 250 Hz) to the task that it finds.
    pub shortest_seconds: f64,
}

impl DisturbanceThresholds {
    /// The thresholds of this build.
    pub const CURRENT: Self = Self {
        other_cpu_share: 0.2,
        wait_share: 0.2,
        steal_share: 0.1,
        throttled_share: 0.1,
        memory_pressure_share: 0.1,
        io_pressure_share: 0.5,
        shortest_seconds: 0.04,
    };

    /// What disturbed a trial.
    fn causes(&self, of: &Disturbance) -> Vec<DisturbanceCause> {
        let (cpu, window) = (of.cpu_seconds(), of.window_seconds);
        let reaches = |seconds: f64, share: f64, whole: f64| {
            whole > 0.0 && seconds >= self.shortest_seconds && seconds >= share * whole
        };
        let pressure = |seconds: Option<f64>, share| {
            seconds.is_some_and(|seconds| reaches(seconds, share, window))
        };
        let explained = of.longest_run_delay().min(of.other_cpu_seconds);
        [
            (
                DisturbanceCause::OtherProcesses,
                reaches(of.other_cpu_seconds, self.other_cpu_share, cpu),
            ),
            (DisturbanceCause::WaitForCpu, reaches(explained, self.wait_share, window)),
            (DisturbanceCause::Steal, reaches(of.steal_seconds, self.steal_share, cpu)),
            (DisturbanceCause::Throttled, pressure(of.throttled_seconds, self.throttled_share)),
            (
                DisturbanceCause::MemoryPressure,
                pressure(of.memory_pressure_seconds, self.memory_pressure_share),
            ),
            (
                DisturbanceCause::IoPressure,
                pressure(of.io_pressure_seconds, self.io_pressure_share),
            ),
        ]
        .into_iter()
        .filter_map(|(cause, is_reached)| is_reached.then_some(cause))
        .collect()
    }
}

/// Facts of an expectation that a busy machine does not change: settings, and what must not
/// happen at any speed.
const EXACT_FACTS: [&str; 8] =
    ["hosts", "server", "load", "after", "integrity", "queue.limit", "attempts", "server_died"];

impl Disturbance {
    /// Decides what disturbed the trial.
    #[must_use]
    pub fn judged(self, thresholds: &DisturbanceThresholds) -> Self {
        Self { causes: thresholds.causes(&self), ..self }
    }

    /// Whether a disturbed trial decides an expectation that uses these facts. Rates, shares,
    /// outcomes, times and counters depend on who got the CPUs; settings, the limit of a queue
    /// and the integrity of deliveries do not.
    pub fn decides_expectation<'a>(&self, facts: impl IntoIterator<Item = &'a str>) -> bool {
        let is_exact = |fact: &str| {
            EXACT_FACTS.iter().any(|exact| {
                fact.strip_prefix(exact).is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with('.') || rest.starts_with('[')
                })
            })
        };
        !self.is_disturbed() || facts.into_iter().all(is_exact)
    }

    /// Whether a disturbed trial decides a law. All exact laws are decided, and so is a time
    /// that is too early. What came too late, or not before the trial ended, may have been
    /// delayed by other processes.
    pub fn decides_law(&self, law: &LawCheck) -> bool {
        let is_late = law.latest.is_some() && law.deviation.is_none_or(|late| late > 0.0);
        !(self.is_disturbed() && law.held == Some(false) && is_late)
    }
}

#[cfg(test)]
mod tests {
    use queue_model::accept_queue::CAPACITY;

    use super::*;
    use DisturbanceCause::{
        IoPressure, MemoryPressure, OtherProcesses, Steal, Throttled, WaitForCpu,
    };

    /// Ten seconds on two CPUs, without any disturbance.
    fn quiet() -> Disturbance {
        Disturbance {
            window_seconds: 10.0,
            cpus: 2,
            own_cpu_seconds: 19.0,
            ..Disturbance::default()
        }
    }

    fn causes(disturbance: Disturbance) -> Vec<DisturbanceCause> {
        disturbance.judged(&DisturbanceThresholds::CURRENT).causes
    }

    #[test]
    fn each_threshold_decides_its_own_cause() {
        assert_eq!(causes(quiet()), []);
        type Change = fn(&mut Disturbance, f64);
        let cases: [(Change, f64, DisturbanceCause); 5] = [
            (|it, n| it.other_cpu_seconds = n, 4.0, OtherProcesses),
            (|it, n| it.steal_seconds = n, 2.0, Steal),
            (|it, n| it.throttled_seconds = Some(n), 1.0, Throttled),
            (|it, n| it.memory_pressure_seconds = Some(n), 1.0, MemoryPressure),
            (|it, n| it.io_pressure_seconds = Some(n), 5.0, IoPressure),
        ];
        for (set, threshold, cause) in cases {
            let with = |seconds: f64| {
                let mut disturbance = quiet();
                set(&mut disturbance, seconds);
                causes(disturbance)
            };
            assert_eq!(with(threshold), [cause]);
            assert_eq!(with(threshold * 0.999), [], "{cause}");
        }
    }

    #[test]
    fn a_wait_for_a_cpu_is_the_runs_own_unless_others_used_as_much() {
        let with = |load, accept, others| {
            causes(Disturbance {
                load_run_delay_seconds: load,
                accept_run_delay_seconds: accept,
                other_cpu_seconds: others,
                ..quiet()
            })
        };
        assert_eq!(with(Some(9.0), Some(9.0), 0.1), [], "own contention");
        assert_eq!(with(Some(2.5), None, 2.5), [WaitForCpu]);
        assert_eq!(with(None, Some(2.5), 2.5), [WaitForCpu]);
        assert_eq!(with(Some(0.1), Some(0.1), 2.5), [], "no wait");
        assert_eq!(with(None, None, 2.5), [], "not counted");
        assert_eq!(with(Some(9.0), None, 9.0), [OtherProcesses, WaitForCpu]);
    }

    #[test]
    fn the_share_is_of_all_cpus_and_short_times_are_rounding() {
        let with = |cpus, window_seconds, other_cpu_seconds| {
            causes(Disturbance { cpus, window_seconds, other_cpu_seconds, ..quiet() })
        };
        assert_eq!(with(2, 10.0, 10.0), [OtherProcesses], "one busy process on two CPUs");
        assert_eq!(with(64, 10.0, 10.0), [], "and on 64");
        assert_eq!(with(2, 0.05, 0.03), [], "three units of /proc/stat");
        assert_eq!(with(2, 0.05, 0.08), [OtherProcesses], "all of a short trial");
        assert_eq!(with(0, 10.0, 10.0), [], "damaged record");
        assert_eq!(with(2, 0.0, 10.0), [], "damaged record");
    }

    fn disturbed() -> Disturbance {
        Disturbance { causes: vec![OtherProcesses], ..quiet() }
    }

    #[test]
    fn a_disturbed_trial_decides_only_expectations_about_exact_facts() {
        let decides = |facts: &[&str]| disturbed().decides_expectation(facts.iter().copied());
        assert!(decides(&["integrity.lost", "integrity.doubled"]));
        assert!(decides(&["queue.limit", "server.backlog", "hosts.server.sysctls[\"x\"]"]));
        assert!(decides(&["server_died"]));
        for affected in ["outcomes.ok", "success_rate", "queue.depth", "connect.worst_s"] {
            assert!(!decides(&["attempts", affected]), "{affected}");
            assert!(quiet().decides_expectation([affected]), "{affected}");
        }
        assert!(!decides(&["loaded"]), "a whole name");
    }

    #[test]
    fn a_disturbed_trial_decides_every_law_but_a_late_time() {
        let law = |latest, deviation, held| LawCheck {
            latest,
            deviation,
            held: Some(held),
            ..LawCheck::new(&CAPACITY, 1.0, None)
        };
        let decides = |law| disturbed().decides_law(&law);
        assert!(decides(law(None, Some(1.0), false)), "an exact law that failed");
        assert!(decides(law(None, None, false)), "an exact law that was not measured");
        assert!(decides(law(Some(2.0), Some(-1.0), false)), "too early");
        assert!(decides(law(Some(2.0), Some(0.5), true)), "in time");
        for late in [Some(5.0), None] {
            assert!(!decides(law(Some(2.0), late, false)), "{late:?}: too late");
            assert!(quiet().decides_law(&law(Some(2.0), late, false)));
        }
    }
}
