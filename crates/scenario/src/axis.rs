//! The axes of a matrix: the settings that they vary, and their values.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::{Number, Value};

use crate::limits::{MAX_ITEMS, MAX_PATH_BYTES, MAX_PROBLEMS, MAX_SYSCTL_BYTES, MAX_TEXT_BYTES};
use crate::model::{AxisValues, CellSettings, Range};
use crate::place::Place;
use crate::problem::Problem;
use crate::size::too_many_items;
use crate::strict;
use crate::text::shortened;
use crate::tree::{Entry, Kind, Node};

/// One axis of the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The setting's path, for example `server.backlog`.
    pub path: String,
    /// Its values, in order.
    pub values: Vec<Value>,
}

/// An axis, and where each of its values was written.
#[derive(Debug, Clone)]
pub(crate) struct PlacedAxis {
    pub(crate) path: String,
    pub(crate) values: Vec<(Value, Place)>,
}

impl PlacedAxis {
    pub(crate) fn axis(&self) -> Axis {
        Axis {
            path: self.path.clone(),
            values: self.values.iter().map(|(value, _)| value.clone()).collect(),
        }
    }
}

/// The parents of names that may have dots: those of sysctls and files. They are in the fourth
/// step of a path.
const NAMES_WITH_DOTS: [&str; 5] = [
    "hosts.",
    "server.command.files.",
    "server.command.env.",
    "server.image.files.",
    "server.image.env.",
];

/// The steps of a setting's path. The name of a sysctl or a file, with its dots, is one step.
pub(crate) fn path_steps(path: &str) -> Vec<String> {
    let has_dots = NAMES_WITH_DOTS.iter().any(|parent| path.starts_with(parent));
    let limit = if has_dots { 4 } else { usize::MAX };
    path.splitn(limit, '.').map(str::to_owned).collect()
}

/// The most steps of a path; the longest has 4.
const MAX_STEPS: usize = 8;

/// Refuses a path that no setting has: each of its steps is a node of a tree, and trees are
/// walked recursively.
pub(crate) fn check_path(path: &str, place: &Place) -> Result<(), Problem> {
    match path.len() > MAX_PATH_BYTES || path_steps(path).len() > MAX_STEPS {
        true => Err(Problem::new(place.clone(), format!("no setting is `{}`", shortened(path)))),
        false => Ok(()),
    }
}

/// The axes of a matrix, each value checked against its setting.
pub(crate) fn axes(
    tree: &Node,
    matrix: &IndexMap<String, AxisValues>,
    problems: &mut Vec<Problem>,
) -> Vec<PlacedAxis> {
    matrix
        .iter()
        .filter_map(|(path, values)| {
            let key = tree.key_place(&["matrix", path]).cloned();
            let key = key.unwrap_or_else(Place::start_of_file);
            if problems.len() >= MAX_PROBLEMS {
                return None;
            }
            if let Err(problem) = check_path(path, &key) {
                problems.push(problem);
                return None;
            }
            let written = match values {
                AxisValues::List(_) => list(tree, path, &key, problems),
                AxisValues::Range(range) => spread(tree, path, range, &key, problems),
            };
            let values = checked(path, &key, written, problems);
            (!values.is_empty()).then(|| PlacedAxis { path: path.clone(), values })
        })
        .collect()
}

fn list(tree: &Node, path: &str, key: &Place, problems: &mut Vec<Problem>) -> Vec<Node> {
    let items = match tree.get(&["matrix", path]).map(|node| &node.kind) {
        Some(Kind::Seq(items)) => items.clone(),
        _ => Vec::new(),
    };
    if items.is_empty() {
        problems.push(Problem::new(key.clone(), format!("axis `{path}` has no values")));
    }
    items
}

fn spread(
    tree: &Node,
    path: &str,
    range: &Range,
    key: &Place,
    problems: &mut Vec<Problem>,
) -> Vec<Node> {
    let place = |field| tree.place_of(&["matrix", path, field]);
    match range.values() {
        Ok(values) => {
            let last = values.len() - 1;
            let place_of = |index| match index {
                0 => place("from"),
                _ if index == last => place("to"),
                _ => key.clone(),
            };
            let placed = values.into_iter().enumerate();
            placed
                .map(|(index, value)| Node { place: place_of(index), kind: Kind::Scalar(value) })
                .collect()
        }
        Err((field, message)) => {
            problems.push(Problem::new(place(field), message));
            Vec::new()
        }
    }
}

