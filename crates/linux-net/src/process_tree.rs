//! The CPU time of a process and of everything that it has started.

use std::fs;

use nix::unistd::Pid;

use crate::clock::process_cpu_ns_of;
use crate::process_stat::ProcessStat;

/// The CPU time so far of a process and all its descendants, those that have ended and been
/// waited for included, seconds; `None` if there is no such process.
///
/// Descendants are found by /proc/PID/task/TID/children. On a kernel without it
/// (CONFIG_PROC_CHILDREN) only those that have ended count.
pub fn process_tree_cpu_seconds(pid: i32) -> Option<f64> {
    // To the nanosecond; the times in /proc are in ticks.
    let own = process_cpu_ns_of(Pid::from_raw(pid))? as f64 / 1e9;
    // The time of a process that is waited for moves to its parent.
    let waited_for = ProcessStat::of(pid).map_or(0.0, |stat| stat.waited_for_seconds());
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let living: Vec<i32> = lists.flat_map(|list| children(&list).collect::<Vec<_>>()).collect();
    let living = living.into_iter().filter_map(process_tree_cpu_seconds);
    Some(own + waited_for + living.sum::<f64>())
}

fn children(list: &str) -> impl Iterator<Item = i32> {
    list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_children_of_a_thread_are_a_list() {
        assert_eq!(children("12 7 \n").collect::<Vec<_>>(), [12, 7]);
    }

    #[test]
    fn the_time_of_a_grandchild_counts_while_it_runs_and_after_its_end() {
        // The shell starts one that works, says so, waits for it, and stays.
        let script = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo worked; \
                      read line'; echo waited; read line";
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().unwrap();
        let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
        let seconds = || process_tree_cpu_seconds(shell.id().cast_signed()).unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), "worked");
        let while_it_runs = seconds();
        assert!(while_it_runs >= 0.05, "{while_it_runs}");
        let mut input = shell.stdin.as_ref().unwrap();
        input.write_all(b"\n").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), "waited");
        let after = seconds();
        // What has been waited for is counted in ticks.
        assert!(after >= while_it_runs - 0.02, "{after} {while_it_runs}");
        drop(shell.stdin.take());
        let pid = shell.id().cast_signed();
        shell.wait().unwrap();
        assert_eq!(process_tree_cpu_seconds(pid), None);
    }
}
