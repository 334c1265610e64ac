//! A run while other processes work.

use std::process::{Child, Command, Stdio};
use std::thread::available_parallelism;

use nix::unistd::Pid;
use run_record::{DisturbanceCause, Verdict};

use crate::support::{all_output, out_directory, run, runs, text, wait_until};

/// Processes that keep every CPU busy; they end with the test.
struct BusyProcesses(Vec<Child>);

impl BusyProcesses {
    /// Two for each CPU, so that the lab gets a third of a CPU at most where it wants all.
    fn start() -> Self {
        let cpus = available_parallelism().unwrap().get();
        let start = |_| {
            let mut command = Command::new("sh");
            command.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
            command.spawn().unwrap()
        };
        let busy = Self((0..2 * cpus).map(start).collect());
        wait_until("every busy process has used a CPU", || {
            let used = |child: &Child| {
                linux_net::process_cpu_ns_of(Pid::from_raw(child.id().cast_signed()))
            };
            busy.0.iter().all(|child| used(child).is_some_and(|ns| ns > 10_000_000))
        });
        busy
    }
}

impl Drop for BusyProcesses {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The attempts beyond the queue's capacity time out after this deadline: each load takes it.
const FLAGS: [&str; 5] = [
    "accept-queue-capacity",
    "--set",
    "load.connect_deadline=700ms",
    "--set",
    "matrix.server.backlog=[3, 9]",
];

#[test]
fn a_run_beside_busy_processes_is_inconclusive_and_its_laws_still_hold() {
    let out = out_directory();
    let busy = BusyProcesses::start();
    let (output, record, trials) = run(out.path(), &FLAGS);
    drop(busy);
    assert_eq!(output.status.code(), Some(6), "{}", all_output(&output));
    assert_eq!(record.verdict.unwrap().verdict, Verdict::Inconclusive);
    for trial in &trials {
        let disturbance = trial.disturbance.as_ref().unwrap();
        assert!(disturbance.causes.contains(&DisturbanceCause::OtherProcesses), "{disturbance:?}");
        assert!(disturbance.other_cpu_share() > 0.5, "{disturbance:?}");
        assert!(disturbance.load_run_delay_seconds.is_some(), "{disturbance:?}");
        assert!(trial.laws.iter().all(|law| law.held == Some(true)), "{:?}", trial.laws);
    }
    let printed = text(&output.stdout);
    assert!(printed.contains("\nInconclusive: "), "{printed}");
    assert!(printed.contains(": other processes took "), "{printed}");
    let junit = std::fs::read_to_string(runs(out.path())[0].join("junit.xml")).unwrap();
    assert_eq!(junit.matches(" type=\"disturbed\"/>").count(), trials.len(), "{junit}");
}

/// The lab's own work is not a disturbance, however much it is: hundreds of clients of a server
/// with a thread for each.
#[test]
fn the_labs_own_cpu_time_is_counted_as_its_own() {
    let out = out_directory();
    let flags = ["smoke", "--set", "load.clients=200", "--set", "load.messages=40"];
    let (output, _, trials) = run(out.path(), &flags);
    for trial in &trials {
        let disturbance = trial.disturbance.as_ref().unwrap();
        let workers = trial.load.cpu_seconds() + trial.server.as_ref().unwrap().usage.cpu_seconds();
        // All of the workers' time is in the window, except for their start and end.
        assert!(
            disturbance.own_cpu_seconds > 0.5 * workers,
            "{workers} s of the workers: {disturbance:?}\n{}",
            all_output(&output)
        );
    }
}
