//! The regular expressions of settings: the awaited line of a server, and the expected answer of
//! an exchange.
//!
//! A scenario may come from a stranger, and a short pattern can take much time and memory to
//! compile. So a [`Pattern`] has limits, and [`Patterns`] compiles each text once, however many
//! cells have it.

use std::collections::HashMap;

use regex::bytes::{Regex, RegexBuilder};

/// The longest pattern, bytes. The time to compile grows with it: with Unicode classes without
/// regard to case it is about 30 µs for each byte.
const MAX_BYTES: usize = 500;

/// The most memory of a compiled pattern, and of the states that a search builds, bytes.
const MAX_COMPILED_BYTES: usize = 512 << 10;

/// How deep groups and classes may nest.
const MAX_DEPTH: u32 = 20;

/// The most patterns of a scenario that differ.
const MAX_PATTERNS: usize = 8;

/// A compiled regular expression; clones share it.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a regular expression in the syntax of the crate `regex`.
    ///
    /// # Errors
    /// If it is invalid, or if it is too long, too large or too deep.
    pub fn compile(text: &str) -> Result<Self, PatternError> {
        if text.len() > MAX_BYTES {
            return Err(PatternError::TooLong(text.len()));
        }
        let mut builder = RegexBuilder::new(text);
        builder
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(MAX_COMPILED_BYTES)
            .nest_limit(MAX_DEPTH);
        builder.build().map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
            error => PatternError::Invalid(error.to_string()),
        })
    }

    /// Whether it matches anywhere in these bytes.
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        self.0.is_match(bytes)
    }
}

/// The patterns of a scenario, each compiled when it is first asked for.
#[derive(Debug, Default)]
pub struct Patterns {
    by_text: HashMap<String, Result<Pattern, PatternError>>,
    compilations: usize,
}

impl Patterns {
    /// The compiled pattern of a text.
    ///
    /// # Errors
    /// As for [`Pattern::compile`], and if there have been too many others.
    pub fn get(&mut self, text: &str) -> Result<Pattern, PatternError> {
        if let Some(known) = self.by_text.get(text) {
            return known.clone();
        }
        if text.len() > MAX_BYTES {
            return Err(PatternError::TooLong(text.len()));
        }
        if self.by_text.len() == MAX_PATTERNS {
            return Err(PatternError::TooMany);
        }
        self.compilations += 1;
        let compiled = Pattern::compile(text);
        self.by_text.insert(text.to_owned(), compiled.clone());
        compiled
    }

    /// How often a pattern has been compiled, or refused by the compiler.
    pub fn compilations(&self) -> usize {
        self.compilations
    }
}

/// Why a text is not used as a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It has more bytes than any pattern.
    #[error("the pattern has {0} bytes; the most is {MAX_BYTES}")]
    TooLong(usize),
    /// It needs too much memory.
    #[error(
        "the compiled pattern has more than {} KiB: use smaller repetitions such as {{1,9}}, and \
         [a-z] or [0-9] rather than classes of Unicode such as \\w or \\d",
        MAX_COMPILED_BYTES >> 10
    )]
    TooLarge,
    /// There are too many others.
    #[error("more than {MAX_PATTERNS} different patterns: use at most {MAX_PATTERNS}")]
    TooMany,
    /// It is not a regular expression, or nests too deep.
    #[error("{0}")]
    Invalid(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_anywhere() {
        let pattern = Pattern::compile(r"(?m)^ready on \d+$").unwrap();
        assert!(pattern.is_match(b"starting\nready on 80\n"));
        assert!(!pattern.is_match(b"not ready on 80"));
    }

    #[test]
    fn what_takes_long_to_compile_is_refused() {
        let refused = |text: &str| Pattern::compile(text).unwrap_err();
        for text in [r"(?:\w{60}){4}", r"\w{60}", "(?:a{1000}){1000}", "(((a{99}){99}){99}){99}"] {
            assert_eq!(refused(text), PatternError::TooLarge, "{text}");
        }
        assert_eq!(refused(&r"(?i)\W".repeat(100)), PatternError::TooLong(600));
        let nested = |depth| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        assert!(Pattern::compile(&nested(MAX_DEPTH as usize)).is_ok());
        let too_deep = refused(&nested(MAX_DEPTH as usize + 1)).to_string();
        assert!(too_deep.contains("nested parentheses/brackets (20)"), "{too_deep}");
        assert!(refused("(").to_string().contains("unclosed group"));
    }

    #[test]
    fn each_text_is_compiled_once_and_there_are_few() {
        let mut patterns = Patterns::default();
        for _ in 0..1000 {
            assert_eq!(patterns.get(r"\w{60}").unwrap_err(), PatternError::TooLarge);
            assert!(patterns.get("a").unwrap().is_match(b"bab"));
        }
        assert_eq!(patterns.compilations(), 2);
        for number in 0..100 {
            let found = patterns.get(&format!("b{number}"));
            assert_eq!(found.is_ok(), number < MAX_PATTERNS - 2, "{number}: {found:?}");
        }
        assert_eq!(patterns.compilations(), MAX_PATTERNS);
        assert!(patterns.get("a").is_ok(), "it was compiled before");
        assert_eq!(patterns.get("z").unwrap_err(), PatternError::TooMany);
    }
}
