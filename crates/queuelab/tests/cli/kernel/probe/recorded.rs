//! The probe of a trial.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::{DepthSource, Outcome, PeakSource, QueueRows, RunDirectory, TrialRecord};

use crate::support::retried::report_repeated;
use crate::support::{all_output, assert_passed, out_directory, queuelab, run, runs};

const CAPACITY: &str = "\
name: probed
question: Is the queue sampled?
hosts:
  server: {sysctls: {net.core.somaxconn: 4096}}
server: {accept_paused: true}
load: {clients: 20, pattern: rate, connect_rate: 200, messages: 0, connect_deadline: 900ms, finish_deadline: 5s}
matrix:
  server.backlog: [2, 11]
record: {timelines: true, attempts: true}
expect:
  - that: probe.deepest == server.backlog + 1
  - that: probe.established >= server.backlog + 1
  - that: queue.drops > 0
  - that: probe.syn_recv + probe.time_wait + probe.fin_wait_2 >= 0
";

/// Whether the probe of a trial has missed ticks for a third of a second.
fn has_stalled(runs_in: &Path, trial: &TrialRecord) -> bool {
    let rows = RunDirectory::read_timeline(&runs(runs_in)[0], trial.id).unwrap().unwrap();
    let interval = trial.evidence.probe.as_ref().unwrap().interval_seconds;
    rows.iter().any(|row| row.missed as f64 * interval > 0.3)
}

#[test]
fn a_trial_records_the_metrics_of_its_probe() {
    let out = out_directory();
    let file = out.path().join("probed.yaml");
    std::fs::write(&file, CAPACITY).unwrap();
    // A probe that a busy machine stalls sees nothing of a queue that is full for a second.
    let (runs_in, output, trials) = (0..4)
        .map(|repeated| {
            let runs_in = out.path().join(format!("runs-{repeated}"));
            let (output, _, trials) = run(&runs_in, &[file.to_str().unwrap()]);
            report_repeated("a run", repeated, "the probe stalled");
            (runs_in, output, trials)
        })
        .find(|(runs_in, _, trials)| trials.iter().all(|trial| !has_stalled(runs_in, trial)))
        .expect("a probe that takes samples");
    assert_passed(&output);
    assert_eq!(trials.len(), 2);
    for trial in &trials {
        let probe = trial.evidence.probe.as_ref().unwrap();
        let capacity = trial.outcomes.get(Outcome::Ok) as u32;
        assert_eq!((probe.deepest, probe.listeners.len()), (capacity, 1), "{probe:?}");
        assert_eq!(probe.listeners[0].limit, capacity - 1);
        assert!(probe.seconds >= 0.9 && probe.cpu_seconds > 0.0, "{probe:?}");
        let run = &runs(&runs_in)[0];
        let rows = RunDirectory::read_timeline(run, trial.id).unwrap().unwrap();
        assert_eq!(rows.iter().filter_map(|row| row.depth).max(), Some(capacity));
        assert_eq!(rows.iter().map(|row| row.missed).sum::<u64>(), probe.missed);
        // Each accept has a reading, of which the last found the queue empty.
        let read: Vec<_> =
            rows.iter().filter(|row| row.source() == DepthSource::AcceptLoop).collect();
        let taken = |row: &&run_record::TimelineRow| (row.taken.unwrap(), row.depth.unwrap());
        let expected: Vec<_> =
            (1..=capacity).map(|taken| (u64::from(taken), capacity - taken)).collect();
        assert_eq!(read.iter().map(taken).collect::<Vec<_>>(), expected);
        // Samples, readings, attempts and accepts agree, and show when the queue was full.
        let name = "readings of the accept queue agree";
        let check = trial.invariants.iter().find(|check| check.name == name).unwrap();
        assert_eq!(check.held, Some(true), "{check:?}");
        let peak = trial.evidence.deepest_queue.unwrap();
        assert_eq!((peak.at_least, peak.at_most), (capacity, Some(capacity)), "{peak:?}");
        assert_eq!(peak.shown_by, PeakSource::Probe, "before the first accept");
        assert_eq!(peak.readings, u64::from(capacity));
        let attempts = RunDirectory::read_attempts(run, trial.id).unwrap().unwrap();
        let rows_of_queue = QueueRows {
            timeline: &rows,
            attempts: Some(&attempts),
            accepts_are_known: trial.accepted.is_some(),
        };
        let bounds = rows_of_queue.observations().unwrap().bounds().unwrap();
        let (first_accept, last_accept) = (read[0].called_ns.unwrap(), read[read.len() - 1].at_ns);
        let full =
            rows.iter().rfind(|row| row.at_ns < first_accept && row.depth.is_some()).unwrap();
        assert_eq!(bounds.between(full.at_ns, full.at_ns), (capacity, Some(capacity)));
        assert_eq!(bounds.between(last_accept, last_accept), (0, Some(0)));
        // On the same clock, the first attempt starts between the first row and the first row
        // with a queue.
        let attempts = std::fs::read_to_string(run.join(format!("attempts/{:05}.csv", trial.id)));
        let attempts = attempts.unwrap();
        let first_attempt = attempts.lines().nth(1).unwrap().split(',').nth(3).unwrap();
        let first_attempt: u64 = first_attempt.parse().unwrap();
        let first_queue = rows.iter().find(|row| row.depth > Some(0)).unwrap();
        assert!(rows[0].at_ns < first_attempt && first_attempt < first_queue.at_ns, "{rows:?}");
    }
}

