//! From a tree to a type, with all problems at once.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::limits::MAX_PROBLEMS;
use crate::name_hint::did_you_mean;
use crate::place::Place;
use crate::problem::Problem;
use crate::tree::{Entry, Kind, Node};

/// Reads `node` as a `T`. Serde stops at the first error; each one is recorded as a
/// problem and its node removed, until the rest is valid or there are enough problems. `None`
/// if nothing readable remains.
pub(crate) fn read<T: DeserializeOwned>(node: &mut Node, problems: &mut Vec<Problem>) -> Option<T> {
    let mut removed: Vec<Vec<String>> = Vec::new();
    let mut filled: Vec<Vec<String>> = Vec::new();
    loop {
        // Each problem takes another pass over the whole tree.
        if problems.len() >= MAX_PROBLEMS {
            return None;
        }
        let error = match serde_path_to_error::deserialize(node.to_json()) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let path: Vec<String> = error.path().iter().filter_map(step).collect();
        let message = error.inner().to_string();
        let names = quoted_names(&message);

        if let (true, Some(&field)) = (message.starts_with("missing field"), names.first()) {
            let mut field_path = path.clone();
            field_path.push(field.to_owned());
            if !removed.contains(&field_path) {
                let message = format!("missing field `{field}`");
                problems.push(Problem::new(node.place_of(&path), message));
            }
            if path.is_empty() {
                // Most required fields are strings. If a string does not fit, no
                // further problems can be found.
                if filled.contains(&field_path) {
                    return None;
                }
                node.set(&field_path, placeholder(Place::start_of_file()));
                filled.push(field_path);
            } else if !node.remove(&path) {
                return None;
            }
            continue;
        }

        let (mut path, place) = if message.starts_with("unknown field") {
            let unknown = names.first().copied().unwrap_or_default();
            let path = path_of_field(path, unknown);
            let place = node.key_place(&path).cloned();
            let place = place.unwrap_or_else(|| node.place_of(&path));
            (path, place)
        } else {
            let place = node.place_of(&path);
            (path, place)
        };
        problems.push(describe(place, &message, &names));
        // An error of a sequence itself has no node at the path: remove its parent.
        while !node.remove(&path) {
            path.pop()?;
        }
        removed.push(path);
    }
}

/// The parts of a scenario that are mappings; `*` is each item of a list.
const MAPPINGS: &[&[&str]] = &[
    &[],
    &["hosts"],
    &["hosts", "server"],
    &["hosts", "client"],
    &["server"],
    &["server", "chat"],
    &["server", "command"],
    &["server", "command", "env"],
    &["server", "command", "backlogs"],
    &["server", "command", "files"],
    &["server", "command", "ready"],
    &["server", "command", "stop"],
    &["server", "command", "limits"],
    &["server", "image"],
    &["server", "image", "env"],
    &["server", "image", "backlogs"],
    &["server", "image", "files"],
    &["server", "image", "ready"],
    &["server", "image", "stop"],
    &["server", "image", "limits"],
    &["load"],
    &["after"],
    &["record"],
    &["expect", "*"],
    &["headline", "*"],
    &["quick"],
    &["quick", "hosts"],
    &["quick", "hosts", "server"],
    &["quick", "hosts", "client"],
    &["quick", "server"],
    &["quick", "server", "chat"],
    &["quick", "server", "command"],
    &["quick", "server", "command", "env"],
    &["quick", "server", "command", "backlogs"],
    &["quick", "server", "command", "files"],
    &["quick", "server", "command", "ready"],
    &["quick", "server", "command", "stop"],
    &["quick", "server", "command", "limits"],
    &["quick", "server", "image"],
    &["quick", "server", "image", "env"],
    &["quick", "server", "image", "backlogs"],
    &["quick", "server", "image", "files"],
    &["quick", "server", "image", "ready"],
    &["quick", "server", "image", "stop"],
    &["quick", "server", "image", "limits"],
    &["quick", "load"],
    &["quick", "after"],
    &["quick", "record"],
];

/// Removes nodes that should be mappings and are not. Serde would accept a list, with its
/// items as the fields in order, which is easily written by mistake.
pub(crate) fn only_mappings(node: &mut Node, problems: &mut Vec<Problem>) {
    for pattern in MAPPINGS {
        for path in matching(node, pattern) {
            let message = match path.as_slice() {
                [] => "a scenario is a mapping".to_owned(),
                [section, _] if section == "expect" => {
                    "an expectation is a mapping: write `that:` before it".to_owned()
                }
                [section, _] if section == "headline" => {
                    "a statement of the headline is a mapping".to_owned()
                }
                path => format!("`{}` is a mapping of settings", path.join(".")),
            };
            problems.push(Problem::new(node.place_of(&path), message));
            node.remove(&path);
        }
    }
}

