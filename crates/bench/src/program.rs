//! The program `queuelab`.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::{BenchError, Result};
use crate::options::Options;

/// The workspace, in which cargo runs.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// An executable of `queuelab`.
#[derive(Debug)]
pub(crate) struct Program(PathBuf);

impl Program {
    /// The one that the options name, or one that cargo builds, with the profile of this program,
    /// beside it.
    pub(crate) fn find(options: &Options) -> Result<Self> {
        if let Some(path) = &options.program {
            let found = path.canonicalize();
            let missing = |source| BenchError::Input { path: path.clone(), source };
            return found.map(Self).map_err(missing);
        }
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--package", "queuelab", "--profile", &profile()]);
        // Standard output is for the results.
        run(build.current_dir(WORKSPACE).stdout(Stdio::null()))?;
        let beside = env::current_exe().map(|own| own.with_file_name("queuelab"));
        let find = |source| BenchError::System { what: "find this program", source };
        beside.map(Self).map_err(find)
    }

    /// Runs it, and returns how long it took. Its exit code may say that a check failed.
    pub(crate) fn time(&self, arguments: &[&str]) -> Result<Duration> {
        let mut command = Command::new(&self.0);
        command.args(arguments).current_dir(WORKSPACE).stdout(Stdio::null());
        let began = Instant::now();
        run(&mut command)?;
        Ok(began.elapsed())
    }
}

/// A directory for runs, which is removed.
#[derive(Debug)]
pub(crate) struct Runs(TempDir);

impl Runs {
    pub(crate) fn new() -> Result<Self> {
        let create = |source| BenchError::System { what: "create a directory for runs", source };
        TempDir::new().map(Self).map_err(create)
    }

    /// Runs a scenario, and returns how long it took.
    pub(crate) fn time(&self, program: &Program, arguments: &[&str]) -> Result<Duration> {
        let out = self.0.path().display().to_string();
        program.time(&[&["run"], arguments, &["--out", &out]].concat())
    }

    /// The only run of a scenario.
    pub(crate) fn only(&self, scenario: &str) -> Result<PathBuf> {
        let path = self.0.path().join(scenario);
        let only = || {
            let mut entries = fs::read_dir(&path)?;
            Ok(entries.next().ok_or(io::ErrorKind::NotFound)??.path())
        };
        only().map_err(|source| BenchError::Input { path: path.clone(), source })
    }
}

/// Exit codes with which a run has been made: it held, a check failed, or it was disturbed.
const RAN: [i32; 3] = [0, 3, 6];

fn run(command: &mut Command) -> Result<()> {
    let what = format!("run {}", Path::new(command.get_program()).display());
    // Its standard error is shown if it fails.
    let output = match command.stderr(Stdio::piped()).output() {
        Ok(output) => output,
        Err(error) => return Err(BenchError::Program { what, reason: error.to_string() }),
    };
    if output.status.code().is_some_and(|code| RAN.contains(&code)) {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(BenchError::Program { what, reason: format!("{}\n{}", output.status, errors.trim()) })
}

/// The profile of cargo with which this program was built: the name of its directory.
pub(crate) fn profile() -> String {
    let directory = env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.file_name()?.to_string_lossy().into_owned()));
    match directory.as_deref() {
        Some("debug") => "dev".to_owned(),
        Some(name) => name.to_owned(),
        None => "release".to_owned(),
    }
}