#[test]
fn by_default_there_is_a_probe_and_no_timeline() {
    let out = out_directory();
    let (output, _, trials) = run(out.path(), &["smoke"]);
    assert_passed(&output);
    assert!(trials.iter().all(|trial| trial.evidence.probe.as_ref().unwrap().samples > 1));
    let run = &runs(out.path())[0];
    assert_eq!(RunDirectory::read_timeline(run, trials[0].id).unwrap(), None);
}

const LINGERING: &str = "\
name: lingering
question: Is the trial recorded?
load: {clients: 4, messages: 1, linger: 8s}
";

#[test]
fn a_killed_probe_is_a_violation_and_the_trial_is_recorded() {
    let out = out_directory();
    let file = out.path().join("lingering.yaml");
    std::fs::write(&file, LINGERING).unwrap();
    let runs_in = out.path().join("runs");
    let arguments = ["run", file.to_str().unwrap(), "--out", runs_in.to_str().unwrap()];
    let mut lab =
        queuelab(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(240);
    // The load starts when the probe has taken its first sample.
    let probe = loop {
        if let (Some(_), Some(probe)) = (worker_of(lab.id(), "load"), worker_of(lab.id(), "probe"))
        {
            break probe;
        }
        assert!(Instant::now() < deadline && lab.try_wait().unwrap().is_none(), "no load ran");
        std::thread::sleep(Duration::from_millis(2));
    };
    kill(Pid::from_raw(probe), Signal::SIGKILL).unwrap();
    let output = lab.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    let (_, trials) = RunDirectory::read(&runs(&runs_in)[0]).unwrap();
    let [trial] = &trials[..] else { panic!("{trials:?}") };
    assert_eq!(trial.outcomes.get(Outcome::Ok), 4);
    assert_eq!(trial.evidence.probe, None);
    let violations: Vec<_> = trial.violations().map(|violation| violation.to_string()).collect();
    assert_eq!(
        violations,
        [
            "invariant `probe ran to the end`: failed to run the probe: it exited unexpectedly (SIGKILL)"
        ]
    );
}

/// The process id of a lab's worker, whichever thread started it.
fn worker_of(lab: u32, worker: &str) -> Option<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{lab}/task")).ok()?;
    let children: String = tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .collect();
    children.split_whitespace().find_map(|child| {
        let line = std::fs::read_to_string(format!("/proc/{child}/cmdline")).ok()?;
        (line.split('\0').nth(1) == Some(worker)).then(|| child.parse().unwrap())
    })
}
