//! Shared by the tests with containers.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use run_record::{RunDirectory, TrialRecord};

use crate::support::{runs, wait_until, with_hangup};

/// Runs the Docker client; returns its output.
pub(crate) fn docker(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("docker").args(arguments).output().expect("the docker client runs");
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if output.status.success() { Ok(stdout) } else { Err(stderr) }
}

/// Id and name of each container of the run with this process id.
pub(crate) fn containers_of(pid: u32) -> Vec<(String, String)> {
    RunObjects { docker: &docker, pid }.containers()
}

/// The id of a container that runs a worker besides its agent.
pub(crate) fn container_in_use(pid: u32, role: &str) -> String {
    RunObjects { docker: &docker, pid }.container_in_use(role)
}

/// Id and name of each network of the run with this process id.
pub(crate) fn networks_of(pid: u32) -> Vec<(String, String)> {
    RunObjects { docker: &docker, pid }.networks()
}

/// Asserts that the engine has no container and no network of an ended run.
pub(crate) fn assert_nothing_left_of(pid: u32) {
    RunObjects { docker: &docker, pid }.assert_none();
}

/// The containers and networks of a run in an engine.
pub(crate) struct RunObjects<'a> {
    /// Runs the Docker client with the engine; returns its output.
    pub(crate) docker: &'a dyn Fn(&[&str]) -> Result<String, String>,
    /// The run's process id.
    pub(crate) pid: u32,
}

impl RunObjects<'_> {
    /// Id and name of each container.
    pub(crate) fn containers(&self) -> Vec<(String, String)> {
        self.list(&["ps", "--all", "--no-trunc"], "{{.ID}} {{.Names}}")
    }

    /// The id of a container that runs a worker besides its agent.
    pub(crate) fn container_in_use(&self, role: &str) -> String {
        let mut found = None;
        wait_until("a container with a running worker", || {
            found = self.containers().into_iter().find_map(|(id, name)| {
                let processes = (self.docker)(&["top", &id]).unwrap_or_default();
                (name.contains(role) && processes.contains("--control")).then_some(id)
            });
            found.is_some()
        });
        found.unwrap()
    }

    /// Id and name of each network.
    pub(crate) fn networks(&self) -> Vec<(String, String)> {
        self.list(&["network", "ls", "--no-trunc"], "{{.ID}} {{.Name}}")
    }

    /// Asserts that there are none.
    pub(crate) fn assert_none(&self) {
        assert_eq!(self.containers(), [], "containers");
        assert_eq!(self.networks(), [], "networks");
    }

    fn list(&self, list: &[&str], format: &str) -> Vec<(String, String)> {
        let filters = ["--filter", "label=queuelab.run", "--format", format];
        let text = (self.docker)(&[list, &filters].concat()).expect("docker lists objects");
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(_, name)| name.split('-').nth(2) == Some(&self.pid.to_string()))
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .collect()
    }
}

/// A `queuelab run` in the background, killed, if it still runs, when the test ends.
pub(crate) struct BackgroundRun {
    pub(crate) child: Child,
    out: PathBuf,
    streams: Option<[JoinHandle<Vec<u8>>; 2]>,
}

/// Starts `queuelab run ARGUMENTS --out OUT`.
pub(crate) fn start(out: &Path, arguments: &[&str]) -> BackgroundRun {
    start_with(out, arguments, |command| command)
}

/// [`start`], with changes of the command.
pub(crate) fn start_with(
    out: &Path,
    arguments: &[&str],
    change: impl FnOnce(&mut Command) -> &mut Command,
) -> BackgroundRun {
    let mut command = with_hangup(&["run", "--out", out.to_str().unwrap()]);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = change(&mut command).spawn().unwrap();
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    BackgroundRun { child, out: out.to_owned(), streams: Some([stdout, stderr]) }
}

fn collect(stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = BufReader::new(stream).read_to_end(&mut bytes);
        bytes
    })
}

impl BackgroundRun {
    /// The trials in its run directory.
    pub(crate) fn trials(&self) -> Vec<TrialRecord> {
        let directory = runs(&self.out).into_iter().next();
        directory.and_then(|run| RunDirectory::read(&run).ok()).map_or(Vec::new(), |(_, t)| t)
    }

    /// Waits for its end; returns its output and its trials.
    pub(crate) fn finish(mut self) -> (Output, Vec<TrialRecord>) {
        let deadline = Instant::now() + Duration::from_secs(240);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the run does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let [stdout, stderr] = self.streams.take().unwrap().map(|thread| thread.join().unwrap());
        (Output { status, stdout, stderr }, self.trials())
    }
}

impl Drop for BackgroundRun {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
