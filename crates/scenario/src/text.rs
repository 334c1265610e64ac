//! Texts of a scenario in messages.

use std::borrow::Cow;

/// The most characters of a quoted text in a message.
const MAX_QUOTED: usize = 200;

/// The most names of a list in a message.
const MAX_LISTED: usize = 50;

/// A text, or its beginning if it is too long for a message.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_QUOTED) {
        None => text.into(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()).into(),
    }
}

/// Names with commas; of many names, the first.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let first: Vec<_> =
        names.iter().take(MAX_LISTED).map(|name| shortened(name.as_ref())).collect();
    let more = names.len() - first.len();
    let list = first.join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}
