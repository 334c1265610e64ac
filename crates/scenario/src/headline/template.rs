//! The placeholders of a statement's words.

/// A piece of a text with placeholders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words as they are.
    Words(&'a str),
    /// The name of a placeholder, written in braces.
    Placeholder(&'a str),
}

/// The placeholders with a name of their own. The path of a setting is a placeholder too, for
/// its value, and so is the name of a metric, for its range in the trials that decided the
/// statement's law or expectation.
pub(crate) const PLACEHOLDERS: [&str; 14] = [
    "values",
    "over",
    "by",
    "range",
    "first",
    "last",
    "best",
    "best_value",
    "worst",
    "worst_value",
    "ratio",
    "cells",
    "trials",
    "measured",
];

/// The pieces of a text.
///
/// # Errors
/// A brace without its other brace.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        if rest[at..].starts_with('}') {
            return Err("a `}` without a `{` before it");
        }
        let end = rest[at + 1..].find(['{', '}']).map(|end| at + 1 + end);
        let end = end.filter(|&end| rest[end..].starts_with('}'));
        let end = end.ok_or("a `{` without a `}` after it")?;
        if at > 0 {
            pieces.push(Piece::Words(&rest[..at]));
        }
        pieces.push(Piece::Placeholder(&rest[at + 1..end]));
        rest = &rest[end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_enclose_placeholders() {
        use Piece::{Placeholder, Words};
        assert_eq!(
            pieces("holds {values} with {over}.").unwrap(),
            [
                Words("holds "),
                Placeholder("values"),
                Words(" with "),
                Placeholder("over"),
                Words("."),
            ]
        );
        assert_eq!(pieces("{a}{b}").unwrap(), [Placeholder("a"), Placeholder("b")]);
        assert_eq!(pieces("").unwrap(), []);
        for wrong in ["a } b", "a { b", "{a{b}}", "{"] {
            assert!(pieces(wrong).is_err(), "{wrong}");
        }
    }
}
