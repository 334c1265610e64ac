//! Text from files and peers, made safe to show.
//!
//! A terminal obeys control characters (ESC and the C1 characters begin its commands), and
//! format characters, such as U+202E, show text in another order than it has. A scenario, a
//! run directory or a server may come from a stranger. So everything that is printed, and
//! every document that is written, goes through here: these characters appear as `\u{1b}`.
//!
//! | function | for |
//! |---|---|
//! | [`lines`] | a whole output of a command |
//! | [`line`] | a text in one line |
//! | [`document`] | a whole page or chart |
//! | [`json`], [`yaml`] | what another program reads: it means the same |
//! | [`csv_cell`] | a text in a table for a spreadsheet |
//! | [`same_length`] | a quoted file, in which positions matter |

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory, get_general_category};

/// A whole output of a command: only line feeds and tabs still control something.
pub fn lines(text: &str) -> Cow<'_, str> {
    without_commands(document(text), "\\u{3a}")
}

/// A text in one line, such as a question or a name: it cannot pretend to be two.
pub fn line(text: &str) -> Cow<'_, str> {
    let safe = replaced(text, is_unsafe, |c, to| to.extend(c.escape_default()));
    without_commands(safe, "\\u{3a}")
}

/// A whole document, such as a page, which is not the output of a command.
pub fn document(text: &str) -> Cow<'_, str> {
    replaced(
        text,
        |c| is_unsafe(c) && !matches!(c, '\n' | '\t'),
        |c, to| to.extend(c.escape_default()),
    )
}

/// GitHub obeys `::command parameters::` where a line of a job's log begins, and a text can be
/// wrapped before any of its words. `colon` replaces the first character of a command.
fn without_commands<'a>(text: Cow<'a, str>, colon: &str) -> Cow<'a, str> {
    let Some(last) = text.rfind("::") else { return text };
    let is_command = |at: usize| {
        let begins = text[..at].chars().next_back().is_none_or(char::is_whitespace);
        begins && at < last && text[at + 2..].starts_with(|c: char| c.is_ascii_alphabetic())
    };
    let commands: Vec<_> =
        text.match_indices("::").map(|(at, _)| at).filter(|&at| is_command(at)).collect();
    if commands.is_empty() {
        return text;
    }
    let mut safe = text.into_owned();
    for at in commands.into_iter().rev() {
        safe.replace_range(at..=at, colon);
    }
    safe.into()
}

/// JSON with the same meaning, without these characters: its strings can escape each.
pub fn json(text: &str) -> Cow<'_, str> {
    replaced(
        text,
        |c| is_unsafe(c) && !matches!(c, '\n' | '\t' | '\r'),
        |c, to| {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                *to += &format!("\\u{unit:04x}");
            }
        },
    )
}

/// YAML with the same meaning, without these characters and without commands to GitHub, if
/// each text that [`lines`] would change, or that has `::`, is in double quotes: only there YAML
/// has escapes.
pub fn yaml(text: &str) -> Cow<'_, str> {
    let escaped = replaced(
        text,
        |c| is_unsafe(c) && !matches!(c, '\n' | '\t'),
        |c, to| {
            *to += &match u32::from(c) {
                code @ ..=0xff => format!("\\x{code:02x}"),
                code @ ..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            };
        },
    );
    without_commands(escaped, "\\x3a")
}

/// A text in one cell of a CSV file. A spreadsheet computes what begins with `=`, `+`, `-` or
/// `@`, and some also split at a semicolon: an apostrophe before it makes it a text. A number
/// stays a number.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let text = line(text);
    if text.parse().is_ok_and(f64::is_finite) {
        return text;
    }
    // With their wide forms, which a spreadsheet may read as the same.
    let computes = |c| "=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(c);
    let mut is_start = true;
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_start && computes(c) {
            safe.push('\'');
        }
        is_start = c == ';' || (is_start && c.is_whitespace());
        safe.push(c);
    }
    if safe.len() == text.len() { text } else { safe.into() }
}

/// A text of the same length in bytes, with `?` for each byte of such a character except line
/// feeds: positions in the text stay.
pub fn same_length(text: &str) -> Cow<'_, str> {
    replaced(
        text,
        |c| is_unsafe(c) && c != '\n',
        |c, to| {
            to.extend(std::iter::repeat_n('?', c.len_utf8()));
        },
    )
}

/// Whether a character controls how others are shown.
pub fn is_unsafe(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    !matches!(c, ' '..='~')
        && matches!(get_general_category(c), Control | Format | LineSeparator | ParagraphSeparator)
}

