//! What the end-to-end tests share: the binary, and its run directories.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub(crate) mod ordinary_user;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use run_record::{RunDirectory, RunRecord, TrialRecord};
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

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

pub(crate) fn out_directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Everything that a finished command said: for a failed assertion.
pub(crate) fn said(output: &Output) -> String {
    format!("{}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// Runs `queuelab run ARGUMENTS --out OUT`, and reads the one run that it left.
pub(crate) fn run(out: &Path, arguments: &[&str]) -> (Output, RunRecord, Vec<TrialRecord>) {
    let out_text = out.to_str().unwrap();
    let all: Vec<&str> = ["run", "--out", out_text].iter().chain(arguments).copied().collect();
    let output = queuelab(&all).output().unwrap();
    let runs = runs(out);
    assert_eq!(runs.len(), 1, "one run directory; the command said:\n{}", said(&output));
    let (record, trials) = RunDirectory::read(&runs[0]).unwrap();
    (output, record, trials)
}

/// The run directories below an output directory.
pub(crate) fn runs(out: &Path) -> Vec<PathBuf> {
    let entries = |path: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(path)
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default()
    };
    let mut runs: Vec<_> = entries(out).iter().flat_map(|scenario| entries(scenario)).collect();
    runs.sort();
    runs
}

/// A setting of the cell on one of the matrix's axes.
pub(crate) fn on_axis(trial: &TrialRecord, path: &str) -> i64 {
    trial.point[path].as_i64().unwrap()
}

/// A process that is killed, if need be, when the test ends.
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
    pub(crate) fn event(&mut self) -> Value {
        let line = self.lines.next().expect("a line of output").unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `queuelab server` on a free port of 127.0.0.1.
pub(crate) fn server(flags: &[&str]) -> (Background, SocketAddr) {
    let arguments = ["server", "--address", "127.0.0.1", "--port", "0"];
    let all: Vec<&str> = arguments.iter().chain(flags).copied().collect();
    let mut server = Background::start(queuelab(&all));
    let listening = server.event();
    assert_eq!(listening["event"], "listening", "{listening}");
    let address = listening["address"].as_str().unwrap().parse().unwrap();
    (server, address)
}

pub(crate) fn terminate(child: &Child) {
    let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
}

/// A web server's whole answer, headers included. The target is sent as it stands.
pub(crate) fn request(address: SocketAddr, method: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    text(&answer)
}

/// An answer's status.
pub(crate) fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("{answer}"))
}

/// The figure in the second column of a table's row.
pub(crate) fn figure(table: &str, name: &str) -> i64 {
    let row = table.lines().find(|line| line.contains(&format!("│ {name} ")));
    let row = row.unwrap_or_else(|| panic!("no {name} in\n{table}"));
    row.split('│').nth(2).unwrap().replace(' ', "").parse().unwrap()
}
