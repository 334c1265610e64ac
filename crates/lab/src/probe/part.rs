//! The probe as a process of its own: `queuelab probe`.

use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::prober::Prober;
use super::{ProbeCommand, ProbeConfig, ProbeError, ProbeEvent};

/// A command, or why a line is none.
type Request = Result<ProbeCommand, String>;

/// Samples until it is told to stop, and prints each [`ProbeEvent`] as a JSON
/// line on standard output: first `Sampling`, last `Done`; or `Failed`.
///
/// SIGTERM and SIGINT stop it. With `control`, so do the [`ProbeCommand`] lines
/// on standard input, whose end stops it too; a line that is none is answered
/// by `Failed`.
///
/// # Errors
/// What the `Failed` event said.
pub fn probe_part(config: &ProbeConfig, control: bool) -> Result<(), ProbeError> {
    let requests = requests(|sender| {
        if control {
            thread::spawn(move || read_commands(&sender));
        }
    });
    requests.and_then(|requests| probe(config, &requests, print)).inspect_err(|error| {
        // Where standard output itself is what failed, the caller still has the
        // error.
        let _ = print(&ProbeEvent::Failed { reason: error.to_string() });
    })
}

/// [`probe_part`] without control, for a caller that tells of the events in its
/// own way: a `Status` each second, and an end after so long, by a signal, or when
/// `tell` fails.
///
/// # Errors
/// Why the probe could not start or go on; or [`ProbeError::Channel`] with what
/// `tell` said.
pub fn probe_telling(
    config: &ProbeConfig,
    length: Option<Duration>,
    mut tell: impl FnMut(&ProbeEvent) -> io::Result<()>,
) -> Result<(), ProbeError> {
    let requests = requests(|sender| {
        thread::spawn(move || ask_each_second(&sender, length));
    })?;
    probe(config, &requests, |event| {
        tell(event).map_err(|source| ProbeError::Channel { what: "tell what was seen", source })
    })
}

fn probe(
    config: &ProbeConfig,
    requests: &Receiver<Request>,
    mut tell: impl FnMut(&ProbeEvent) -> Result<(), ProbeError>,
) -> Result<(), ProbeError> {
    let mut prober = Prober::begin(config)?;
    tell(&ProbeEvent::Sampling)?;
    loop {
        match requests.recv_timeout(prober.wait()) {
            Ok(Ok(ProbeCommand::Status)) => tell(&ProbeEvent::Status(prober.status()?))?,
            Ok(Ok(ProbeCommand::Latest)) => tell(&ProbeEvent::Status(prober.latest()))?,
            Ok(Ok(ProbeCommand::Stop)) | Err(RecvTimeoutError::Disconnected) => break,
            Ok(Err(reason)) => tell(&ProbeEvent::Failed { reason })?,
            Err(RecvTimeoutError::Timeout) => {}
        }
        prober.tick()?;
    }
    tell(&ProbeEvent::Done(Box::new(prober.finish()?)))
}

/// Where requests come from: signals, and what `other` starts. Threads, all of
/// them asleep: waiting for them costs the probe one system call a tick.
fn requests(other: impl FnOnce(Sender<Request>)) -> Result<Receiver<Request>, ProbeError> {
    let (sender, requests) = channel();
    let mut signals = Signals::new([SIGTERM, SIGINT])
        .map_err(|source| ProbeError::Channel { what: "catch signals", source })?;
    let by_signal = sender.clone();
    thread::spawn(move || {
        for _ in signals.forever() {
            let _ = by_signal.send(Ok(ProbeCommand::Stop));
        }
    });
    other(sender);
    Ok(requests)
}

fn read_commands(sender: &Sender<Request>) {
    // Bytes, for what is no UTF-8 is no command either, and is to be answered.
    for line in io::stdin().lock().split(b'\n').map_while(Result::ok) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let request = serde_json::from_slice(&line).map_err(|error| {
            format!("read the command `{}`: {error}", String::from_utf8_lossy(&line))
        });
        if sender.send(request).is_err() {
            return;
        }
    }
    let _ = sender.send(Ok(ProbeCommand::Stop));
}

fn ask_each_second(sender: &Sender<Request>, length: Option<Duration>) {
    const SECOND: Duration = Duration::from_secs(1);
    let mut left = length;
    loop {
        thread::sleep(left.map_or(SECOND, |left| left.min(SECOND)));
        left = left.map(|left| left.saturating_sub(SECOND));
        let is_over = left == Some(Duration::ZERO);
        let command = if is_over { ProbeCommand::Stop } else { ProbeCommand::Status };
        if sender.send(Ok(command)).is_err() || is_over {
            return;
        }
    }
}

/// One line, one write(2).
fn print(event: &ProbeEvent) -> Result<(), ProbeError> {
    let mut line = serde_json::to_vec(event).expect("an event has only what JSON has");
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)
        .and_then(|()| out.flush())
        .map_err(|source| ProbeError::Channel { what: "write to standard output", source })
}
