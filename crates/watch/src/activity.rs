//! What a process does.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;

use linux_net::monotonic_ns;
use procfs::process::{LimitValue, Process};
use watch_record::{ProcessActivity, WatchedProcess};

/// Threads of a process that are looked at.
const MAX_THREADS: usize = 64;

/// A process that is looked at repeatedly.
#[derive(Debug)]
pub(crate) struct WatchedTimes {
    /// When it started, ticks since the machine did: with its number it identifies the process.
    started: u64,
    at_ns: u64,
    cpu_ticks: u64,
    /// Run delay of each thread, nanoseconds.
    delays_ns: BTreeMap<i32, u64>,
    shares: Shares,
}

/// What a process used since the times before, as in [`WatchedProcess`].
#[derive(Debug, Clone, Copy, Default)]
struct Shares {
    cpu: Option<f64>,
    run_delay: Option<f64>,
}

/// The shortest time over which shares are computed: its CPU time is counted in ticks of 10 ms.
const MIN_SHARE_NS: u64 = 500_000_000;

impl WatchedTimes {
    /// With what was used since `before`.
    fn since(mut self, before: &Self) -> Self {
        let seconds = self.at_ns.saturating_sub(before.at_ns) as f64 / 1e9;
        let ticks = self.cpu_ticks.saturating_sub(before.cpu_ticks);
        let delay = |(thread, now): (&i32, &u64)| {
            before.delays_ns.get(thread).map_or(0, |then| now.saturating_sub(*then))
        };
        let delays_ns = self.delays_ns.iter().map(delay).sum::<u64>();
        let is_delay_known = !self.delays_ns.is_empty();
        self.shares = Shares {
            cpu: Some(ticks as f64 / procfs::ticks_per_second() as f64 / seconds),
            run_delay: is_delay_known.then(|| delays_ns as f64 / 1e9 / seconds),
        };
        self
    }
}

/// What a process does now; `times` are of an earlier look at the same number, and are replaced
/// once they are old enough. `None` if it has ended.
pub(crate) fn look(pid: u32, times: &mut Option<WatchedTimes>) -> Option<WatchedProcess> {
    let process = Process::new(pid.cast_signed()).ok()?;
    let stat = process.stat().ok()?;
    let (activity, delays_ns) = threads(&process);
    let now = WatchedTimes {
        started: stat.starttime,
        at_ns: monotonic_ns(),
        cpu_ticks: stat.utime + stat.stime,
        delays_ns,
        shares: Shares::default(),
    };
    let known = match times.take().filter(|before| before.started == now.started) {
        None => now,
        Some(before) if now.at_ns.saturating_sub(before.at_ns) < MIN_SHARE_NS => before,
        Some(before) => now.since(&before),
    };
    let shares = times.insert(known).shares;
    let max_open_files = match process.limits().ok().map(|limits| limits.max_open_files.soft_limit)
    {
        Some(LimitValue::Value(limit)) => Some(limit),
        _ => None,
    };
    Some(WatchedProcess {
        pid,
        name: stat.comm,
        command: command(pid),
        activity,
        open_files: process.fd_count().ok().map(|files| files as u64),
        max_open_files,
        cpu_share: shares.cpu,
        run_delay_share: shares.run_delay,
    })
}

/// When a process started, in ticks since the machine did; `None` if it has ended.
pub(crate) fn started(pid: u32) -> Option<u64> {
    Some(Process::new(pid.cast_signed()).ok()?.stat().ok()?.starttime)
}

/// The name of a process; `None` if it has ended.
pub(crate) fn name(pid: u32) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}

/// The first bytes of a command line that are read: a process chooses its own, and it is kept for
/// each of its listeners.
const COMMAND_BYTES: u64 = 1_024;

/// The command line of a process, as far as it is read; empty if it cannot be.
fn command(pid: u32) -> Vec<String> {
    let mut bytes = Vec::new();
    let file = File::open(format!("/proc/{pid}/cmdline"));
    if file.and_then(|file| file.take(COMMAND_BYTES).read_to_end(&mut bytes)).is_err() {
        return Vec::new();
    }
    let mut arguments: Vec<_> =
        bytes.split(|byte| *byte == 0).map(|it| String::from_utf8_lossy(it).into_owned()).collect();
    // Each ends with a zero.
    if arguments.last().is_some_and(String::is_empty) {
        arguments.pop();
    }
    arguments
}

