//! What a program prints: its beginning and its end are kept.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use pattern::Pattern;
use worker::metrics::ProgramOutput;

/// Bytes of the beginning, and of the end, that are kept.
const KEPT: usize = 8 * 1024;

/// The longest line that is compared with a regular expression, bytes.
const MAX_LINE: usize = 4096;

/// Lines that an error shows.
const SHOWN_LINES: usize = 10;

/// The output of a program so far; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Output(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
    /// The line being read.
    line: Vec<u8>,
    awaited: Option<Pattern>,
    /// A line has matched.
    matched: bool,
    ended: bool,
}

impl Output {
    /// Output of which a line is awaited.
    pub fn awaiting(line: Option<Pattern>) -> Self {
        let output = Self::default();
        output.state().awaited = line;
        output
    }

    /// Reads everything from `stream`. What is read is never too much: the program does not
    /// wait for a full pipe.
    pub fn read(&self, mut stream: impl Read) {
        let mut buffer = [0; 8192];
        while let Ok(1..) = stream.read(&mut buffer).inspect(|&read| {
            self.add(&buffer[..read]);
        }) {}
        self.end();
    }

    /// Adds what was read elsewhere.
    pub fn add(&self, bytes: &[u8]) {
        self.state().add(bytes);
    }

    /// Nothing more will be added.
    pub fn end(&self) {
        let mut state = self.state();
        state.match_line();
        state.ended = true;
        drop(state);
        self.0.ended.notify_all();
    }

    /// Whether a line has matched the awaited one.
    pub fn has_matched(&self) -> bool {
        self.state().matched
    }

    /// Waits until every process has closed its end.
    pub fn wait(&self) {
        let mut state = self.state();
        while !state.ended {
            state = self.0.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What is kept.
    pub fn kept(&self) -> ProgramOutput {
        let state = self.state();
        let tail: Vec<u8> = state.tail.iter().copied().collect();
        ProgramOutput {
            head: String::from_utf8_lossy(&state.head).into_owned(),
            tail: String::from_utf8_lossy(&tail).into_owned(),
            left_out_bytes: state.left_out,
        }
    }

    /// The last lines, as a clause that ends an error.
    pub fn clause(&self) -> String {
        let kept = self.kept();
        let lines = kept.last_lines(SHOWN_LINES);
        match lines.is_empty() {
            true => "; it printed nothing".to_owned(),
            false => format!("; the end of its output:\n{}", lines.join("\n")),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, bytes: &[u8]) {
        self.match_lines(bytes);
        let room = KEPT - self.head.len();
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..excess);
        self.left_out += excess as u64;
    }

    fn match_lines(&mut self, bytes: &[u8]) {
        if self.awaited.is_none() || self.matched {
            return;
        }
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            let room = MAX_LINE - self.line.len().min(MAX_LINE);
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.match_line();
            }
        }
    }

    /// Compares the line that was read, and begins the next one.
    fn match_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        self.matched |=
            self.awaited.as_ref().is_some_and(|awaited| awaited.is_match(line.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_of_a_long_output_are_kept() {
        let output = Output::default();
        let text: String = (0..20_000).map(|number| format!("{number}\n")).collect();
        output.read(text.as_bytes());
        let kept = output.kept();
        assert!(text.starts_with(&kept.head) && text.ends_with(&kept.tail));
        let total = kept.head.len() + kept.tail.len() + kept.left_out_bytes as usize;
        assert_eq!((kept.head.len(), kept.tail.len(), total), (KEPT, KEPT, text.len()));
        output.wait();
    }

    #[test]
    fn a_short_output_is_kept_whole() {
        let output = Output::default();
        output.read(&b"one\ntwo \xff"[..]);
        let kept = ProgramOutput { head: "one\ntwo \u{fffd}".to_owned(), ..Default::default() };
        assert_eq!(output.kept(), kept);
    }

    #[test]
    fn a_line_matches_in_pieces_once_it_is_complete() {
        let with = |pieces: &[&str]| {
            let output = Output::awaiting(Some(Pattern::compile("^ready on 80$").unwrap()));
            pieces.iter().for_each(|piece| output.add(piece.as_bytes()));
            output
        };
        let awaiting = |pieces: &[&str]| with(pieces).has_matched();
        assert!(awaiting(&["starting\nrea", "dy on 80\r\n"]));
        let beginning = with(&["ready on ", "80"]);
        assert!(!beginning.has_matched(), "it may be port 8080");
        beginning.add(b"80\n");
        assert!(!beginning.has_matched());
        let last = with(&["ready on 80"]);
        last.end();
        assert!(last.has_matched(), "the end of the output ends its last line");
        assert!(!awaiting(&["not ready on 80\n", "ready on 8080\n"]));
        assert!(!awaiting(&[&"x".repeat(10_000), "\n"]));
        assert!(awaiting(&[&"x".repeat(10_000), "\nready on 80\n"]));
    }
}
