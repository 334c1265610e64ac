//! The recording of a watch, which goes on beside what is shown of it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use run_record::{Folder, Machine, RunDirectoryError};
use watch::{Watch, WatchSettings};
use watch_recording::{
    Appended, RecordEnd, RecordedFilter, RecordedSettings, Recorder, WatchHeader,
};

use super::record_folder::refusal;
use crate::commands::print_message;
use crate::error::CommandError;
use crate::tool::tool;

/// From one line to the next.
const EVERY: Duration = Duration::from_secs(1);

/// A recording in progress: a thread that appends a line each second.
#[derive(Debug)]
pub(super) struct Recording {
    /// Ends the thread when it is dropped.
    stop: Sender<()>,
    thread: JoinHandle<Result<(), RunDirectoryError>>,
    /// Those that are not printed yet.
    warnings: Receiver<String>,
}

impl Recording {
    /// Writes the first line into the directory, and goes on until [`Recording::end`]. What ends
    /// it earlier is printed to standard error: at once, or at the end if `has_screen`, because
    /// the screen would hide it.
    ///
    /// # Errors
    /// If the directory has something in it, or cannot be written.
    pub(super) fn begin(
        watch: Arc<Watch>,
        settings: &WatchSettings,
        folder: Folder,
        limit_bytes: u64,
        has_screen: bool,
    ) -> Result<Self, CommandError> {
        let header = WatchHeader::new(tool(), Machine::current(), recorded(settings), limit_bytes);
        let recorder = Recorder::create_in(folder, header);
        let mut recorder = recorder.map_err(|error| refusal(error, settings.user.as_deref()))?;
        let (sender, warnings) = channel();
        let warn = move |text: String| match has_screen {
            // Fails if an error has ended the watch, which is printed.
            true => drop(sender.send(text)),
            false => print_message(&text),
        };
        let goes_on = append(&mut recorder, &watch, &warn)?;
        let (stop, stopped) = channel();
        let body = move || match goes_on {
            true => record(recorder, &watch, &stopped, &warn),
            false => Ok(()),
        };
        let thread = std::thread::Builder::new().name("recorder".to_owned()).spawn(body);
        let fail = |source| CommandError::Io { action: "start to record".to_owned(), source };
        Ok(Self { stop, thread: thread.map_err(fail)?, warnings })
    }

    /// Appends a last line, ends the recording, and prints the warnings that were kept.
    ///
    /// # Errors
    /// If a line could not be written.
    pub(super) fn end(self) -> Result<(), CommandError> {
        drop(self.stop);
        // A panic has been printed.
        let recorded = self.thread.join().unwrap_or(Ok(()));
        for warning in self.warnings.try_iter() {
            print_message(&warning);
        }
        Ok(recorded?)
    }
}

fn record(
    mut recorder: Recorder,
    watch: &Watch,
    stopped: &Receiver<()>,
    warn: &impl Fn(String),
) -> Result<(), RunDirectoryError> {
    loop {
        let goes_on = stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout);
        let appended = append(&mut recorder, watch, warn).inspect_err(|error| {
            // Before the end: the watch goes on, and is not recorded any more.
            warn(format!("warning: failed to {error}; the recording has ended"));
        })?;
        if !goes_on || !appended {
            return recorder.finish(RecordEnd::Stopped);
        }
    }
}

/// Appends a line; false if the limit is reached, of which it warns.
fn append(
    recorder: &mut Recorder,
    watch: &Watch,
    warn: &impl Fn(String),
) -> Result<bool, RunDirectoryError> {
    let (snapshot, changes) = watch.snapshot_with_changes(recorder.recorded_ns());
    match recorder.append(&snapshot, &changes)? {
        Appended::Recorded => Ok(true),
        Appended::Ended(_) => {
            let bytes = recorder.limit_bytes();
            warn(format!(
                "warning: the recording has ended: it reached its limit of {bytes} bytes \
                 (--record-limit)"
            ));
            Ok(false)
        }
    }
}

fn recorded(settings: &WatchSettings) -> RecordedSettings {
    let filter = &settings.filter;
    RecordedSettings {
        interval_seconds: settings.interval.as_secs_f64(),
        max_cpu_share: settings.max_cpu_share,
        all_namespaces: settings.all_namespaces,
        user: settings.user.clone(),
        filter: RecordedFilter {
            ports: filter.ports.clone(),
            processes: filter.processes.clone(),
            pids: filter.pids.clone(),
            containers: filter.containers.clone(),
            namespaces: filter.namespaces.clone(),
        },
    }
}

/// Parses a size such as `500MiB`.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &text[number.len()..] {
        "" | "B" => Some(0),
        "KiB" => Some(10),
        "MiB" => Some(20),
        "GiB" => Some(30),
        _ => None,
    };
    let bytes = shift.zip(number.trim_end().parse::<u64>().ok());
    let bytes = bytes.and_then(|(shift, number)| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| "expected a size such as 500MiB or 1GiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_bytes_or_a_multiple_of_1024() {
        assert_eq!(parse_size("1GiB"), Ok(1 << 30));
        assert_eq!(parse_size("100000"), Ok(100_000));
        assert_eq!(parse_size("64 KiB"), Ok(65_536));
        for wrong in
            ["", "GiB", "1GB", "-1GiB", "1kB", "1.5GiB", "99999999999999999999", "17179869184GiB"]
        {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
