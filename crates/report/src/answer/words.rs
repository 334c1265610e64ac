//! Texts with placeholders, lists, and settings as words.

use scenario::{Piece, pieces};
use serde_json::Value;

use run_record::describe_value;

use super::measure::size;

/// The most items of a list; of more, the middle is left out.
const MAX_ITEMS: usize = 6;

/// The items of a longer list that are written before the dots.
const FIRST_ITEMS: usize = 3;

/// The axis whose values are two port numbers.
const PORT_RANGE: &str = ".ip_local_port_range";

/// Axes whose values are the smallest, the default and the largest size of a buffer, bytes.
const BUFFERS: [&str; 2] = [".tcp_rmem", ".tcp_wmem"];

/// A text with each placeholder replaced by what `find` returns; `None` if it lacks one, or its
/// braces are wrong.
pub(super) fn fill(text: &str, find: impl Fn(&str) -> Option<String>) -> Option<String> {
    let pieces = pieces(text).ok()?;
    let filled = pieces.into_iter().map(|piece| match piece {
        Piece::Words(words) => Some(words.to_owned()),
        Piece::Placeholder(name) => find(name),
    });
    filled.collect()
}

/// `1, 2 and 3`; the items in the middle of a long list are left out.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] if items.len() <= MAX_ITEMS => {
            format!("{} and {last}", first.join(", "))
        }
        [.., last] => format!("{}, … and {last}", items[..FIRST_ITEMS].join(", ")),
    }
}

/// The value of a setting as words: a range of ports has a dash, and of the sizes of a buffer the
/// largest counts.
pub(super) fn setting(path: &str, value: &Value) -> String {
    let text = describe_value(value);
    if path.ends_with(PORT_RANGE) {
        return text.replacen(' ', "–", 1);
    }
    let is_buffer = BUFFERS.iter().any(|name| path.ends_with(name));
    let largest = text.split(' ').next_back().and_then(|largest| largest.parse().ok());
    largest.filter(|_| is_buffer).map_or(text, size)
}

/// `in all 8 cells`, `in both cells`; of one, whether there are others: `in the only cell`, `in
/// 1 cell`.
pub(super) fn in_all(number: usize, of: usize, one: &str) -> String {
    match number {
        1 if of <= 1 => format!("in the only {one}"),
        1 => format!("in 1 {one}"),
        2 => format!("in both {one}s"),
        n => format!("in all {n} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_leaves_its_middle_out() {
        let items = |n: u32| (1..=n).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(list(&items(0)), "");
        assert_eq!(list(&items(1)), "1");
        assert_eq!(list(&items(2)), "1 and 2");
        assert_eq!(list(&items(6)), "1, 2, 3, 4, 5 and 6");
        assert_eq!(list(&items(7)), "1, 2, 3, … and 7");
    }

    #[test]
    fn settings_are_words() {
        let ports = "hosts.client.sysctls.net.ipv4.ip_local_port_range";
        assert_eq!(setting(ports, &"20000 20011".into()), "20000–20011");
        let buffer = "hosts.server.sysctls.net.ipv4.tcp_rmem";
        assert_eq!(setting(buffer, &"4096 16384 1048576".into()), "1 MiB");
        assert_eq!(setting("server.design", &"snapshot".into()), "snapshot");
        assert_eq!(setting("server.backlog", &10.into()), "10");
    }

    #[test]
    fn a_text_without_a_value_for_a_placeholder_is_none() {
        let find = |name: &str| (name == "over").then(|| "10".to_owned());
        assert_eq!(fill("backlog {over}", find).unwrap(), "backlog 10");
        assert_eq!(fill("{values} with {over}", find), None);
        assert_eq!(fill("{over", find), None);
    }
}
