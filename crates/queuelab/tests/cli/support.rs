//! Shared by the end-to-end tests: the binary, and its run directories.

pub(crate) mod docker;
#[path = "../../../viewer/tests/viewer/support/driven_run.rs"]
#[expect(dead_code, reason = "the tests of the viewer use more of it")]
pub(crate) mod driven_run;
#[path = "../../../viewer/tests/viewer/support/event_stream.rs"]
#[expect(dead_code, reason = "the tests of the viewer use more of it")]
pub(crate) mod event_stream;
#[path = "../../../viewer/tests/viewer/support/http.rs"]
pub(crate) mod http;
pub(crate) mod kills;
pub(crate) mod machine;
pub(crate) mod namespace;
pub(crate) mod ordinary_user;
pub(crate) mod retried;
pub(crate) mod test_engine;
pub(crate) mod test_image;
pub(crate) mod two_builds;
pub(crate) mod viewer;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::{
    LawCheck, RunDirectory, RunRecord, SuiteDirectory, TrialExecutions, TrialRecord, Verdict,
};
use scenario::Document;
use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_queuelab")
}

pub(crate) fn queuelab(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(repository()).stdin(Stdio::null());
    command
}

/// As [`queuelab`], with the usual effect of SIGHUP: the tests may run with that signal
/// ignored, as `nohup` starts them, and pass that on.
pub(crate) fn with_hangup(arguments: &[&str]) -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", binary()]).args(arguments);
    command.current_dir(repository()).stdin(Stdio::null());
    command
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

