//! Text from processes, made safe to show, and cut to the room there is.

use ratatui::text::Span;

/// The most characters of a text that are shown: a command line may have 2 MiB.
const MAX_CHARS: usize = 400;

/// A text that controls nothing on the terminal.
pub(crate) fn safe(text: &str) -> String {
    let end = text.char_indices().nth(MAX_CHARS).map(|(at, _)| at);
    let safe = visible::line(&text[..end.unwrap_or(text.len())]).into_owned();
    match end {
        Some(_) => safe + "…",
        None => safe,
    }
}

/// The columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// The text in at most `columns` columns, with … for what is cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut cut = String::new();
    let mut free = columns - 1;
    for c in text.chars() {
        let mut buffer = [0; 4];
        let taken = width(c.encode_utf8(&mut buffer));
        if taken > free {
            break;
        }
        free -= taken;
        cut.push(c);
    }
    cut + "…"
}

/// The parts that fit in `columns` columns, the first ones first, separated by ` · `.
pub(crate) fn fitting(parts: &[String], columns: usize) -> String {
    let mut text = String::new();
    for part in parts {
        let separator = if text.is_empty() { "" } else { " · " };
        if width(&text) + width(separator) + width(part) <= columns {
            text.push_str(separator);
            text.push_str(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_marked() {
        assert_eq!(cut("nginx", 5), "nginx");
        assert_eq!(cut("nginx", 4), "ngi…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("nginx", 0), "");
        assert_eq!(width(&safe(&"x".repeat(1_000_000))), MAX_CHARS + 1);
    }

    #[test]
    fn a_part_without_room_is_left_out() {
        let parts = ["one", "a long one", "two"].map(str::to_owned);
        assert_eq!(fitting(&parts, 9), "one · two");
    }
}
