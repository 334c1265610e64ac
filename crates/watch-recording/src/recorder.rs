//! Writes the record of a watch.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use run_record::{Folder, RunDirectoryError, WATCH_FILE, wall_time};
use watch_record::{Changes, DepthChange, ListenerChanges, Snapshot};

use crate::header::{RecordEnd, WatchHeader};
use crate::line::{ChangeRow, GoneListener, RecordLine, RecordedChanges, Span};
use crate::lines_file::LinesFile;
use crate::order::check_values;
use crate::record::LINES_FILE;
use crate::written::Written;

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// Writes the record of a watch into a directory. Until it is dropped, the directory is that of
/// a recording in progress.
#[derive(Debug)]
pub struct Recorder {
    folder: Folder,
    file: LinesFile,
    header: WatchHeader,
    written: Written,
    /// Up to when the changes are recorded, nanoseconds of the monotonic clock.
    recorded_ns: u64,
    /// The lines that are recorded.
    lines: u64,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is in the record.
    Recorded,
    /// The recording has ended before it.
    Ended(RecordEnd),
}

impl Recorder {
    /// Creates the directory, which must not exist or must be empty, with its parents.
    ///
    /// # Errors
    /// If there is something in it, another process records into it, or it cannot be written.
    pub fn create(directory: &Path, header: WatchHeader) -> Result<Self> {
        Self::create_in(Folder::create_all(directory)?, header)
    }

    /// As [`Recorder::create`], in a directory that is open, which must be empty.
    ///
    /// # Errors
    /// As [`Recorder::create`].
    pub fn create_in(folder: Folder, header: WatchHeader) -> Result<Self> {
        // Of a recording that was killed before its first file was complete.
        let partial = format!("{WATCH_FILE}.partial");
        let is_ours = |name: &String| *name == partial || name == LINES_FILE;
        if !folder.names()?.iter().all(is_ours) {
            return Err(RunDirectoryError::NotEmpty(folder.path().to_owned()));
        }
        let file = LinesFile::create(folder.clone())?;
        let written = Written::default();
        let recorder = Self { folder, file, header, written, recorded_ns: 0, lines: 0 };
        // Last, because the directory is that of a record from then on.
        recorder.write_header()?;
        recorder.folder.sync()?;
        Ok(recorder)
    }

    /// From when on changes are to be passed to [`Recorder::append`], nanoseconds of the
    /// monotonic clock: 0 before the first line.
    pub fn recorded_ns(&self) -> u64 {
        self.recorded_ns
    }

    /// Bytes that are recorded.
    pub fn bytes(&self) -> u64 {
        self.file.length()
    }

    /// Bytes that it records at most.
    pub fn limit_bytes(&self) -> u64 {
        self.header.limit_bytes
    }

    /// Appends a line with a snapshot and the changes since the last line, which are of the same
    /// moment. A recording whose limit is reached ends instead.
    ///
    /// # Errors
    /// If the line cannot be written, or another program has changed the file. The recording
    /// then ends.
    pub fn append(&mut self, snapshot: &Snapshot, changes: &Changes) -> Result<Appended> {
        if let Some(end) = self.header.end {
            return Ok(Appended::Ended(end));
        }
        let line = self.line(snapshot, changes);
        let text = serde_json::to_string(&line).expect("a line is plain data");
        let text = format!("{}\n", visible::json(&text));
        if self.file.length() + text.len() as u64 > self.header.limit_bytes {
            self.finish(RecordEnd::LimitReached)?;
            return Ok(Appended::Ended(RecordEnd::LimitReached));
        }
        let appended = check_values(text.as_bytes()).map_err(|reason| self.refused(reason));
        if let Err(error) = appended.and_then(|()| self.file.append(text.as_bytes())) {
            // What went wrong is returned; that the end could not be noted follows from it.
            let _ = self.finish(RecordEnd::Failed);
            return Err(error);
        }
        (self.recorded_ns, self.lines) = (changes.until_ns, line.line);
        Ok(Appended::Recorded)
    }

    /// Notes the end of the recording, if it has not ended before.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn finish(&mut self, end: RecordEnd) -> Result<()> {
        if self.header.end.is_some() {
            return Ok(());
        }
        (self.header.ended, self.header.end) = (Some(wall_time()), Some(end));
        self.header.lines = Some(self.lines);
        self.write_header()
    }

    /// A line that no reader would accept.
    fn refused(&self, reason: String) -> RunDirectoryError {
        let path = self.folder.path_of(LINES_FILE);
        RunDirectoryError::Io { action: "append a line to", path, source: io::Error::other(reason) }
    }

    fn write_header(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.header).expect("a header is plain data");
        let text = format!("{}\n", visible::json(&text));
        self.folder.replace(WATCH_FILE, |file| {
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all())
        })
    }

    fn line(&mut self, snapshot: &Snapshot, changes: &Changes) -> RecordLine {
        let us = |at_ns: u64| at_ns.saturating_sub(changes.began_ns) / 1_000;
        let written = &mut self.written;
        let mut listeners = Vec::new();
        let mut gone = Vec::new();
        for closed in &changes.closed {
            listeners.extend(written.listener(&closed.listener));
            let span = Span(us(closed.last_look_ns), us(closed.gone_ns));
            gone.push(GoneListener { id: closed.listener.id, closed: Some(span) });
        }
        for listener in &snapshot.listeners {
            listeners.extend(written.listener(listener));
        }
        let present: BTreeSet<u64> = snapshot.listeners.iter().map(|it| it.id).collect();
        let closed: BTreeSet<u64> = gone.iter().map(|gone| gone.id).collect();
        let is_hidden = |id: &&u64| !present.contains(id) && !closed.contains(id);
        let hidden = written.listeners.keys().filter(is_hidden);
        gone.extend(hidden.map(|&id| GoneListener { id, closed: None }));
        for listener in &gone {
            written.listeners.remove(&listener.id);
        }
        let (namespaces, gone_namespaces) = written.namespaces(&snapshot.namespaces);
        RecordLine {
            line: self.lines + 1,
            at_us: us(changes.until_ns),
            at: snapshot.at.clone(),
            effort: written.effort(snapshot.effort),
            listeners,
            gone,
            namespaces,
            gone_namespaces,
            unseen: written.unseen(snapshot),
            changes: changes.listeners.iter().map(|of| recorded(of, us)).collect(),
            gaps: changes.gaps.iter().map(|gap| Span(us(gap.from_ns), us(gap.to_ns))).collect(),
            discarded_closed: changes.discarded_closed,
        }
    }
}

/// The changes of a listener with times as they are recorded.
fn recorded(of: &ListenerChanges, us: impl Fn(u64) -> u64) -> RecordedChanges {
    let row = |change: &DepthChange| {
        ChangeRow(us(change.at_ns), us(change.after_ns), change.depth, change.drops)
    };
    RecordedChanges {
        id: of.id,
        rows: of.changes.iter().map(row).collect(),
        full_us: of.full_ns.iter().map(|&full_ns| us(full_ns)).collect(),
        is_cut: of.is_cut,
    }
}
