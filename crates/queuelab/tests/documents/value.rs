//! Numbers of an output, and what one may be.

use std::sync::LazyLock;

use regex::Regex;

/// A word of an output: a text, or numbers that stand for one value with its range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Word(String),
    /// The smallest and the largest number: `4`, `4 to 8`, `4 (3–8)`.
    Number(f64, f64),
}

/// What a number may be that differs from the documented one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// Within this share of the documented one.
    Within(f64),
    /// Between these two, as the documented one is.
    From(f64, f64),
}

impl Bound {
    fn allows(self, documented: (f64, f64), actual: (f64, f64)) -> bool {
        let (low, high) = match self {
            Self::Within(share) => (documented.0 * (1.0 - share), documented.1 * (1.0 + share)),
            Self::From(low, high) if low <= documented.0 && documented.1 <= high => (low, high),
            Self::From(..) => return false,
        };
        low <= actual.0 && actual.1 <= high
    }
}

/// Whether a token of an output may stand where a page has another.
pub(crate) fn matches(documented: &Token, actual: &Token, bounds: &[Bound]) -> bool {
    match (documented, actual) {
        (Token::Word(documented), Token::Word(actual)) => documented == actual,
        (Token::Number(low, high), Token::Number(least, most)) => {
            (low, high) == (least, most)
                || bounds.iter().any(|bound| bound.allows((*low, *high), (*least, *most)))
        }
        _ => false,
    }
}

/// The tokens of an output. Line breaks, the width of columns and of frames do not count: all of
/// them follow from the width of numbers. ⚠ is a token of its own. The times in the names of
/// run directories are all alike.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    static NUMBER: &str = r"\d+(?:[ \u{a0}\u{202f}\u{2009},]\d{3})*(?:\.\d+)?[kM]?";
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        let time = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ";
        let range =
            format!(r"({NUMBER})(?: \(({NUMBER})[–-]({NUMBER})\)|\s+to\s+({NUMBER})|–({NUMBER}))");
        Regex::new(&format!(
            r"(?P<time>{time})|(?P<range>{range})|(?P<number>{NUMBER})|(?P<frame>[─━═]+)|(?P<other>[^\s\d─━═]+)"
        ))
        .unwrap()
    });
    let found = TOKEN.captures_iter(text).map(|found| {
        if found.name("time").is_some() {
            return Token::Word("TIME".to_owned());
        }
        if found.name("frame").is_some() {
            return Token::Word("─".to_owned());
        }
        if let Some(number) = found.name("number") {
            let number = number_of(number.as_str());
            return Token::Number(number, number);
        }
        if found.name("range").is_some() {
            let numbers: Vec<f64> =
                (3..=7).filter_map(|n| found.get(n)).map(|n| number_of(n.as_str())).collect();
            let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let high = numbers.iter().copied().fold(0.0, f64::max);
            return Token::Number(low, high);
        }
        Token::Word(found["other"].to_owned())
    });
    found.collect()
}

fn number_of(text: &str) -> f64 {
    let scale = match text.chars().last() {
        Some('k') => 1e3,
        Some('M') => 1e6,
        _ => 1.0,
    };
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    digits.parse::<f64>().expect("the pattern has only numbers") * scale
}
