//! A part as a child process of this one.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::error::{LabError, Result};
use crate::part::{Part, PartControl, PartEnd};

/// Lines of a part's standard error that are kept, to explain its death.
const KEPT_STDERR_LINES: usize = 20;

/// A child process, what it says, and its end.
#[derive(Debug)]
pub(crate) struct SpawnedChild {
    pub(crate) control: ChildControl,
    pub(crate) lines: Receiver<String>,
    pub(crate) ends: Receiver<PartEnd>,
}

/// Writes to a child; dropping it kills the child and reaps it.
#[derive(Debug)]
pub(crate) struct ChildControl {
    child: Child,
    stdin: Option<ChildStdin>,
}

/// Starts a command as a part. Call it from a thread that outlives the part:
/// the kernel may have been told to kill it when that thread ends.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn spawn_part(name: &'static str, command: Command) -> Result<Part> {
    let spawned = spawn(command).map_err(|source| LabError::Start { part: name, source })?;
    Ok(Part::new(name, Box::new(spawned.control), spawned.lines, spawned.ends))
}

/// Starts a command with its three streams as pipes.
pub(crate) fn spawn(mut command: Command) -> std::io::Result<SpawnedChild> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
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

    // WNOWAIT leaves the zombie for `Child` to reap: its process id stays ours
    // until then, so that a later kill cannot hit a stranger.
    let pid = Pid::from_raw(child.id().cast_signed());
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
        let _ = end_sender.send(PartEnd { at_ns, status: written_status(status), stderr });
    });
    Ok(SpawnedChild { control: ChildControl { child, stdin }, lines, ends })
}

impl PartControl for ChildControl {
    fn tell(&mut self, line: &[u8]) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin
                .write_all(line)
                .and_then(|()| stdin.write_all(b"\n"))
                .and_then(|()| stdin.flush());
        }
    }
}

impl Drop for ChildControl {
    fn drop(&mut self) {
        // Ended children are only reaped: `kill` does nothing to them.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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

fn written_status(status: nix::Result<WaitStatus>) -> String {
    match status {
        Ok(WaitStatus::Signaled(_, signal, _)) => signal.as_str().to_owned(),
        Ok(WaitStatus::Exited(_, code)) => format!("exit status: {code}"),
        Ok(other) => format!("{other:?}"),
        Err(errno) => errno.desc().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn shell(script: &str) -> Part {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        spawn_part("test", command).unwrap()
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
            while part.end().is_none() {
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
        while part.end().is_none() {
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
    fn a_part_that_ends_is_told_with_its_exit_status() {
        let mut part = shell("exit 3");
        let error = part.await_event("text", Duration::from_secs(20), take_text).unwrap_err();
        assert!(error.to_string().contains("(exit status: 3)"), "{error}");
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
