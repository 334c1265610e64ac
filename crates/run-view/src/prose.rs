//! Prose, in lines that fit a terminal.

use crate::number::count;

/// Columns of a line.
pub const WIDTH: usize = 100;

/// Lines of at most [`WIDTH`] columns, where words allow it: `first` before
/// the first of them, `then` before the others. Words that a no-break space
/// joins stay together.
pub fn wrapped(text: &str, first: &str, then: &str) -> String {
    let mut lines = vec![first.to_owned()];
    let mut begun = false;
    for word in text.split_ascii_whitespace() {
        let line = lines.last_mut().expect("there is one from the start");
        if begun && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{then}{word}"));
        } else {
            line.push_str(if begun { " " } else { "" });
            line.push_str(word);
        }
        begun = true;
    }
    lines.join("\n")
}

/// Without the letters that XML has no way to write: a document that has one is
/// none.
pub fn clean(text: &str) -> String {
    let allowed = |letter: &char| matches!(letter, '\t' | '\n' | '\u{20}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
    text.chars().filter(allowed).collect()
}

/// A text that ends no line: a list has a line for each of its items.
pub fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// A text with a capital at its beginning.
pub fn sentence(text: &str) -> String {
    let mut letters = text.trim_start().chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// A number with groups of three.
pub fn counted(number: u64) -> String {
    count(number).replace(' ', "\u{a0}")
}

/// A number of something: `1 attempt`, `97 attempts`.
pub fn several(number: u64, one: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {one}{ending}", counted(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!(several(1, "attempt"), "1 attempt");
        assert_eq!(several(0, "attempt"), "0 attempts");
        assert_eq!(several(1_596, "attempt"), "1\u{a0}596 attempts");
    }

    #[test]
    fn lines_end_before_the_width_and_hang() {
        let text = "word ".repeat(40);
        let wrapped = wrapped(&text, "- ", "  ");
        let lines: Vec<_> = wrapped.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("- word word") && lines[1].starts_with("  word word"));
        assert!(lines.iter().all(|line| line.len() <= WIDTH && !line.ends_with(' ')));
        assert_eq!(wrapped.matches("word").count(), 40);
    }
}