pub(crate) fn out_directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A text in one line, without the frame of an error or a table.
pub(crate) fn in_one_line(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The exit status and all output of a command, for a failed assertion.
pub(crate) fn all_output(output: &Output) -> String {
    format!("{}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// Asserts that a run or a suite passed, or that nothing failed and the machine disturbed most of
/// its trials: tests run at the same time, and each is the other's disturbance. Then the exit
/// code is 6, and the records say what disturbed them.
pub(crate) fn assert_passed(output: &Output) {
    let printed = text(&output.stdout);
    let directory = printed.lines().find_map(|line| {
        line.strip_prefix("Run directory: ").or_else(|| line.strip_prefix("Suite directory: "))
    });
    let directory = directory.map(|path| repository().join(path));
    let has_passed = has_passed(output.status.code(), directory.as_deref());
    assert!(has_passed, "{}", all_output(output));
}

/// As [`assert_passed`], for the exit code of a run in the directory `out`.
pub(crate) fn has_passed_in(code: Option<i32>, out: &Path) -> bool {
    code == Some(0) || runs(out).iter().any(|run| has_passed(code, Some(run)))
}

fn has_passed(code: Option<i32>, directory: Option<&Path>) -> bool {
    match (code, directory) {
        (Some(0), _) => true,
        (Some(6), Some(suite)) if SuiteDirectory::exists_at(suite) => {
            let record = SuiteDirectory::read(suite).unwrap();
            record.verdict.unwrap().verdict == Verdict::Inconclusive
        }
        (Some(6), Some(run)) => {
            let (record, trials) = RunDirectory::read(run).unwrap();
            let trials = TrialExecutions::group(&trials);
            let disturbed = trials.iter().filter(|trial| trial.measured().is_none()).count();
            // Another run of the directory may not have ended.
            let is_inconclusive =
                record.verdict.is_some_and(|run| run.verdict == Verdict::Inconclusive);
            is_inconclusive && disturbed * 2 > trials.len()
        }
        _ => false,
    }
}

/// Whether a disturbed trial could not decide a law, because its time was too late.
pub(crate) fn is_late(trial: &TrialRecord, law: &LawCheck) -> bool {
    let is_late = law.latest.is_some() && law.deviation.is_some_and(|late| late > 0.0);
    law.held.is_none() && trial.is_disturbed() && is_late
}

/// Runs `queuelab run --full ARGUMENTS --out OUT`, and reads the one run that it stored.
pub(crate) fn run(out: &Path, arguments: &[&str]) -> (Output, RunRecord, Vec<TrialRecord>) {
    let out_text = out.to_str().unwrap();
    let start = ["run", "--full", "--out", out_text];
    let all: Vec<&str> = start.iter().chain(arguments).copied().collect();
    let output = queuelab(&all).output().unwrap();
    let runs = runs(out);
    assert_eq!(runs.len(), 1, "one run directory; the output was:\n{}", all_output(&output));
    let (record, trials) = RunDirectory::read(&runs[0]).unwrap();
    (output, record, trials)
}

/// `queuelab ARGUMENTS` with the script of the fake backend. The arguments select the backend,
/// or resume a run that used it.
pub(crate) fn fake_command(arguments: &[&str], script: &str) -> Command {
    let mut command = queuelab(arguments);
    command.env("QUEUELAB_FAKE_SCRIPT", script);
    command
}

/// Like [`run`], on the fake backend.
pub(crate) fn run_fake(
    out: &Path,
    arguments: &[&str],
    script: &str,
) -> (Output, RunRecord, Vec<TrialRecord>) {
    let start = ["run", "--backend", "fake", "--out", out.to_str().unwrap()];
    let output = fake_command(&[&start, arguments].concat(), script).output().unwrap();
    let runs = runs(out);
    assert_eq!(runs.len(), 1, "one run directory; the output was:\n{}", all_output(&output));
    let (record, trials) = RunDirectory::read(&runs[0]).unwrap();
    (output, record, trials)
}

/// The run directories below an output directory, without those of suites.
pub(crate) fn runs(out: &Path) -> Vec<PathBuf> {
    let entries = |path: &Path| -> Vec<PathBuf> {
        fs::read_dir(path)
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default()
    };
    let mut runs: Vec<_> = entries(out).iter().flat_map(|scenario| entries(scenario)).collect();
    // A hidden one is of a run that begins, or that was killed there.
    let is_hidden = |path: &Path| path.file_name().unwrap().to_str().unwrap().starts_with('.');
    runs.retain(|path| !SuiteDirectory::exists_at(path) && !is_hidden(path));
    runs.sort();
    runs
}

/// Copies a recorded run of the tests of `report` into the directory `runs`.
pub(crate) fn copy_recorded_run(recorded: &str, runs: &Path, name: &str) {
    let from = repository().join("crates/report/tests/runs").join(recorded);
    let to = runs.join(name);
    fs::create_dir_all(&to).unwrap();
    for file in ["run.json", "trials.jsonl"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
}

/// Copies a run, and changes the trials of the copy.
pub(crate) fn copy_changed_run(run: &Path, out: &Path, change: fn(&mut TrialRecord)) -> PathBuf {
    let (mut record, trials) = RunDirectory::read(run).unwrap();
    // The verdict was that of the unchanged trials.
    record.verdict = None;
    let mut copy = RunDirectory::create(out, &record).unwrap();
    for mut trial in trials {
        change(&mut trial);
        copy.append(&trial).unwrap();
    }
    copy.path().to_owned()
}

/// The names of all scenarios in `scenarios/`, without the suites.
pub(crate) fn scenario_names() -> Vec<String> {
    // The tests run in the crate's folder, which has no scenarios besides the built-in ones.
    scenario::scenarios().iter().map(|file| file.source().name.clone()).collect()
}

/// The names of the scenarios that only the kernel's rules decide: those of the suite
/// `laws`. The others are measured.
pub(crate) fn law_scenario_names() -> Vec<String> {
    suite_scenario_names("laws")
}

/// The names of a suite's scenarios, in its order.
pub(crate) fn suite_scenario_names(suite: &str) -> Vec<String> {
    let Ok(Document::Suite(file)) = scenario::load(suite) else { panic!("no suite `{suite}`") };
    let suite = file.load().unwrap().suite;
    suite.names().into_iter().map(str::to_owned).collect()
}

/// The names of all scenarios that the suite `laws` does not contain.
pub(crate) fn measured_scenario_names() -> Vec<String> {
    let laws = law_scenario_names();
    scenario_names().into_iter().filter(|name| !laws.contains(name)).collect()
}

/// The names of the scenarios whose server is a program that is not part of the lab, with these
/// programs.
pub(crate) fn program_scenarios() -> Vec<(String, String)> {
    let programs = scenario::scenarios().into_iter().filter_map(|file| {
        let plan = file.plan(&scenario::Overrides::default(), &scenario::AnyKernel).unwrap();
        match &plan.cells[0].settings.server {
            scenario::Server::Command(command) => {
                Some((file.source().name.clone(), command.program[0].clone()))
            }
            scenario::Server::Chat(_) | scenario::Server::Image(_) => None,
        }
    });
    programs.collect()
}

/// Whether a program is installed. In CI it must be: then this panics if it is not.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut folders = path.split(':').chain(["/usr/local/sbin", "/usr/sbin", "/sbin"]);
    let found = folders.any(|folder| Path::new(folder).join(program).is_file());
    if !found {
        assert!(std::env::var_os("CI").is_none(), "`{program}` is not installed");
        eprintln!("skipped: `{program}` is not installed");
    }
    found
}

/// Writes a suite of the measured scenarios in their quick form, and returns its path.
pub(crate) fn write_measured_suite(folder: &Path) -> String {
    let file = folder.join("measured.yaml");
    let names = measured_scenario_names().join(", ");
    let suite = format!("name: measured\nquestion: All?\nquick: true\nsuite: [{names}]\n");
    fs::write(&file, suite).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The directory of the only suite below an output directory.
pub(crate) fn suite_directory(out: &Path, suite: &str) -> PathBuf {
    let mut found = fs::read_dir(out.join(suite)).unwrap();
    let path = found.next().expect("a suite's directory").unwrap().path();
    assert!(found.next().is_none() && SuiteDirectory::exists_at(&path), "{path:?}");
    path
}

/// The value of a trial's cell on an axis.
pub(crate) fn axis_value(trial: &TrialRecord, path: &str) -> i64 {
    trial.point[path].as_i64().unwrap()
}

/// A process that is killed, if it still runs, when the test ends.
pub(crate) struct Background {
    pub(crate) child: Child,
    pub(crate) lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Background {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line of its output, as JSON.
    pub(crate) fn next_event(&mut self) -> Value {
        let line = self.lines.next().expect("a line of output").unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The rest of its output, until it ends.
    pub(crate) fn remaining_output(&mut self) -> String {
        self.lines.by_ref().map(|line| line.unwrap() + "\n").collect()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts `queuelab server` on a free port of 127.0.0.1.
pub(crate) fn start_server(flags: &[&str]) -> (Background, SocketAddr) {
    let arguments = ["server", "--address", "127.0.0.1", "--port", "0"];
    let all: Vec<&str> = arguments.iter().chain(flags).copied().collect();
    let mut server = Background::start(queuelab(&all));
    let listening = server.next_event();
    assert_eq!(listening["event"], "listening", "{listening}");
    let address = listening["address"].as_str().unwrap().parse().unwrap();
    (server, address)
}

pub(crate) fn send_signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
}

/// The number of connections that a server has accepted, from a report that it prints on
/// request.
pub(crate) fn count_accepted(server: &mut Background) -> usize {
    send_signal(&server.child, Signal::SIGUSR1);
    let report = server.next_event();
    assert_eq!(report["event"], "report", "{report}");
    report["accepted"].as_array().unwrap().len()
}

pub(crate) fn terminate(child: &Child) {
    send_signal(child, Signal::SIGTERM);
}

/// Waits until a condition is true, for at most five minutes: on a machine with many other
/// tests, an engine needs a minute to remove a run.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(300);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}: not within five minutes");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Writes an executable script.
pub(crate) fn write_script(path: &Path, text: &str) {
    let written = path.with_extension("text");
    fs::write(&written, text).unwrap();
    install(&written, path);
    fs::remove_file(written).unwrap();
}

/// Copies an executable in another process. If this process wrote the file, a child that
/// another test starts could inherit the open file, and exec(2) would fail with ETXTBSY.
pub(crate) fn install(from: &Path, to: &Path) {
    let copied = Command::new("install").arg("-m755").args([from, to]).status().unwrap();
    assert!(copied.success(), "{} was not copied to {}", from.display(), to.display());
}

/// The number in the second column of a table's row.
pub(crate) fn table_value(table: &str, name: &str) -> i64 {
    let row = table.lines().find(|line| line.contains(&format!("│ {name} ")));
    let row = row.unwrap_or_else(|| panic!("no {name} in\n{table}"));
    row.split('│').nth(2).unwrap().replace(' ', "").parse().unwrap()
}
