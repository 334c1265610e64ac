//! The processes of a container that has joined the PID namespace of this host, whose first
//! process is the agent.

use std::fs;

use linux_net::ProcessStat;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};
use worker::metrics::most_memory_bytes;

use super::control::JoinedProcesses;

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
        let Some(stat) = ProcessStat::of(id.cast_signed()) else { continue };
        found.cpu_seconds += stat.own_seconds() + stat.waited_for_seconds();
        if stat.state != 'Z' {
            found.processes += 1;
            let status = fs::read_to_string(format!("/proc/{id}/status")).ok();
            let memory = status.as_deref().and_then(most_memory_bytes).unwrap_or(0);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_process_of_a_namespace_signals() {
        assert_eq!(signal(Signal::SIGCONT, &[]), Err(Errno::EPERM));
        assert_eq!(now(&[]), JoinedProcesses::default());
    }
}
