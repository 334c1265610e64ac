//! A running `queuelab server` or `queuelab load`: JSON lines both ways.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::LabError;
use crate::error::Result;

/// Lines of a part's standard error that are kept, to explain its death.
const KEPT_STDERR_LINES: usize = 20;

/// How long a part may take for what it does without waiting for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How long the last lines of a part that has ended can take to be read.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long to wait for a line between two looks at whether the part lives.
const LOOK: Duration = Duration::from_millis(50);

/// A child process that speaks JSON lines. Dropping it kills it.
#[derive(Debug)]
pub struct Part {
    name: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    died_ns: Receiver<u64>,
    /// When its end was noticed, CLOCK_MONOTONIC nanoseconds.
    ended_ns: Option<u64>,
    stderr: Option<JoinHandle<String>>,
}

impl Part {
    /// Starts a command as a part. Call it from a thread that outlives the
    /// part: the kernel kills it when that thread ends.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(name: &'static str, mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| LabError::Start { part: name, source })?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("stdout was piped");
        let stderr = child.stderr.take().expect("stderr was piped");

        let (line_sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
                if line_sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = thread::spawn(move || last_lines(stderr));

        // WNOWAIT leaves the zombie for `Child` to reap: its process id stays
        // ours until then, so that a later kill cannot hit a stranger.
        let pid = Pid::from_raw(child.id().cast_signed());
        let (death_sender, died_ns) = channel();
        thread::spawn(move || {
            let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
            while waitid(Id::Pid(pid), flags) == Err(nix::Error::EINTR) {}
            let _ = death_sender.send(linux_net::monotonic_ns());
        });
        Ok(Self { name, child, stdin, lines, died_ns, ended_ns: None, stderr: Some(stderr) })
    }

    /// Sends a command. A part that has gone is not an error here: what it did
    /// not say will be missed.
    pub fn tell(&mut self, command: &impl Serialize) {
        let mut line = serde_json::to_vec(command).expect("a command is plain data");
        line.push(b'\n');
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(&line).and_then(|()| stdin.flush());
        }
    }

    /// The next line it says, or none within `patience` or for ever after.
    ///
    /// # Errors
    /// When the line is not an event.
    pub fn event<E: DeserializeOwned>(&mut self, patience: Duration) -> Result<Option<E>> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(event) => Ok(Some(event)),
                Err(error) => Err(LabError::PartGarbled {
                    part: self.name,
                    reason: error.to_string(),
                    line: line.chars().take(200).collect(),
                }),
            },
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                // It has closed its output; do not spin on that.
                thread::sleep(patience.min(Duration::from_millis(5)));
                Ok(None)
            }
        }
    }

    /// The first event that `wanted` takes; other events are passed over.
    ///
    /// # Errors
    /// When it has died, or says nothing of the kind within `patience`.
    pub fn await_event<E: DeserializeOwned, T>(
        &mut self,
        awaited: &'static str,
        patience: Duration,
        mut wanted: impl FnMut(E) -> Option<Result<T>>,
    ) -> Result<T> {
        let deadline = Instant::now() + patience;
        loop {
            // Its death can be known before its last lines have been read: they
            // are heard to the end, which is when its output closes.
            let died = self.ended_ns().is_some();
            match self.event(if died { LAST_WORDS } else { LOOK })? {
                Some(event) => {
                    if let Some(result) = wanted(event) {
                        return result;
                    }
                }
                None if died => return Err(self.death()),
                None => {}
            }
            if !died && Instant::now() >= deadline {
                return Err(LabError::PartSilent { part: self.name, awaited, waited: patience });
            }
        }
    }

    /// When it ended, CLOCK_MONOTONIC nanoseconds; none while it runs.
    pub fn ended_ns(&mut self) -> Option<u64> {
        if self.ended_ns.is_none() {
            self.ended_ns = self.died_ns.try_recv().ok();
        }
        self.ended_ns
    }

    /// The signal or exit code of a part that has ended.
    pub fn exit(&mut self) -> String {
        match self.child.wait() {
            Ok(status) => written_status(status),
            Err(error) => error.to_string(),
        }
    }

    fn death(&mut self) -> LabError {
        let status = self.exit();
        let said = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let stderr = if said.is_empty() { said } else { format!(":\n{said}") };
        LabError::PartDied { part: self.name, status, stderr }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Ended parts are only reaped: `kill` does nothing to them.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The arguments that start a part under control.
pub(crate) fn config_arguments(part: &str, config: &impl Serialize) -> Vec<String> {
    let json = serde_json::to_string(config).expect("a configuration is plain data");
    [part, "--control", "--config", &json].map(str::to_owned).to_vec()
}

fn last_lines(stream: impl Read) -> String {
    let mut kept = VecDeque::new();
    for line in BufReader::new(stream).lines().map_while(std::result::Result::ok) {
        if kept.len() == KEPT_STDERR_LINES {
            kept.pop_front();
        }
        kept.push_back(line);
    }
    Vec::from(kept).join("\n")
}

fn written_status(status: ExitStatus) -> String {
    match status.signal().map(nix::sys::signal::Signal::try_from) {
        Some(Ok(signal)) => signal.as_str().to_owned(),
        _ => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Part {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Part::spawn("test", command).unwrap()
    }

    fn take_text(event: serde_json::Value) -> Option<Result<String>> {
        event.as_str().map(|text| Ok(text.to_owned()))
    }

    #[test]
    fn what_a_part_says_before_it_ends_is_heard_whole() {
        for _ in 0..20 {
            let mut part =
                shell("printf '[]\n\"'; head -c 1000000 /dev/zero | tr '\\0' x; echo '\"'");
            // Its end is known before a line has been asked for.
            while part.ended_ns().is_none() {
                // A full pipe keeps it alive until its lines are read, which
                // they are, into the channel.
                thread::sleep(Duration::from_millis(1));
            }
            let said = part.await_event("text", Duration::from_secs(20), take_text).unwrap();
            assert_eq!(said.len(), 1_000_000);
        }
    }

    #[test]
    fn what_is_not_wanted_does_not_hide_what_comes_after_it() {
        let mut part = shell("for n in 1 2 3 4 5; do echo $n; done; echo '\"text\"'");
        while part.ended_ns().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        let said = part.await_event("text", Duration::from_secs(20), take_text).unwrap();
        assert_eq!(said, "text");
    }

    #[test]
    fn a_part_that_dies_is_told_with_its_status_and_its_last_words() {
        let mut part = shell("echo first >&2; echo last >&2; kill -9 $$");
        let error = part.await_event("text", Duration::from_secs(20), take_text).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("SIGKILL") && text.ends_with("first\nlast"), "{text}");
    }

    #[test]
    fn a_part_that_says_nothing_of_the_kind_is_told() {
        let mut part = shell("echo 1; sleep 60");
        let error = part.await_event("text", Duration::from_millis(200), take_text).unwrap_err();
        assert!(matches!(error, LabError::PartSilent { awaited: "text", .. }), "{error}");
    }

    #[test]
    fn a_line_that_is_no_event_is_shown() {
        let mut part = shell("echo what is this");
        let error = part.await_event("text", Duration::from_secs(20), take_text).unwrap_err();
        assert!(error.to_string().ends_with("what is this"), "{error}");
    }
}