/// What its threads do, and their run delays.
fn threads(process: &Process) -> (Option<ProcessActivity>, BTreeMap<i32, u64>) {
    let mut activity = ProcessActivity { frozen: is_frozen(process), ..ProcessActivity::default() };
    let mut waits = BTreeMap::<String, u32>::new();
    let mut delays_ns = BTreeMap::new();
    let Ok(tasks) = process.tasks() else { return (None, delays_ns) };
    let mut tasks = tasks.flatten();
    for task in tasks.by_ref().take(MAX_THREADS) {
        let Ok(stat) = task.stat() else { continue };
        activity.threads += 1;
        match stat.state {
            'R' => activity.running += 1,
            'T' | 't' => activity.stopped += 1,
            'D' => activity.uninterruptible += 1,
            _ => activity.sleeping += 1,
        }
        if let Ok(times) = task.schedstat() {
            delays_ns.insert(task.tid, times.run_delay);
        }
        let waits_in = fs::read_to_string(format!("/proc/{}/task/{}/wchan", task.pid, task.tid));
        if let Ok(function) = waits_in
            && !matches!(stat.state, 'R' | 'T' | 't')
            && !matches!(function.as_str(), "" | "0")
        {
            *waits.entry(function).or_default() += 1;
        }
    }
    activity.other_threads = tasks.count() as u32;
    let mut waits: Vec<_> = waits.into_iter().collect();
    waits.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    activity.waits_in = waits.into_iter().map(|(function, _)| function).collect();
    ((activity.threads > 0).then_some(activity), delays_ns)
}

/// Whether its control group is frozen, in either version of control groups.
fn is_frozen(process: &Process) -> bool {
    let groups = process.cgroups().into_iter().flatten();
    groups.into_iter().any(|group| {
        let path = &group.pathname;
        let has = |file: String, line: &str| {
            fs::read_to_string(file).is_ok_and(|text| text.lines().any(|it| it == line))
        };
        let is_freezer = group.controllers.iter().any(|controller| controller == "freezer");
        match group.hierarchy {
            0 => has(format!("/sys/fs/cgroup{path}/cgroup.events"), "frozen 1"),
            _ if is_freezer => has(format!("/sys/fs/cgroup/freezer{path}/freezer.state"), "FROZEN"),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::yield_now();
        }
    }

    fn make_older(times: &mut Option<WatchedTimes>) {
        times.as_mut().unwrap().at_ns -= MIN_SHARE_NS;
    }

    #[test]
    fn a_share_is_not_of_a_moment() {
        let mut now = WatchedTimes {
            started: 1,
            at_ns: 3_000_000_000,
            cpu_ticks: 150,
            delays_ns: BTreeMap::from([(7, 900_000_000), (8, 5)]),
            shares: Shares::default(),
        };
        let delays_ns = BTreeMap::from([(7, 400_000_000)]);
        let before = WatchedTimes { at_ns: 1_000_000_000, cpu_ticks: 100, delays_ns, ..now };
        now.delays_ns = BTreeMap::from([(7, 900_000_000), (8, 5)]);
        let shares = now.since(&before).shares;
        assert_eq!(shares.cpu, Some(50.0 / procfs::ticks_per_second() as f64 / 2.0));
        assert_eq!(shares.run_delay, Some(0.25));

        // A busy process: a tick of it within a millisecond would be a share of ten CPUs.
        let pid = std::process::id();
        let mut times = None;
        look(pid, &mut times).unwrap();
        let at_ns = times.as_ref().unwrap().at_ns;
        let again = look(pid, &mut times).unwrap();
        let is_soon = monotonic_ns() - at_ns < MIN_SHARE_NS;
        assert!(!is_soon || (again.cpu_share.is_none() && times.unwrap().at_ns == at_ns));
    }

    #[test]
    fn a_process_that_is_stopped_says_so_until_it_is_continued() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        let mut times = None;
        let mut stopped = || {
            let process = look(pid, &mut times).unwrap();
            let activity = process.activity.unwrap();
            (activity.is_stopped(), process.name == "cat" && process.command == ["cat"])
        };
        wait_until("it is cat", || stopped() == (false, true));
        let signal = |signal| kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
        signal(Signal::SIGSTOP);
        wait_until("it is stopped", || stopped() == (true, true));
        signal(Signal::SIGCONT);
        wait_until("it goes on", || stopped() == (false, true));
        make_older(&mut times);
        let process = look(pid, &mut times).unwrap();
        assert!(process.open_files.unwrap() >= 3 && process.max_open_files.is_some());
        assert!(process.cpu_share.is_some());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(look(pid, &mut times), None);
    }

    #[test]
    fn another_process_of_the_same_number_has_no_earlier_times() {
        let pid = std::process::id();
        let mut times = None;
        assert_eq!(look(pid, &mut times).unwrap().cpu_share, None);
        make_older(&mut times);
        let share = look(pid, &mut times).unwrap().cpu_share;
        assert!(share.is_some());
        times.as_mut().unwrap().started += 1;
        assert_eq!(look(pid, &mut times).unwrap().cpu_share, None);
    }
}
