//! Placeholders in the files, arguments and environment of a program.

use indexmap::IndexMap;

/// The private directory.
pub const DIRECTORY: &str = "directory";

/// The server's address and port.
pub const ADDRESS: &str = "address";
/// See [`ADDRESS`].
pub const PORT: &str = "port";

/// A brace, where it would begin a placeholder.
const BRACE: &str = "{'{'}";

/// The sections of a cell's settings.
const SECTIONS: [&str; 4] = ["server.", "hosts.", "load.", "after."];

/// A placeholder that no value has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{{{0}}}` is no setting of the cell: the name is that of a setting, such as `server.command.port`"
)]
pub struct UnknownPlaceholder(pub String);

/// Replaces the placeholders of a text, and `{'{'}` by a brace. Braces around anything else, as
/// in the files of many programs, stay as they are.
///
/// # Errors
/// A placeholder that looks like a setting, but has no value.
pub fn replaced(
    text: &str,
    values: &IndexMap<String, String>,
) -> Result<String, UnknownPlaceholder> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        rest = match Braced::at(from) {
            Braced::Placeholder(name) => {
                let value = values.get(name).ok_or_else(|| UnknownPlaceholder(name.to_owned()))?;
                out.push_str(value);
                &from[name.len() + 2..]
            }
            Braced::Brace => {
                out.push('{');
                &from[BRACE.len()..]
            }
            Braced::Other => {
                out.push('{');
                &from[1..]
            }
        };
    }
    out.push_str(rest);
    Ok(out)
}

/// The text that [`replaced`] turns into `text`, whatever the values are.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        out.push_str(match Braced::at(from) {
            Braced::Placeholder(_) | Braced::Brace => BRACE,
            Braced::Other => "{",
        });
        rest = &from[1..];
    }
    out.push_str(rest);
    out
}

/// What begins with a brace.
enum Braced<'a> {
    /// A placeholder with this name.
    Placeholder(&'a str),
    /// [`BRACE`].
    Brace,
    /// Anything else.
    Other,
}

impl<'a> Braced<'a> {
    /// At the beginning of a text, which is a brace.
    fn at(text: &'a str) -> Self {
        if text.starts_with(BRACE) {
            return Self::Brace;
        }
        match text[1..].split_once('}') {
            Some((name, _)) if is_name(name) => Self::Placeholder(name),
            _ => Self::Other,
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_setting = SECTIONS.iter().any(|section| name.starts_with(section));
    let is_plain = |name: &str| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
    };
    [DIRECTORY, ADDRESS, PORT].contains(&name) || (is_setting && is_plain(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> IndexMap<String, String> {
        [("server.backlog", "511"), (DIRECTORY, "/private"), (PORT, "80")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn settings_are_replaced_and_other_braces_stay() {
        for (text, expected) in [
            ("listen {port} backlog={server.backlog};", "listen 80 backlog=511;"),
            ("server { listen {port}; }", "server { listen 80; }"),
            ("events {}\nhttp {\n}", "events {}\nhttp {\n}"),
            ("{{port}}", "{80}"),
            ("{directory}/a {x} {server .y} {", "/private/a {x} {server .y} {"),
            ("f'{name}'", "f'{name}'"),
            ("{'{'}port} and {'x'}", "{port} and {'x'}"),
            ("", ""),
        ] {
            assert_eq!(replaced(text, &values()).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn only_what_would_be_replaced_is_escaped() {
        assert_eq!(escaped("awk '{print $1}' {x}"), "awk '{print $1}' {x}");
        assert_eq!(escaped("{port} {server.x}"), "{'{'}port} {'{'}server.x}");
    }

    proptest! {
        #[test]
        fn an_escaped_text_is_itself_again(
            parts in prop::collection::vec(
                prop::sample::select(vec!["{", "}", "'", "{'{'}", "port", "server.x", "é", "{port}"]),
                0..12,
            )
        ) {
            let text = parts.concat();
            prop_assert_eq!(replaced(&escaped(&text), &values()), Ok(text));
        }
    }

    #[test]
    fn an_unknown_setting_is_an_error() {
        for text in ["{server.bcaklog}", "{load.clients}", "{address}"] {
            let error = replaced(text, &values()).unwrap_err();
            assert_eq!(format!("{{{}}}", error.0), text);
        }
    }
}
