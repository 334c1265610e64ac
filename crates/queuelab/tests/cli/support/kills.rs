//! Kills of a run at random instants, and what must hold after each.
//!
//! | variable | meaning |
//! |---|---|
//! | `QUEUELAB_KILLS` | how many; a few without it |
//! | `QUEUELAB_KILL_SEED` | the seed of a run of the test, which it prints, to repeat it |

use std::collections::HashSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use run_record::{RunDirectory, wall_time};

use crate::support::docker::{BackgroundRun, start_with};
use crate::support::{
    all_output, has_passed_in, out_directory, queuelab, runs, send_signal, wait_until,
};

/// Eight trials, which start and end a server, a load and a probe each.
const RUN: &[&str] = &["smoke", "--repeat", "2"];
const TRIALS: usize = 8;

/// The variable that marks the processes of a killed run, which inherit it.
const MARK: &str = "QUEUELAB_TEST_KILL";

/// A signal, and the instant of a run at which it is sent: as many looks at its directory
/// after it had this number of trials. The number of looks, rather than a time, because a run
/// on a busy machine then gets it at about the same instant.
#[derive(Debug)]
struct Kill {
    signal: Signal,
    trials: usize,
    looks: u32,
}

impl Kill {
    /// The kill with this number: the signals in turn, at random instants.
    fn random(random: &mut StdRng, number: u32, most_looks: u32) -> Self {
        let most_looks = random.random_range(0..=most_looks);
        let signals = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT];
        Self {
            signal: signals[number as usize % signals.len()],
            trials: random.random_range(0..TRIALS),
            // Early instants often: much happens between a trial and the next.
            looks: random.random_range(0..=most_looks),
        }
    }

    /// Sends the signal at its instant, or not at all if the run ends before.
    fn send(&self, run: &mut BackgroundRun, out: &Path) {
        let is_running = |run: &mut BackgroundRun| run.child.try_wait().unwrap().is_none();
        while is_running(run) && recorded(out) < self.trials {}
        for _ in 0..self.looks {
            if !is_running(run) {
                return;
            }
            recorded(out);
        }
        send_signal(&run.child, self.signal);
    }
}

/// Kills runs on a backend. `most_looks` is about the length of a trial; `after` is called with
/// the process id of each run that was killed, and the signal, and asserts that the backend has
/// nothing left.
pub(crate) fn kill_runs(
    backend: &str,
    usual_count: u32,
    most_looks: u32,
    environment: &[(&str, &str)],
    mut after: impl FnMut(u32, Signal),
) {
    let variable = |name: &str| std::env::var(name).ok().map(|value| value.parse().unwrap());
    let count = variable("QUEUELAB_KILLS").map_or(usual_count, |count: u64| count as u32);
    let seed: u64 =
        variable("QUEUELAB_KILL_SEED").unwrap_or_else(|| wall_time().as_nanosecond() as u64);
    eprintln!("QUEUELAB_KILL_SEED={seed} for {count} kills on {backend}");
    let mut random = StdRng::seed_from_u64(seed);
    for number in 0..count {
        let kill = Kill::random(&mut random, number, most_looks);
        eprintln!("kill {number}: {kill:?}");
        let out = out_directory();
        let mark = format!("{}-{seed}-{number}", std::process::id());
        let arguments = [RUN, &["--backend", backend]].concat();
        let mut run = start_with(out.path(), &arguments, |command| {
            command.envs(environment.iter().copied()).env(MARK, &mark)
        });
        let pid = run.child.id();
        kill.send(&mut run, out.path());
        let namespaces = namespaces_of(&marked(&mark));
        let (output, _) = run.finish();
        let status = output.status;
        let is_killed = status.code() == Some(130)
            || status.signal().is_some_and(|signal| signal == kill.signal as i32);
        let has_ended = has_passed_in(status.code(), out.path());
        assert!(is_killed || has_ended, "{kill:?}: {}", all_output(&output));
        assert_no_process(&mark, &namespaces);
        after(pid, kill.signal);
        assert_resumes(out.path(), environment, &kill);
    }
}

/// The number of trials that the run below `out` has recorded.
fn recorded(out: &Path) -> usize {
    let trials = runs(out).first().and_then(|run| fs::read(run.join("trials.jsonl")).ok());
    trials.map_or(0, |trials| trials.iter().filter(|byte| **byte == b'\n').count())
}

/// Resumes the run, if it had begun, and asserts that it has each trial exactly once.
fn assert_resumes(out: &Path, environment: &[(&str, &str)], kill: &Kill) {
    let Some(run) = runs(out).into_iter().next() else { return };
    let (record, before) = RunDirectory::read(&run).unwrap();
    if record.ended.is_none() {
        let mut resume = queuelab(&["run", "--resume", run.to_str().unwrap()]);
        let output = resume.envs(environment.iter().copied()).output().unwrap();
        let has_passed = has_passed_in(output.status.code(), out);
        assert!(has_passed, "{kill:?}: {}", all_output(&output));
    }
    let (record, after) = RunDirectory::read(&run).unwrap();
    assert!(record.ended.is_some(), "{kill:?}");
    assert_eq!(after[..before.len()], before, "{kill:?}: recorded trials are unchanged");
    let mut ids: Vec<_> = after.iter().map(|trial| trial.id as usize).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..TRIALS).collect::<Vec<_>>(), "{kill:?}: each trial exactly once");
    assert_eq!(runs(out).len(), 1, "{kill:?}");
}

/// The processes with this mark.
fn marked(mark: &str) -> Vec<u32> {
    let mark = format!("{MARK}={mark}");
    let has_mark = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    processes().into_iter().filter(has_mark).collect()
}

fn processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The network namespaces of processes, without that of this one.
fn namespaces_of(processes: &[u32]) -> HashSet<String> {
    let of = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
    let own = of(std::process::id());
    let others =
        processes.iter().filter_map(|pid| of(*pid)).filter(|found| own.as_ref() != Some(found));
    others.map(|namespace| namespace.to_string_lossy().into_owned()).collect()
}

/// Asserts that soon no process of a run is left, and nothing that keeps its namespaces.
fn assert_no_process(mark: &str, namespaces: &HashSet<String>) {
    wait_until("no process of the killed run is left", || marked(mark).is_empty());
    wait_until("no process is left in its namespaces", || {
        namespaces_of(&processes()).is_disjoint(namespaces)
    });
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let is_mounted = |namespace: &&String| mounts.contains(namespace.as_str());
    assert_eq!(namespaces.iter().find(is_mounted), None, "a namespace is mounted");
}

/// `queuelab clean`.
pub(crate) fn clean(environment: &[(&str, &str)]) {
    let mut clean: Command = queuelab(&["clean"]);
    let output = clean.envs(environment.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
}
