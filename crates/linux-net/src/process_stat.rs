//! The state and the CPU time of a process, as /proc/PID/stat shows them.

use std::fs;

use nix::unistd::{SysconfVar, sysconf};

/// What /proc/PID/stat shows of a process (proc_pid_stat(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessStat {
    /// Its state: R, S, D, Z, T, …
    pub state: char,
    own_ticks: u64,
    waited_for_ticks: u64,
}

impl ProcessStat {
    /// That of a process; `None` if there is no such process.
    pub fn of(pid: i32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(stat: &str) -> Option<Self> {
        // The name, the second field, may contain anything.
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        // utime, stime, cutime and cstime are the fields 14 to 17.
        let mut times = fields.get(11..15)?.iter().map(|ticks| ticks.parse::<u64>());
        let mut pair = || Some(times.next()?.ok()?.saturating_add(times.next()?.ok()?));
        Some(Self {
            state: fields.first()?.chars().next()?,
            own_ticks: pair()?,
            waited_for_ticks: pair()?,
        })
    }

    /// Its own CPU time, seconds; in steps of 10 ms.
    pub fn own_seconds(&self) -> f64 {
        self.own_ticks as f64 / ticks_per_second()
    }

    /// The CPU time of children that it has waited for, with that of theirs, seconds.
    pub fn waited_for_seconds(&self) -> f64 {
        self.waited_for_ticks as f64 / ticks_per_second()
    }
}

/// USER_HZ: 100 on every machine that this program runs on.
fn ticks_per_second() -> f64 {
    sysconf(SysconfVar::CLK_TCK).ok().flatten().map_or(100.0, |ticks| ticks as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_follow_a_name_that_contains_anything() {
        let stat = "7 (a) 9 b) (c) S 1 7 7 0 -1 4194560 1 2 3 4 10 20 300 4000 20 0 1 0 5 6";
        let stat = ProcessStat::parse(stat).unwrap();
        assert_eq!((stat.state, stat.own_ticks, stat.waited_for_ticks), ('S', 30, 4300));
        assert_eq!((stat.own_seconds(), stat.waited_for_seconds()), (0.3, 43.0));
        assert_eq!(ProcessStat::parse("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_is_read() {
        let own = ProcessStat::of(std::process::id().cast_signed()).unwrap();
        assert!(matches!(own.state, 'R' | 'S'), "{own:?}");
        assert_eq!(ProcessStat::of(i32::MAX), None);
    }
}
