//! A documented output: what a page shows, and what may vary in it.

use std::sync::LazyLock;

use regex::Regex;

use crate::value::{Bound, Token, matches, tokens};

/// What stands for any number of lines.
const LEFT_OUT: &str = "…";
/// The columns of an output if nothing else is stated.
const COLUMNS: u32 = 100;

/// What a comment before a block says of it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Notes {
    /// The command whose output the block is, unless it is in the block.
    pub(crate) of: Option<String>,
    pub(crate) columns: Option<u32>,
    pub(crate) bounds: Vec<Bound>,
}

/// A documented output.
#[derive(Clone)]
pub(crate) struct Pattern {
    pub(crate) columns: u32,
    /// Pieces between left-out lines; each ends where lines are left out or another block begins.
    pieces: Vec<Piece>,
}

#[derive(Clone)]
struct Piece {
    line: usize,
    text: String,
    bounds: Vec<Bound>,
}

impl Pattern {
    /// What a comment says, such as `output of: queuelab list; columns 80; numbers within 60 %`.
    ///
    /// # Errors
    /// If it begins with `output` and has a part that is not known.
    pub(crate) fn notes(comment: &str) -> Result<Notes, String> {
        static PART: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(
                r"^(?:output(?: of: (?P<of>.+))?|columns (?P<columns>\d+)|numbers within (?P<within>\d+) %|numbers from (?P<from>[\d.]+) to (?P<to>[\d.]+))$",
            )
            .unwrap()
        });
        let mut notes = Notes::default();
        if !comment.starts_with("output") {
            return Ok(notes);
        }
        // A `:` introduces the first bound if no command is named.
        let comment = match comment.strip_prefix("output: ") {
            Some(bounds) => format!("output; {bounds}"),
            None => comment.to_owned(),
        };
        for part in comment.split("; ") {
            let found = PART.captures(part).ok_or_else(|| {
                format!(
                    "`{part}` is not one of `output of: COMMAND`, `columns N`, `numbers within N %` \
                     and `numbers from N to N`"
                )
            })?;
            let number = |name| found.name(name).map(|n| n.as_str().parse::<f64>().unwrap());
            if let Some(of) = found.name("of") {
                notes.of = Some(of.as_str().to_owned());
            } else if let Some(columns) = found.name("columns") {
                notes.columns = Some(columns.as_str().parse().unwrap());
            } else if let Some(percent) = number("within") {
                notes.bounds.push(Bound::Within(percent / 100.0));
            } else if let (Some(from), Some(to)) = (number("from"), number("to")) {
                notes.bounds.push(Bound::From(from, to));
            }
        }
        Ok(notes)
    }

    pub(crate) fn new(notes: &Notes, text: &str, line: usize) -> Self {
        let columns = notes.columns.unwrap_or(COLUMNS);
        let mut pattern = Self { columns, pieces: Vec::new() };
        pattern.add(notes, text, line);
        pattern
    }

    /// Adds a block that shows a later part of the output.
    pub(crate) fn add(&mut self, notes: &Notes, text: &str, line: usize) {
        self.add_piece(notes, line);
        for (number, shown) in without_progress(text).lines().enumerate() {
            if shown.trim_start().starts_with(LEFT_OUT) {
                self.add_piece(notes, line + number + 1);
            } else {
                let piece = self.pieces.last_mut().expect("one was added");
                piece.text.push_str(shown);
                piece.text.push('\n');
            }
        }
    }

    fn add_piece(&mut self, notes: &Notes, line: usize) {
        self.pieces.push(Piece { line, text: String::new(), bounds: notes.bounds.clone() });
    }

    /// Compares an output with the documented one.
    ///
    /// # Errors
    /// The line of the page, what it has there, and what the output has.
    pub(crate) fn compare(&self, actual: &str) -> Result<(), String> {
        let actual = tokens(actual);
        let mut at = 0;
        for (number, piece) in self.pieces.iter().enumerate() {
            let documented = tokens(&piece.text);
            if documented.is_empty() {
                continue;
            }
            let rest = &actual[at..];
            let fits = |start: usize| count(&documented, &rest[start..], &piece.bounds);
            let is_last = number + 1 == self.pieces.len();
            let starts: Vec<usize> = match (number, is_last) {
                (0, _) => vec![0],
                // The last one, unless lines are left out after it, is the end.
                (_, true) => vec![rest.len().saturating_sub(documented.len())],
                _ => (0..rest.len()).collect(),
            };
            let best = starts.into_iter().map(|start| (fits(start), start));
            let (length, start) = best
                .reduce(|best, next| if next.0 > best.0 { next } else { best })
                .unwrap_or((0, 0));
            if length < documented.len() {
                return Err(piece.difference(&documented, &rest[start..], length));
            }
            at += start + length;
            if is_last && at < actual.len() {
                let end = words(&actual[at..]);
                return Err(format!("line {}: after it, the output goes on: {end}", piece.line));
            }
        }
        Ok(())
    }

    /// Compares only the tables, without their numbers: what a run that other processes disturbed
    /// prints of the rest is another text, so what sentences and numbers say is not decided.
    ///
    /// # Errors
    /// A row of the page that no line of the output is as.
    pub(crate) fn compare_tables(&self, actual: &str) -> Result<(), String> {
        let known = |text: &str| -> Vec<Token> {
            let is_word = |token: &Token| matches!(token, Token::Word(word) if !matches!(word.as_str(), "⚠" | "%" | "–"));
            tokens(text).into_iter().filter(is_word).collect()
        };
        let lines: Vec<_> = actual.lines().map(|line| known(first_cell(line))).collect();
        for piece in &self.pieces {
            for (number, row) in piece.text.lines().enumerate() {
                let cells = row.trim();
                let is_framed = cells.starts_with('│');
                let is_row =
                    cells.starts_with(|c: char| c.is_ascii_digit()) && cells.contains("  ");
                let is_head = row.contains('↓');
                let wanted = known(first_cell(row));
                if (is_row || is_framed || is_head) && !lines.contains(&wanted) {
                    let line = piece.line + number;
                    return Err(format!("line {line}: no line of the output is as `{row}`"));
                }
            }
        }
        Ok(())
    }
}

