//! Whether the lines of a record follow each other as a recorder writes them.

use crate::header::{RecordEnd, WatchHeader};
use crate::line::{ChangeRow, RecordLine, Span};

/// The latest time of a record, microseconds since the watch began: 285 years, and the largest
/// number that every reader of JSON keeps.
pub(crate) const MAX_US: u64 = (1 << 53) - 1;

/// The values that a line has at most: about 25,000 listeners with all their members. In memory a
/// value takes up to thirty times as much as in the file.
pub(crate) const MAX_VALUES: usize = 2_000_000;

/// What the lines so far have.
#[derive(Debug, Default)]
pub(crate) struct Order {
    lines: u64,
    at_us: u64,
    /// The end of the last time without a look.
    gap_us: u64,
}

impl Order {
    /// The number of lines so far.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Checks the next line: its number, and that each of its times is one between the line
    /// before it and itself.
    ///
    /// # Errors
    /// Why a recorder did not write it there, as a sentence without its end.
    pub(crate) fn check(&mut self, line: &RecordLine) -> Result<(), String> {
        let expected = self.lines + 1;
        if line.line != expected {
            let what = match line.line > expected {
                true => "lines are missing",
                false => "a line is repeated, or not in its place",
            };
            return Err(format!("{what}: it has the number {} instead of {expected}", line.line));
        }
        if line.at_us > MAX_US {
            return Err(format!("at_us is {}, and at most {MAX_US}", line.at_us));
        }
        if self.lines > 0 && line.at_us <= self.at_us {
            return Err(format!(
                "at_us is {}, which is not after the line before it ({})",
                line.at_us, self.at_us
            ));
        }
        let within = self.at_us..=line.at_us;
        let fail = |what: &str, at_us: u64| {
            let (from_us, to_us) = (within.start(), within.end());
            Err(format!("{what} has the time {at_us}, and the line is of {from_us} to {to_us}"))
        };
        for changes in &line.changes {
            let mut last_us = *within.start();
            for &ChangeRow(at_us, after_us, _, _) in &changes.rows {
                if !within.contains(&at_us) || at_us < last_us || after_us > at_us {
                    return fail(&format!("a change of listener {}", changes.id), at_us);
                }
                last_us = at_us;
            }
            let mut last_us = *within.start();
            for &full_us in &changes.full_us {
                if !within.contains(&full_us) || full_us < last_us {
                    return fail(&format!("a full queue of listener {}", changes.id), full_us);
                }
                last_us = full_us;
            }
        }
        for &Span(from_us, to_us) in &line.gaps {
            // It can have begun before the line before.
            if !within.contains(&to_us) || from_us > to_us || from_us < self.gap_us {
                return fail("a time without a look", to_us);
            }
            self.gap_us = to_us;
        }
        for (id, Span(from_us, to_us)) in
            line.gone.iter().filter_map(|gone| Some((gone.id, gone.closed?)))
        {
            if to_us > line.at_us || from_us > to_us {
                return fail(&format!("the end of listener {id}"), to_us);
            }
        }
        (self.lines, self.at_us) = (line.line, line.at_us);
        Ok(())
    }

    /// Checks the number of lines against the header, and that nothing follows them, after the
    /// last line.
    ///
    /// # Errors
    /// The number of the line that is missing or too many, and why.
    pub(crate) fn check_end(
        &self,
        header: &WatchHeader,
        has_part_of_a_line: bool,
    ) -> Result<(), (u64, String)> {
        let next = self.lines + 1;
        let Some(end) = header.end else { return Ok(()) };
        let Some(stated) = header.lines else {
            return Err((next, "watch.json has an end, but no number of lines".to_owned()));
        };
        if self.lines < stated {
            let missing = stated - self.lines;
            return Err((
                next,
                format!(
                    "it is missing: the recording ended with {stated} lines, and {missing} of them \
                     are not there"
                ),
            ));
        }
        if self.lines > stated {
            let reason = "it is not of the recording, which ended with fewer lines";
            return Err((stated.saturating_add(1), format!("{reason} ({stated})")));
        }
        if end == RecordEnd::Stopped && self.lines == 0 {
            let reason = "it is missing: watch.json states that the recording ended, and it begins \
                          with a line";
            return Err((next, reason.to_owned()));
        }
        // What could not be written may have been written in part.
        if has_part_of_a_line && end != RecordEnd::Failed {
            return Err((
                next,
                format!("it is not complete: the recording ended before it ({stated})"),
            ));
        }
        Ok(())
    }
}

/// The number of values of a line, by its commas.
///
/// # Errors
/// If it is more than a line may have.
pub(crate) fn check_values(line: &[u8]) -> Result<(), String> {
    let (mut commas, mut in_text, mut is_escaped) = (0, false, false);
    for &byte in line {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b',' if !in_text => commas += 1,
            _ => {}
        }
    }
    match commas < MAX_VALUES {
        true => Ok(()),
        false => Err(format!("it has {} values, and a line has at most {MAX_VALUES}", commas + 1)),
    }
}
