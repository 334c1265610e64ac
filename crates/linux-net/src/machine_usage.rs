//! How busy the machine has been so far: its CPU time, what the hypervisor took, and the time
//! that tasks waited for memory and storage.

use std::fs;

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// Units of /proc/stat in a second: USER_HZ, which is 100 on every architecture that the lab
/// runs on.
const USER_HZ: f64 = 100.0;

/// Totals since the machine booted. The difference of two says what happened between them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MachineUsage {
    /// The time at which the machine booted, seconds since 1970: two samples with another one
    /// are not of the same machine.
    pub booted: u64,
    /// The CPUs that this process may run on, to which the times of CPUs belong.
    pub cpus: u32,
    /// CPU time of processes and kernel threads: user, nice and system of /proc/stat, seconds.
    /// Without interrupts: the kernel handles the packets of the lab's own connections there,
    /// for no process.
    pub busy_seconds: f64,
    /// Time for which the hypervisor ran something else although a CPU had work, seconds.
    pub steal_seconds: f64,
    /// Time for which some task waited for a CPU (`some` of /proc/pressure/cpu), seconds; none
    /// without CONFIG_PSI.
    pub cpu_pressure_seconds: Option<f64>,
    /// Time for which some task waited for memory, seconds; none without CONFIG_PSI.
    pub memory_pressure_seconds: Option<f64>,
    /// Time for which some task waited for storage, seconds; none without CONFIG_PSI.
    pub io_pressure_seconds: Option<f64>,
    /// Time for which the CPU limit of this process's control group stopped its tasks, seconds;
    /// none without such a limit.
    pub throttled_seconds: Option<f64>,
}

impl MachineUsage {
    /// The totals now; `None` if /proc/stat cannot be read.
    pub fn now() -> Option<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0)).ok();
        let is_allowed = |cpu: usize| {
            allowed.as_ref().is_none_or(|set| {
                // A machine with more CPUs than the mask has is allowed all of the others.
                cpu >= CpuSet::count() || set.is_set(cpu).unwrap_or(true)
            })
        };
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let pressure = |resource: &str| {
            some_seconds(&fs::read_to_string(format!("/proc/pressure/{resource}")).ok()?)
        };
        Some(Self {
            cpu_pressure_seconds: pressure("cpu"),
            memory_pressure_seconds: pressure("memory"),
            io_pressure_seconds: pressure("io"),
            throttled_seconds: throttled_seconds(),
            ..Self::from_stat(&stat, is_allowed)?
        })
    }

    /// The CPU times in the text of /proc/stat.
    pub(crate) fn from_stat(stat: &str, is_allowed: impl Fn(usize) -> bool) -> Option<Self> {
        let mut usage = Self::default();
        for line in stat.lines() {
            let mut words = line.split_ascii_whitespace();
            let name = words.next().unwrap_or_default();
            let mut numbers = words.map(|word| word.parse::<u64>().unwrap_or(0));
            if name == "btime" {
                usage.booted = numbers.next()?;
            }
            let number = name.strip_prefix("cpu").and_then(|number| number.parse::<usize>().ok());
            if !number.is_some_and(&is_allowed) {
                continue;
            }
            // proc(5): user nice system idle iowait irq softirq steal guest guest_nice; user
            // includes guest.
            let times: Vec<u64> = numbers.collect();
            let seconds = |index: usize| times.get(index).copied().unwrap_or(0) as f64 / USER_HZ;
            usage.cpus += 1;
            usage.busy_seconds += seconds(0) + seconds(1) + seconds(2);
            usage.steal_seconds += seconds(7);
        }
        (usage.cpus > 0).then_some(usage)
    }
}

/// The total of `some` in the text of a file of /proc/pressure, seconds.
pub(crate) fn some_seconds(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let total = line.split(' ').find_map(|word| word.strip_prefix("total="))?;
    total.parse::<u64>().ok().map(|microseconds| microseconds as f64 / 1e6)
}

/// The time for which the limit of this process's control group has stopped its tasks: the
/// group itself in version 2, the CPU controller's group in version 1.
fn throttled_seconds() -> Option<f64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().find_map(|line| {
        let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
        let folder = match controllers {
            "" => "/sys/fs/cgroup",
            names if names.split(',').any(|name| name == "cpu") => "/sys/fs/cgroup/cpu",
            _ => return None,
        };
        let of_group = fs::read_to_string(format!("{folder}{group}/cpu.stat"));
        // A container sees its own group at the root.
        let text = of_group.or_else(|_| fs::read_to_string(format!("{folder}/cpu.stat"))).ok()?;
        throttled(&text)
    })
}