/// The first cell of a row with a frame, otherwise the row.
fn first_cell(row: &str) -> &str {
    row.strip_prefix('│').and_then(|rest| rest.split('│').next()).unwrap_or(row)
}

impl Piece {
    fn difference(&self, documented: &[Token], actual: &[Token], at: usize) -> String {
        let from = at.saturating_sub(8);
        let end =
            |tokens: &[Token]| words(&tokens[from.min(tokens.len())..(at + 8).min(tokens.len())]);
        format!(
            "the block at line {}: it has\n  … {} …\nand the output\n  … {} …",
            self.line,
            end(documented),
            end(actual)
        )
    }
}

/// An output without the progress of trials: how many lines that is depends on the time only.
/// The lines that stay keep no number.
pub(crate) fn without_progress(printed: &str) -> String {
    let is_progress = |line: &&str| {
        let number = line.split('/').next().unwrap_or_default();
        line.contains(" trials, ") && line.contains(" elapsed") && number.parse::<u32>().is_ok()
    };
    printed.lines().filter(|line| !is_progress(line)).map(|line| format!("{line}\n")).collect()
}

/// How many tokens are as documented, up to the first that is not.
fn count(documented: &[Token], actual: &[Token], bounds: &[Bound]) -> usize {
    let pairs = documented.iter().zip(actual);
    pairs.take_while(|(documented, actual)| matches(documented, actual, bounds)).count()
}

fn words(tokens: &[Token]) -> String {
    let word = |token: &Token| match token {
        Token::Word(word) => word.clone(),
        Token::Number(low, high) if low == high => low.to_string(),
        Token::Number(low, high) => format!("{low} to {high}"),
    };
    tokens.iter().map(word).collect::<Vec<_>>().join(" ")
}
