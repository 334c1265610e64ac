//! The processes of a container that has joined the PID namespace of this host, whose first
//! process is the agent.

use std::fs;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

use super::control::JoinedProcesses;

/// Ticks per second of times in /proc/PID/stat: USER_HZ, the same on every machine.
const TICKS: f64 = 100.0;

/// What they use now; nothing if this is not the first process of a PID namespace. `workers` are
/// the processes that the agent has started.
pub(super) fn now(workers: &[u32]) -> JoinedProcesses {
    let mut found = JoinedProcesses::default();
    if !is_first() {
        return found;
    }
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    for id in ids.filter(|id| *id != 1 && !workers.contains(id)) {
        let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).ok();
        let Some((state, ticks)) = read("stat").as_deref().and_then(parse_stat) else { continue };
        found.cpu_seconds += ticks as f64 / TICKS;
        if state != 'Z' {
            found.processes += 1;
            let memory = read("status").as_deref().and_then(most_memory).unwrap_or(0);
            found.most_memory_bytes = found.most_memory_bytes.max(memory);
        }
    }
    found
}

/// Sends a signal to all of them at once. The workers are continued if it stops them too.
///
/// # Errors
/// If this is not the first process of a PID namespace, or may not signal them.
pub(super) fn signal(signal: Signal, workers: &[u32]) -> nix::Result<()> {
    if !is_first() {
        return Err(Errno::EPERM);
    }
    // Everything in this PID namespace but its first process: this one.
    match kill(Pid::from_raw(-1), signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => return Err(error),
    }
    for worker in workers {
        // It may have ended.
        let _ = kill(Pid::from_raw(worker.cast_signed()), Signal::SIGCONT);
    }
    Ok(())
}

fn is_first() -> bool {
    getpid() == Pid::from_raw(1)
}

/// The state of a process, and its CPU time with that of children that it has reaped, ticks.
fn parse_stat(stat: &str) -> Option<(char, u64)> {
    // The name before may contain anything.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // utime, stime, cutime and cstime: see proc_pid_stat(5), which counts from 1 and before the
    // name.
    let ticks: Option<u64> =
        fields.get(11..15)?.iter().map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some((fields.first()?.chars().next()?, ticks?))
}

fn most_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_a_process_with_an_odd_name_are_read() {
        let stat = "7 (a) b) (c) S 1 7 7 0 -1 4194560 100 0 0 0 12 3 4 1 20 0 1 0 100 5000 300";
        assert_eq!(parse_stat(stat), Some(('S', 20)));
        let own = fs::read_to_string("/proc/self/stat").unwrap();
        assert!(parse_stat(&own).is_some_and(|(state, _)| state == 'R' || state == 'S'), "{own}");
        assert_eq!(parse_stat("7 (x) S 1"), None);
        let status = fs::read_to_string("/proc/self/status").unwrap();
        assert!(most_memory(&status).unwrap() > 1 << 20, "{status}");
    }

    #[test]
    fn only_the_first_process_of_a_namespace_signals() {
        assert_eq!(signal(Signal::SIGCONT, &[]), Err(Errno::EPERM));
        assert_eq!(now(&[]), JoinedProcesses::default());
    }
}