/// The paths of a pattern that are not mappings; the end of a list first, so that
/// removing one does not move the others.
fn matching(node: &Node, pattern: &[&str]) -> Vec<Vec<String>> {
    let path = |steps: &[&str]| steps.iter().map(|&step| step.to_owned()).collect();
    let paths: Vec<Vec<String>> =
        match (pattern.split_last(), node.get(&pattern[..pattern.len().saturating_sub(1)])) {
            (Some((&"*", parent)), Some(Node { kind: Kind::Seq(items), .. })) => (0..items.len())
                .rev()
                .map(|index| {
                    let mut item: Vec<String> = path(parent);
                    item.push(index.to_string());
                    item
                })
                .collect(),
            _ => vec![path(pattern)],
        };
    let no_mapping = |path: &Vec<String>| {
        let found = node.get(path);
        found.is_some_and(|node| node.entries().is_none())
    };
    paths.into_iter().filter(no_mapping).collect()
}

fn placeholder(place: Place) -> Entry {
    Entry {
        key: place.clone(),
        node: Node { place, kind: Kind::Scalar(Value::String(String::new())) },
    }
}

fn step(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// The path of an unknown field; serde's path may or may not end with it.
fn path_of_field(mut path: Vec<String>, field: &str) -> Vec<String> {
    if path.last().is_none_or(|last| last != field) {
        path.push(field.to_owned());
    }
    path
}

/// The names between backticks in a message of serde.
fn quoted_names(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

fn describe(place: Place, message: &str, names: &[&str]) -> Problem {
    if let ("unknown field" | "unknown variant", Some((unknown, known))) =
        (first_words(message), names.split_first())
    {
        let what = message.split(", ").next().unwrap_or(message);
        let what = what.replace("unknown variant", "unknown value");
        return Problem::new(place, what).maybe_help(did_you_mean(unknown, known));
    }
    let problem = Problem::new(place, in_plain_words(message));
    if message.ends_with("expected a duration") || message.contains("time unit") {
        return problem.help("write a time with its unit, for example 5ms, 2s or 1min");
    }
    problem
}

/// Serde's `invalid type: X, expected Y` without the names of Rust types.
fn in_plain_words(message: &str) -> String {
    let wrong =
        ["invalid type: ", "invalid value: "].iter().find_map(|kind| message.strip_prefix(kind));
    let Some((found, expected)) = wrong.and_then(|wrong| wrong.rsplit_once(", expected ")) else {
        return message.to_owned();
    };
    format!("expected {}, found {}", expected_in_words(expected), found_in_words(found))
}

fn found_in_words(found: &str) -> String {
    match found.split_once(' ').map_or((found, ""), |(kind, value)| (kind, value)) {
        ("null" | "unit", _) => "nothing".to_owned(),
        ("map", _) => "a mapping".to_owned(),
        ("sequence", _) => "a list".to_owned(),
        ("string", text) => text.to_owned(),
        ("integer" | "boolean", value) => value.trim_matches('`').to_owned(),
        ("floating", point) => point.trim_start_matches("point ").trim_matches('`').to_owned(),
        _ => found.to_owned(),
    }
}

fn expected_in_words(expected: &str) -> String {
    let (least, kind) = match expected.strip_prefix("a nonzero ") {
        Some(kind) => (1, kind),
        None => (0, expected),
    };
    let whole = |from: i128, to: i128| format!("a whole number from {from} to {to}");
    match kind {
        "u8" => whole(least, u8::MAX.into()),
        "u16" => whole(least, u16::MAX.into()),
        "u32" => whole(least, u32::MAX.into()),
        "u64" | "usize" => whole(least, u64::MAX.into()),
        "i8" => whole(i8::MIN.into(), i8::MAX.into()),
        "i16" => whole(i16::MIN.into(), i16::MAX.into()),
        "i32" => whole(i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => whole(i64::MIN.into(), i64::MAX.into()),
        "f32" | "f64" | "a JSON number" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "string or map" | "variant identifier" => "a string".to_owned(),
        "a duration" => "a time".to_owned(),
        "a map" => "a mapping".to_owned(),
        "a sequence" => "a list".to_owned(),
        kind if kind.starts_with("struct ") => "a mapping".to_owned(),
        other => other.to_owned(),
    }
}

fn first_words(message: &str) -> &str {
    let second_blank = message.match_indices(' ').nth(1);
    second_blank.map_or(message, |(at, _)| &message[..at])
}
