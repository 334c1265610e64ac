//! Reads the answers of an exchange.

use pattern::{Pattern, PatternError};

use super::cause::Cause;
use super::read::Read;
use super::settings::Expected;

/// The bytes of an answer in which a pattern may match.
const MAX_SEARCHED: usize = 64 * 1024;

/// The expected answer, prepared.
#[derive(Debug)]
pub(super) enum Matcher {
    Length(u64),
    Prefix(Box<[u8]>),
    Pattern(Pattern),
    EndOfFile,
}

impl Matcher {
    /// # Errors
    /// An invalid pattern, or one that is too large.
    pub(super) fn new(expected: &Expected) -> Result<Self, PatternError> {
        Ok(match expected {
            Expected::Length(length) => Self::Length((*length).into()),
            Expected::Prefix(prefix) => Self::Prefix(prefix.bytes().into()),
            Expected::Pattern(pattern) => Self::Pattern(Pattern::compile(pattern)?),
            Expected::EndOfFile => Self::EndOfFile,
        })
    }

    /// Whether data after an answer is ignored.
    pub(super) fn ignores_rest(&self) -> bool {
        matches!(self, Self::Prefix(_) | Self::Pattern(_))
    }
}

/// Reads one answer after the other, as they arrive.
#[derive(Debug, Default)]
pub(super) struct AnswerReader {
    /// Bytes of the answer that have arrived.
    received: u64,
    /// Those in which a pattern may match.
    searched: Vec<u8>,
}

impl AnswerReader {
    /// Reads what has arrived of an answer.
    pub(super) fn read(&mut self, expected: &Matcher, bytes: &[u8]) -> Result<Read, Cause> {
        let before = self.received;
        self.received += bytes.len() as u64;
        match expected {
            Matcher::Length(length) => match self.received.checked_sub(*length) {
                Some(rest) => Ok(self.complete(rest as usize)),
                None => Ok(Read::More),
            },
            Matcher::Prefix(prefix) => {
                let left = &prefix[before as usize..];
                let length = left.len().min(bytes.len());
                match left[..length] == bytes[..length] {
                    true if length == left.len() => Ok(self.complete(0)),
                    true => Ok(Read::More),
                    false => Err(Cause::OtherBytes),
                }
            }
            Matcher::Pattern(pattern) => {
                let room = MAX_SEARCHED - self.searched.len();
                self.searched.extend_from_slice(&bytes[..bytes.len().min(room)]);
                if pattern.is_match(&self.searched) {
                    return Ok(self.complete(0));
                }
                match self.searched.len() < MAX_SEARCHED {
                    true => Ok(Read::More),
                    false => Err(Cause::NoMatch),
                }
            }
            Matcher::EndOfFile => Ok(Read::More),
        }
    }

    /// Handles the server's end of file within an answer.
    pub(super) fn end_of_file(&mut self, expected: &Matcher) -> Result<(), Cause> {
        match (expected, self.received) {
            (Matcher::EndOfFile, _) => Ok(()),
            (_, 0) => Err(Cause::ClosedBefore),
            _ => Err(Cause::ClosedWithin),
        }
    }

    fn complete(&mut self, rest: usize) -> Read {
        self.received = 0;
        self.searched.clear();
        Read::Complete { rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads pieces until an answer is complete or wrong; at the end of them, the end of file.
    fn read(expected: &Expected, pieces: &[&str]) -> Result<Read, Cause> {
        let matcher = Matcher::new(expected).expect("a valid pattern");
        let mut reader = AnswerReader::default();
        for piece in pieces {
            match reader.read(&matcher, piece.as_bytes()) {
                Ok(Read::More) => {}
                ended => return ended,
            }
        }
        reader.end_of_file(&matcher).map(|()| Read::Complete { rest: 0 })
    }

    #[test]
    fn each_form_ends_where_it_is_complete() {
        let prefix = Expected::Prefix("+PONG".parse().unwrap());
        let pattern = Expected::Pattern("(?m)^220 .*\r$".to_owned());
        for (expected, pieces, found) in [
            (&Expected::Length(3), &["a", "bcd"][..], Ok(Read::Complete { rest: 1 })),
            (&Expected::Length(3), &["a", "b"], Err(Cause::ClosedWithin)),
            (&Expected::Length(3), &[], Err(Cause::ClosedBefore)),
            (&prefix, &["+P", "ONG\r\n"], Ok(Read::Complete { rest: 0 })),
            (&prefix, &["+P", "INK"], Err(Cause::OtherBytes)),
            (&prefix, &["+PON"], Err(Cause::ClosedWithin)),
            (&pattern, &["220-a\r\n22", "0 b\r", "\n"], Ok(Read::Complete { rest: 0 })),
            (&pattern, &["500 no\r\n"], Err(Cause::ClosedWithin)),
            (&Expected::EndOfFile, &["any", "thing"], Ok(Read::Complete { rest: 0 })),
            (&Expected::EndOfFile, &[], Ok(Read::Complete { rest: 0 })),
        ] {
            assert_eq!(read(expected, pieces), found, "{expected:?} {pieces:?}");
        }
    }

    #[test]
    fn a_pattern_is_searched_in_a_bounded_part_of_the_answer() {
        let expected = Expected::Pattern("z".to_owned());
        let filler = "a".repeat(MAX_SEARCHED - 1);
        assert_eq!(read(&expected, &[&filler, "z"]), Ok(Read::Complete { rest: 0 }));
        assert_eq!(read(&expected, &[&filler, "az"]), Err(Cause::NoMatch));
    }
}
