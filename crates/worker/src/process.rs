//! A worker as a child process of this one.

use std::collections::{BTreeSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::error::{Result, WorkerError};
use crate::handle::{Worker, WorkerControl, WorkerEnd};

/// Lines of a worker's standard error that are stored to explain its exit.
const MAX_STDERR_LINES: usize = 20;

/// A child process with its output and its end.
#[derive(Debug)]
pub struct WorkerProcess {
    /// Writes to the process; dropping it kills the process.
    pub control: ProcessControl,
    /// Lines of its standard output; closes with it.
    pub lines: Receiver<String>,
    /// Receives how it ended.
    pub ends: Receiver<WorkerEnd>,
}

/// Writes to a child process; dropping it kills the process and reaps it.
#[derive(Debug)]
pub struct ProcessControl {
    child: Child,
    stdin: Option<ChildStdin>,
}

/// Starts a command as a worker. Call it from a thread that outlives the
/// worker: the kernel may kill the worker when that thread ends
/// (`PR_SET_PDEATHSIG`).
///
/// # Errors
/// If the process cannot be started.
pub fn spawn(name: &'static str, command: Command) -> Result<Worker> {
    let process = WorkerProcess::start(command)
        .map_err(|source| WorkerError::Start { worker: name, source })?;
    Ok(Worker::new(name, Box::new(process.control), process.lines, process.ends))
}

impl WorkerProcess {
    /// Starts a command with pipes as its standard streams.
    ///
    /// # Errors
    /// If the process cannot be started.
    pub fn start(mut command: Command) -> std::io::Result<Self> {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("stdout was piped");
        let stderr = child.stderr.take().expect("stderr was piped");

        let pid = Pid::from_raw(child.id().cast_signed());
        children().insert(pid);
        let (line_sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
                if line_sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = thread::spawn(move || last_lines(stderr));

        // WNOWAIT leaves the zombie for `Child` to reap: its process id is not
        // reused before that, so a later kill cannot hit another process.
        let (end_sender, ends) = channel();
        thread::spawn(move || {
            let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
            let status = loop {
                match waitid(Id::Pid(pid), flags) {
                    Err(nix::Error::EINTR) => {}
                    status => break status,
                }
            };
            let at_ns = linux_net::monotonic_ns();
            let stderr = stderr.join().unwrap_or_default();
            let _ = end_sender.send(WorkerEnd { at_ns, status: describe(status), stderr });
        });
        Ok(Self { control: ProcessControl { child, stdin }, lines, ends })
    }
}

impl ProcessControl {
    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl WorkerControl for ProcessControl {
    fn send_line(&mut self, line: &[u8]) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin
                .write_all(line)
                .and_then(|()| stdin.write_all(b"\n"))
                .and_then(|()| stdin.flush());
        }
    }
}

impl Drop for ProcessControl {
    fn drop(&mut self) {
        // `kill` does nothing to a child that has exited.
        let _ = self.child.kill();
        // Until it is reaped, its CPU time is its own; then it is that of reaped children.
        let mut children = children();
        let _ = self.child.wait();
        children.remove(&Pid::from_raw(self.child.id().cast_signed()));
    }
}

/// The children of this process that have not been reaped.
fn children() -> MutexGuard<'static, BTreeSet<Pid>> {
    static CHILDREN: Mutex<BTreeSet<Pid>> = Mutex::new(BTreeSet::new());
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The CPU time so far of this process and of all processes that it has started, and that those
/// have, seconds.
pub fn cpu_seconds_with_children() -> f64 {
    let children = children();
    let reaped = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0.0, |usage| {
        let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        seconds(usage.user_time()) + seconds(usage.system_time())
    });
    let trees = children.iter().filter_map(|pid| linux_net::process_tree_cpu_seconds(pid.as_raw()));
    reaped + trees.sum::<f64>() + linux_net::process_cpu_ns() as f64 / 1e9
}

fn last_lines(stream: impl Read) -> String {
    let mut last = VecDeque::new();
    for line in BufReader::new(stream).lines().map_while(std::result::Result::ok) {
        if last.len() == MAX_STDERR_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
    Vec::from(last).join("\n")
}

fn describe(status: nix::Result<WaitStatus>) -> String {
    match status {
        Ok(WaitStatus::Signaled(_, signal, _)) => signal.as_str().to_owned(),
        Ok(WaitStatus::Exited(_, code)) => format!("exit status: {code}"),
        Ok(other) => format!("{other:?}"),
        Err(errno) => errno.desc().to_owned(),
    }
}
