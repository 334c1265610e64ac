//! Prose, in lines that fit a terminal.

/// Columns of a line.
pub(crate) const WIDTH: usize = 100;

/// Lines of at most [`WIDTH`] columns, where words allow it: `first` before
/// the first of them, `then` before the others. Words that a no-break space
/// joins stay together.
pub(crate) fn wrapped(text: &str, first: &str, then: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

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