/// The values that are valid for their setting, as it serializes them.
fn checked(
    path: &str,
    key: &Place,
    written: Vec<Node>,
    problems: &mut Vec<Problem>,
) -> Vec<(Value, Place)> {
    let mut values: Vec<(Value, Place)> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for node in written {
        if problems.len() >= MAX_PROBLEMS {
            return Vec::new();
        }
        let place = node.place.clone();
        if node.entries().is_some() {
            problems.push(
                Problem::new(place, format!("axis `{path}` has a mapping as a value"))
                    .help("an axis varies one setting: name its full path"),
            );
            continue;
        }
        let most = if path.contains(".files.") { MAX_TEXT_BYTES } else { MAX_SYSCTL_BYTES };
        if let Kind::Scalar(Value::String(text)) = &node.kind
            && text.len() > most
        {
            let message = format!("a value has {} bytes; the most is {most}", text.len());
            problems.push(Problem::new(place, message));
            continue;
        }
        if let Kind::Seq(items) = &node.kind
            && items.len() > MAX_ITEMS
        {
            problems.push(Problem::new(place, too_many_items(items.len())));
            continue;
        }
        let before = problems.len();
        let Some(value) = as_setting(path, key, node, problems) else {
            if problems[before..].iter().any(|problem| problem.place == *key) {
                return Vec::new();
            }
            continue;
        };
        if let Some(&first) = seen.get(&value.to_string()) {
            problems.push(
                Problem::new(place, format!("axis `{path}` has {value} twice"))
                    .also(&values[first].1, "first written here"),
            );
            continue;
        }
        seen.insert(value.to_string(), values.len());
        values.push((value, place));
    }
    values
}

/// The value as its setting serializes it, or `None` and a problem.
fn as_setting(path: &str, key: &Place, node: Node, problems: &mut Vec<Problem>) -> Option<Value> {
    let steps = path_steps(path);
    let written = node.to_json();
    let mut tree = Node::empty_map(key.clone());
    tree.set(&steps, Entry { key: key.clone(), node });
    let before = problems.len();
    let settings: CellSettings = strict::read(&mut tree, problems)?;
    if problems.len() > before {
        return None;
    }
    let mut setting = &serde_json::to_value(settings).ok()?;
    for step in &steps {
        match setting.get(step) {
            Some(inner) => setting = inner,
            // An optional setting that is absent.
            None => return Some(written),
        }
    }
    Some(setting.clone())
}

impl Range {
    /// The numbers, or the wrong field and the reason.
    pub(crate) fn values(&self) -> Result<Vec<Value>, (&'static str, String)> {
        let Range { from, to, steps } = self;
        if from.as_f64() > to.as_f64() {
            return Err(("from", format!("`from` ({from}) is above `to` ({to})")));
        }
        if *steps < 2 {
            let message = format!("{steps} steps are too few from {from} to {to}: use 2 or more");
            return Err(("steps", message));
        }
        let values = match (from.as_i64(), to.as_i64()) {
            (Some(from), Some(to)) => integers(from, to, *steps),
            _ => fractional(from, to, *steps),
        };
        if values.windows(2).any(|pair| pair[0] == pair[1]) {
            let message = format!(
                "{steps} steps from {from} to {to} contain the same number twice: use fewer"
            );
            return Err(("steps", message));
        }
        Ok(values)
    }
}

/// Evenly spaced whole numbers, each truncated towards 0, like
/// `numpy.linspace(from, to, steps).astype(int)` in the original benchmark.
fn integers(from: i64, to: i64, steps: u32) -> Vec<Value> {
    let gaps = i128::from(steps) - 1;
    let (from, to) = (i128::from(from), i128::from(to));
    (0..=gaps)
        .filter_map(|step| i64::try_from((from * (gaps - step) + to * step) / gaps).ok())
        .map(Value::from)
        .collect()
}

fn fractional(from: &Number, to: &Number, steps: u32) -> Vec<Value> {
    let (from, to) = (from.as_f64().unwrap_or(0.0), to.as_f64().unwrap_or(0.0));
    let gaps = f64::from(steps - 1);
    (0..steps).map(|step| Value::from(from + (to - from) * f64::from(step) / gaps)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integers_of(from: i64, to: i64, steps: u32) -> Vec<i64> {
        let range = Range { from: from.into(), to: to.into(), steps };
        let values = range.values().expect("a range of different numbers");
        values.iter().filter_map(Value::as_i64).collect()
    }

    #[test]
    fn steps_are_those_of_the_original_benchmark() {
        assert_eq!(integers_of(10, 300, 10), [10, 42, 74, 106, 138, 171, 203, 235, 267, 300]);
        assert_eq!(integers_of(50, 400, 10), [50, 88, 127, 166, 205, 244, 283, 322, 361, 400]);
        assert_eq!(integers_of(10, 200, 10), [10, 31, 52, 73, 94, 115, 136, 157, 178, 200]);
    }

    #[test]
    fn numbers_below_0_are_cut_towards_0_too() {
        assert_eq!(integers_of(-5, 5, 4), [-5, -1, 1, 5]);
    }

    #[test]
    fn fractions_stay_fractions() {
        let range = Range { from: Number::from_f64(0.5).expect("finite"), to: 2.into(), steps: 4 };
        assert_eq!(range.values(), Ok(vec![0.5.into(), 1.0.into(), 1.5.into(), 2.0.into()]));
    }

    #[test]
    fn a_sysctl_or_a_file_is_one_step_of_a_path() {
        assert_eq!(
            path_steps("hosts.server.sysctls.net.core.somaxconn"),
            ["hosts", "server", "sysctls", "net.core.somaxconn"]
        );
        assert_eq!(path_steps("server.backlog"), ["server", "backlog"]);
        assert_eq!(
            path_steps("server.command.files.conf/nginx.conf"),
            ["server", "command", "files", "conf/nginx.conf"]
        );
    }
}
