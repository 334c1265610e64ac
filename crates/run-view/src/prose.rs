//! Sentences and lists as text.

use crate::number::count;

/// The columns of a line on a terminal.
pub const WIDTH: usize = 100;

/// Wraps a text into lines of at most `width` columns if no word is longer: `first` precedes the
/// first line, `then` the others. No-break spaces do not break.
pub fn wrap_to(width: usize, text: &str, first: &str, then: &str) -> String {
    let mut lines = vec![first.to_owned()];
    let mut has_words = false;
    for word in text.split_ascii_whitespace() {
        let line = lines.last_mut().expect("it starts with one");
        if has_words && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(format!("{then}{word}"));
        } else {
            line.push_str(if has_words { " " } else { "" });
            line.push_str(word);
        }
        has_words = true;
    }
    lines.join("\n")
}

/// The characters with which a line of a table's frame begins: vertical, and the corners and
/// the branch of its left side. Escaped, because they are not in the font of charts.
const FRAME: [char; 4] = ['\u{2502}', '\u{256d}', '\u{251c}', '\u{2570}'];

/// Wraps the lines of a laid-out text that are longer than `width` columns, below their own
/// indentation. Lines of a table with a frame stay.
pub fn fit(width: usize, text: &str) -> String {
    let line = |line: &str| {
        let start = line.trim_start();
        let indent = &line[..line.len() - start.len()];
        if line.chars().count() <= width || start.starts_with(FRAME) {
            return line.to_owned();
        }
        wrap_to(width, start, indent, &format!("{indent}  "))
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Removes the characters that XML cannot represent: a document with one is not
/// well-formed.
pub fn remove_invalid_xml(text: &str) -> String {
    let allowed = |letter: &char| matches!(letter, '\t' | '\n' | '\u{20}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}');
    text.chars().filter(allowed).collect()
}

/// A text with a capital letter at its start.
pub fn sentence(text: &str) -> String {
    let mut letters = text.trim_start().chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// A count with groups of three digits, joined by no-break spaces.
pub fn counted(number: u64) -> String {
    count(number).replace(' ', "\u{a0}")
}

/// A count with its noun: `1 attempt`, `97 attempts`.
pub fn several(number: u64, one: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {one}{ending}", counted(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_are_too_long_are_wrapped() {
        let text = "a b\n  one two three\n\u{2502} one two three four\n";
        assert_eq!(fit(12, text), "a b\n  one two\n    three\n\u{2502} one two three four\n");
        assert_eq!(fit(100, text), text);
    }

    #[test]
    fn only_one_has_the_singular() {
        assert_eq!(several(1, "attempt"), "1 attempt");
        assert_eq!(several(0, "attempt"), "0 attempts");
        assert_eq!(several(1_596, "attempt"), "1\u{a0}596 attempts");
    }

    #[test]
    fn lines_fit_the_width_and_are_indented() {
        let text = "word ".repeat(40);
        let wrapped = wrap_to(WIDTH, &text, "- ", "  ");
        let lines: Vec<_> = wrapped.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("- word word") && lines[1].starts_with("  word word"));
        assert!(lines.iter().all(|line| line.len() <= WIDTH && !line.ends_with(' ')));
        assert_eq!(wrapped.matches("word").count(), 40);
    }
}
