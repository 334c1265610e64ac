//! How busy the machine was while a load ran.

use run_record::{Disturbance, DisturbanceThresholds};

use crate::backend::TestbedUsage;

/// The totals of a machine before and after a load.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UsageWindow {
    pub(crate) before: TestbedUsage,
    pub(crate) after: TestbedUsage,
    /// The time between them, seconds.
    pub(crate) window_seconds: f64,
}

/// The time for which a trial's threads waited for a CPU, seconds; `None` if the kernel does not
/// count it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct RunDelays {
    /// The load's thread that waited longest.
    pub(crate) load_seconds: Option<f64>,
    /// The server's threads that accept.
    pub(crate) accept_seconds: Option<f64>,
}

impl UsageWindow {
    /// What disturbed the trial; `None` if the samples are not of the same machine and CPUs.
    pub(crate) fn disturbance(
        &self,
        delays: RunDelays,
        thresholds: &DisturbanceThresholds,
    ) -> Option<Disturbance> {
        let (before, after) = (&self.before.machine, &self.after.machine);
        if (before.booted, before.cpus) != (after.booted, after.cpus) {
            return None;
        }
        // A CPU that goes offline takes its times along.
        let increase = |before: f64, after: f64| (after - before).max(0.0);
        let optional = |before: Option<f64>, after: Option<f64>| Some(increase(before?, after?));
        let own = increase(self.before.own_cpu_seconds, self.after.own_cpu_seconds);
        let busy = increase(before.busy_seconds, after.busy_seconds);
        let disturbance = Disturbance {
            window_seconds: self.window_seconds,
            cpus: after.cpus,
            own_cpu_seconds: own,
            other_cpu_seconds: (busy - own).max(0.0),
            steal_seconds: increase(before.steal_seconds, after.steal_seconds),
            // A group gets its first period with its first limit.
            throttled_seconds: after
                .throttled_seconds
                .map(|after| increase(before.throttled_seconds.unwrap_or(0.0), after)),
            cpu_pressure_seconds: optional(before.cpu_pressure_seconds, after.cpu_pressure_seconds),
            memory_pressure_seconds: optional(
                before.memory_pressure_seconds,
                after.memory_pressure_seconds,
            ),
            io_pressure_seconds: optional(before.io_pressure_seconds, after.io_pressure_seconds),
            load_run_delay_seconds: delays.load_seconds,
            accept_run_delay_seconds: delays.accept_seconds,
            causes: Vec::new(),
        };
        Some(disturbance.judged(thresholds))
    }
}

#[cfg(test)]
mod tests {
    use linux_net::MachineUsage;
    use proptest::prelude::*;
    use run_record::DisturbanceCause;

    use super::*;

    fn usage(busy_seconds: f64, own_cpu_seconds: f64) -> TestbedUsage {
        let machine = MachineUsage { booted: 1, cpus: 2, busy_seconds, ..MachineUsage::default() };
        TestbedUsage { machine, own_cpu_seconds }
    }

    fn disturbance(before: TestbedUsage, after: TestbedUsage) -> Option<Disturbance> {
        UsageWindow { before, after, window_seconds: 10.0 }
            .disturbance(RunDelays::default(), &DisturbanceThresholds::CURRENT)
    }

    #[test]
    fn the_labs_own_cpu_time_is_no_disturbance() {
        let own = disturbance(usage(100.0, 5.0), usage(119.0, 23.5)).unwrap();
        assert_eq!((own.own_cpu_seconds, own.other_cpu_seconds), (18.5, 0.5));
        assert_eq!(own.causes, []);
        let others = disturbance(usage(100.0, 5.0), usage(119.0, 6.0)).unwrap();
        assert_eq!((others.own_cpu_seconds, others.other_cpu_seconds), (1.0, 18.0));
        assert_eq!(others.causes, [DisturbanceCause::OtherProcesses]);
        assert_eq!(others.describe(), "other processes took 90 % of the CPU time");
    }

    #[test]
    fn samples_of_different_machines_say_nothing() {
        let mut after = usage(119.0, 6.0);
        after.machine.cpus = 4;
        assert_eq!(disturbance(usage(100.0, 5.0), after.clone()), None);
        (after.machine.cpus, after.machine.booted) = (2, 7);
        assert_eq!(disturbance(usage(100.0, 5.0), after), None);
    }

    fn samples() -> impl Strategy<Value = TestbedUsage> {
        let seconds = || 0.0..1e6_f64;
        let optional = || proptest::option::of(0.0..1e6_f64);
        let pressures = (optional(), optional(), optional(), optional());
        (0u64..3, 1u32..4, seconds(), seconds(), seconds(), pressures).prop_map(
            |(booted, cpus, busy_seconds, steal_seconds, own_cpu_seconds, pressures)| {
                let (cpu, memory, io, throttled) = pressures;
                let machine = MachineUsage {
                    booted,
                    cpus,
                    busy_seconds,
                    steal_seconds,
                    cpu_pressure_seconds: cpu,
                    memory_pressure_seconds: memory,
                    io_pressure_seconds: io,
                    throttled_seconds: throttled,
                };
                TestbedUsage { machine, own_cpu_seconds }
            },
        )
    }

    proptest! {
        /// Counters that go backwards, machines that change and values that are missing.
        #[test]
        fn arbitrary_samples_give_no_negative_or_unfounded_disturbance(
            before in samples(),
            after in samples(),
            window_seconds in 0.0..100.0_f64,
            load_seconds in proptest::option::of(0.0..1e3_f64),
        ) {
            let window = UsageWindow { before, after, window_seconds };
            let delays = RunDelays { load_seconds, accept_seconds: None };
            let Some(found) = window.disturbance(delays, &DisturbanceThresholds::CURRENT) else {
                return Ok(());
            };
            prop_assert!(found.other_cpu_seconds >= 0.0 && found.steal_seconds >= 0.0);
            prop_assert!((0.0..=1.0).contains(&found.other_cpu_share()), "{found:?}");
            prop_assert_eq!(found.is_disturbed(), !found.describe().is_empty());
            let has = |cause| found.causes.contains(&cause);
            if has(DisturbanceCause::OtherProcesses) || has(DisturbanceCause::WaitForCpu) {
                prop_assert!(found.other_cpu_seconds > 0.0);
            }
            prop_assert!(!has(DisturbanceCause::MemoryPressure)
                || found.memory_pressure_seconds.is_some());
        }
    }
}