/// The throttled time in the text of `cpu.stat`, seconds; `None` without a limit.
pub(crate) fn throttled(text: &str) -> Option<f64> {
    let of = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        value.trim().parse::<u64>().ok()
    };
    let microseconds = of("throttled_usec").map(|us| us as f64 / 1e6);
    let seconds = microseconds.or_else(|| of("throttled_time").map(|ns| ns as f64 / 1e9));
    // Without a limit there are no periods.
    seconds.filter(|_| of("nr_periods").is_some_and(|periods| periods > 0))
}

/// The time for which the thread that calls has waited for a CPU although it could run, seconds
/// (the second number of /proc/thread-self/schedstat); `None` if the kernel does not count it
/// (CONFIG_SCHED_INFO).
pub fn run_delay_seconds() -> Option<f64> {
    run_delay(&fs::read_to_string("/proc/thread-self/schedstat").ok()?)
}

pub(crate) fn run_delay(text: &str) -> Option<f64> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<u64>);
    let (ran, waited) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    // The thread that reads it has run.
    (ran > 0).then_some(waited as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  900 90 300 1 2 30 40 50 60 0\n\
                        cpu0 400 40 100 1 2 30 40 20 60 0\n\
                        cpu1 500 50 200 1 2 0 0 30 0 0\n\
                        intr 5 1\nbtime 1764440000\n";

    #[test]
    fn only_allowed_cpus_are_counted_and_interrupts_are_not() {
        let both = MachineUsage::from_stat(STAT, |_| true).unwrap();
        assert_eq!((both.cpus, both.booted), (2, 1_764_440_000));
        assert_eq!((both.busy_seconds, both.steal_seconds), (12.9, 0.5));
        let one = MachineUsage::from_stat(STAT, |cpu| cpu == 1).unwrap();
        assert_eq!((one.cpus, one.busy_seconds, one.steal_seconds), (1, 7.5, 0.3));
        assert_eq!(MachineUsage::from_stat(STAT, |_| false), None);
        // Kernels before 2.6.11 have no steal.
        let old = MachineUsage::from_stat("cpu0 100 0 0 1\n", |_| true).unwrap();
        assert_eq!((old.busy_seconds, old.steal_seconds), (1.0, 0.0));
    }

    #[test]
    fn pressure_and_throttling_are_totals() {
        let text = "some avg10=1.00 avg60=0.50 avg300=0.10 total=1500000\n\
                    full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
        assert_eq!(some_seconds(text), Some(1.5));
        assert_eq!(some_seconds(""), None);
        let version_2 = "usage_usec 9\nnr_periods 4\nnr_throttled 1\nthrottled_usec 250000\n";
        assert_eq!(throttled(version_2), Some(0.25));
        let version_1 = "nr_periods 4\nnr_throttled 1\nthrottled_time 250000000\n";
        assert_eq!(throttled(version_1), Some(0.25));
        assert_eq!(throttled("nr_periods 0\nnr_throttled 0\nthrottled_time 0\n"), None);
        assert_eq!(throttled("usage_usec 9\n"), None);
    }

    #[test]
    fn the_run_delay_is_the_second_number() {
        assert_eq!(run_delay("168656 1331387 2\n"), Some(0.001_331_387));
        assert_eq!(run_delay("0 0 0\n"), None, "not counted");
        assert_eq!(run_delay(""), None);
    }

    #[test]
    fn the_machine_works_while_this_process_does() {
        let before = MachineUsage::now().unwrap();
        assert!(before.cpus > 0 && before.booted > 0, "{before:?}");
        let used = crate::process_cpu_ns();
        // Ten units of /proc/stat.
        while crate::process_cpu_ns() - used < 100_000_000 {
            std::hint::spin_loop();
        }
        let after = MachineUsage::now().unwrap();
        assert_eq!((after.cpus, after.booted), (before.cpus, before.booted));
        assert!(after.busy_seconds > before.busy_seconds, "{before:?} {after:?}");
    }
}
