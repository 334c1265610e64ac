//! Programs as servers, and those that misbehave.

mod bad;
mod consent;
mod destinations;
mod installed;
mod pace;
mod paused;
mod tried;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use run_record::{RunDirectory, TrialRecord};
use tempfile::TempDir;

use crate::support::{all_output, binary, out_directory, queuelab, runs, text};

/// A server in Python: it listens with a backlog of 5 on the port 8080 of all addresses, and
/// accepts and closes.
const SERVER: &str = "import socket
s = socket.create_server(('', 8080), backlog=5)
print('ready', flush=True)
while True:
    s.accept()[0].close()
";

/// A scenario whose server is a program in Python.
struct Scenario {
    folder: TempDir,
    out: TempDir,
}

impl Scenario {
    /// With this program; `server` and `rest` are further lines of `server.command` and of the
    /// scenario.
    fn new(program: &str, server: &str, rest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let indented = |text: &str, by: usize| {
            let line = |line: &str| format!("{}{line}\n", " ".repeat(by));
            text.lines().map(line).collect::<String>()
        };
        let text = format!(
            "name: program\nquestion: What does it do?\nserver:\n  command:\n    \
             program: [python3, server.py]\n    port: 8080\n{}    files:\n      server.py: |\n{}{rest}\n",
            indented(server, 4),
            indented(program, 8),
        );
        fs::write(folder.path().join("program.yaml"), text).unwrap();
        Self { folder, out: out_directory() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("program.yaml")
    }

    /// Runs it; the load connects, waits for the server's end of file and leaves.
    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let file = self.file();
        let start = ["run", file.to_str().unwrap(), "--allow-commands", "--out"];
        let all = [&start[..], &[self.out.path().to_str().unwrap()], arguments].concat();
        queuelab(&all)
    }

    fn trials(&self) -> Vec<TrialRecord> {
        let runs = runs(self.out.path());
        assert_eq!(runs.len(), 1, "one run directory");
        RunDirectory::read(&runs[0]).unwrap().1
    }

    /// Runs it, and returns its only trial.
    fn trial(&self) -> TrialRecord {
        let output = self.run(&[]);
        let mut trials = match runs(self.out.path()).is_empty() {
            true => panic!("no run: {}", all_output(&output)),
            false => self.trials(),
        };
        assert_eq!(trials.len(), 1, "{}", all_output(&output));
        trials.remove(0)
    }

    /// Runs a server that cannot start: what is printed as the error.
    fn error(&self) -> String {
        let output = self.run(&[]);
        assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
        crate::support::in_one_line(&text(&output.stderr))
    }
}

/// The processes of the machine whose command line has this word.
fn processes_with(word: &str) -> Vec<u32> {
    let own = Path::new(binary()).to_str().unwrap().to_owned();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            line.contains(word) && !line.starts_with(&own)
        })
        .collect()
}