fn replaced(
    text: &str,
    unsafe_here: impl Fn(char) -> bool,
    write: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&unsafe_here) {
        return text.into();
    }
    let mut replaced = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if unsafe_here(c) { write(c, &mut replaced) } else { replaced.push(c) }
    }
    replaced.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Control characters, and those that change the order or the presence of others.
    const UNSAFE: &[char] = &[
        '\0',
        '\u{7}',
        '\u{8}',
        '\r',
        '\u{1b}',
        '\u{7f}',
        '\u{80}',
        '\u{85}',
        '\u{9b}',
        '\u{9d}',
        '\u{ad}',
        '\u{61c}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{fff9}',
        '\u{e0001}',
        '\u{e007f}',
    ];

    #[test]
    fn characters_that_control_a_terminal_are_shown() {
        assert_eq!(lines("\u{1b}]0;x\u{7}\n\ta\u{202e}b"), "\\u{1b}]0;x\\u{7}\n\ta\\u{202e}b");
        assert_eq!(line("a\r\n\tb"), "a\\r\\n\\tb");
        assert_eq!(json("\"\u{202e}\u{e0001}\""), "\"\\u202e\\udb40\\udc01\"");
        assert_eq!(same_length("a\u{1b}\n\u{202e}b"), "a?\n???b");
        for c in UNSAFE {
            assert!(is_unsafe(*c), "{c:?}");
        }
    }

    #[test]
    fn a_text_gives_no_command_to_github() {
        assert_eq!(lines("a\n  ::error ::b"), "a\n  \\u{3a}:error ::b");
        assert_eq!(line("::stop-commands::x"), "\\u{3a}:stop-commands::x");
        for harmless in ["on ::1", "listening on ::ffff:1.2.3.4", "a::b::c", "[::1]:80 :: x"] {
            assert_eq!(lines(harmless), harmless);
        }
        assert_eq!(document("::error::x"), "::error::x");
    }

    #[test]
    fn yaml_is_escaped_as_yaml() {
        let text = "q: \"\u{1b}[2J\u{85}\u{202e}\u{e0041}\n::error ::x\"";
        let escaped = r#"q: "\x1b[2J\x85\u202e\U000e0041
\x3a:error ::x""#;
        assert_eq!(yaml(text), escaped);
    }

    #[test]
    fn a_cell_of_a_table_is_not_a_formula() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+1+1", "'+1+1"),
            ("-1+1|cmd", "'-1+1|cmd"),
            ("@SUM(1)", "'@SUM(1)"),
            ("  =1", "  '=1"),
            ("\t=1", "\\t=1"),
            ("\r\n=1", "\\r\\n=1"),
            ("a;=1; =2", "a;'=1; '=2"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("-inf", "'-inf"),
            ("-", "'-"),
            ("\u{202e}=1", "\\u{202e}=1"),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
        for same in ["-5", "+1.5e3", "10", "a=b", "global-lock", "4096 8192 -1", "''", ""] {
            assert!(matches!(csv_cell(same), Cow::Borrowed(text) if text == same), "{same}");
        }
    }

    #[test]
    fn text_in_any_language_stays() {
        // Latin, Hebrew, Arabic, Devanagari, Japanese, a combining accent and an emoji.
        let text = "Größe 10 µs – “naïve” \u{a0}½ → ≥ \u{5e2}\u{5d1} \u{639}\u{631} \u{939}\u{93f} \
                    \u{65e5}\u{672c} e\u{301} \u{26a0}\u{fe0f}";
        assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
    }

    proptest! {
        #[test]
        fn no_text_keeps_one(
            text in prop::collection::vec(
                prop_oneof![any::<char>(), prop::sample::select(UNSAFE)], 0..60
            )
        ) {
            let text: String = text.into_iter().collect();
            prop_assert!(!lines(&text).contains(|c| is_unsafe(c) && c != '\n' && c != '\t'));
            prop_assert!(!line(&text).contains(is_unsafe));
            let kept = same_length(&text);
            prop_assert!(!kept.contains(|c| is_unsafe(c) && c != '\n'));
            prop_assert_eq!(kept.len(), text.len());
            let written = serde_json::to_string(&text).unwrap();
            let escaped = json(&written);
            prop_assert!(!escaped.contains(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text.as_str());
            let written = serde_saphyr::to_string(&serde_saphyr::DoubleQuoted(&text)).unwrap();
            let escaped = yaml(&written);
            prop_assert!(!escaped.contains(|c| is_unsafe(c) && c != '\n'));
            prop_assert_eq!(serde_saphyr::from_str::<String>(&escaped).unwrap(), text.as_str());
            prop_assert!(!csv_cell(&text).contains(is_unsafe));
        }
    }
}
