//! What a command line changes in a scenario.

use std::sync::Arc;

use serde_json::Value;

use crate::axis::{PlacedAxis, check_path, path_steps};
use crate::name_hint::did_you_mean;
use crate::place::Place;
use crate::problem::Problem;
use crate::server_form::short_path;
use crate::text::{listed, shortened};
use crate::tree::{Entry, Kind, Node};

/// What a command line changes in a scenario, in the order of application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Use the scenario's quick form, if it has one.
    pub quick: bool,
    /// Settings by their path, with values in YAML. On an axis's path the axis has only
    /// that value; `matrix.PATH` replaces or adds an axis.
    pub set: Vec<(String, String)>,
    /// Trials of each cell.
    pub repeat: Option<u32>,
    /// Axis values to keep, in YAML. Several values of one axis can be chosen.
    pub only: Vec<(String, String)>,
    /// The seed of the trials' order; random by default.
    pub seed: Option<u64>,
    /// Allow the plan to be large: more cells, trials, clients, messages and time than a
    /// mistake should cost.
    pub allow_large: bool,
}

impl Overrides {
    /// Whether there are changes of settings, besides the quick form.
    pub(crate) fn change_settings(&self) -> bool {
        !self.set.is_empty() || !self.only.is_empty() || self.repeat.is_some()
    }
}

/// The sections that a command line may change.
const SETTABLE: &[&str] = &[
    "hosts",
    "server",
    "load",
    "after",
    "matrix",
    "repeat",
    "shuffle",
    "record",
    "server_may_die",
    "side_by_side",
];

/// Puts the values of `--set` and `--repeat` into a scenario's tree.
pub(crate) fn apply(overrides: &Overrides, tree: &mut Node, problems: &mut Vec<Problem>) {
    for (path, yaml) in &overrides.set {
        let flag: Arc<str> = format!("--set {path}={yaml}").into();
        if let Err(problem) = set(tree, path, yaml, &flag) {
            problems.push(problem);
        }
    }
    if let Some(repeat) = overrides.repeat {
        let flag = Place::Flag(format!("--repeat {repeat}").into());
        tree.set(&["repeat".to_owned()], entry(flag, repeat.into()));
    }
}

fn set(tree: &mut Node, path: &str, yaml: &str, flag: &Arc<str>) -> Result<(), Problem> {
    let place = Place::Flag(flag.clone());
    let root = path.split('.').next().unwrap_or_default();
    if !SETTABLE.contains(&root) {
        let problem = Problem::new(place, format!("`{}` cannot be set", shortened(root)));
        return Err(problem.maybe_help(did_you_mean(root, SETTABLE)));
    }
    check_path(path, &place)?;
    let path = &match path.strip_prefix("matrix.") {
        Some(axis) => format!("matrix.{}", short_path(axis)),
        None => short_path(path),
    };
    let node = Node::parse_flag(flag, yaml)?;
    let entry = Entry { key: place.clone(), node };
    let axis = match path.strip_prefix("matrix.") {
        Some(axis) => {
            // The axis replaces the plain setting.
            tree.remove(&path_steps(axis));
            Some(axis)
        }
        None => tree.get(&["matrix", path]).is_some().then_some(path.as_str()),
    };
    match axis {
        Some(axis) => tree.set(&["matrix".to_owned(), axis.to_owned()], as_list(entry)),
        None => tree.set(&path_steps(path), entry),
    }
    Ok(())
}

fn entry(place: Place, value: Value) -> Entry {
    Entry { key: place.clone(), node: Node { place, kind: Kind::Scalar(value) } }
}

/// Turns one value into a list of one.
fn as_list(entry: Entry) -> Entry {
    if !matches!(entry.node.kind, Kind::Scalar(_)) {
        return entry;
    }
    let place = entry.key.clone();
    Entry { key: entry.key, node: Node { place, kind: Kind::Seq(vec![entry.node]) } }
}

/// Merges a scenario's quick form over it: mappings key by key; an axis is replaced.
pub(crate) fn merge_quick(tree: &mut Node, quick: &Node) {
    for (section, entry) in quick.entries().into_iter().flatten() {
        match (section.as_str(), entry.node.entries()) {
            ("matrix", Some(axes)) => {
                for (path, axis) in axes {
                    tree.remove(&path_steps(path));
                    tree.set(&[section.clone(), path.clone()], axis.clone());
                }
            }
            _ => merge(tree, &mut vec![section.clone()], entry),
        }
    }
}

fn merge(tree: &mut Node, path: &mut Vec<String>, entry: &Entry) {
    match entry.node.entries() {
        Some(entries) => {
            for (key, inner) in entries {
                path.push(key.clone());
                merge(tree, path, inner);
                path.pop();
            }
        }
        None => tree.set(path, entry.clone()),
    }
}

/// Removes all values except those of the `--only` flags.
pub(crate) fn keep_only(
    only: &[(String, String)],
    axes: &mut [PlacedAxis],
    problems: &mut Vec<Problem>,
) {
    let mut chosen: Vec<Vec<Value>> = vec![Vec::new(); axes.len()];
    for (name, yaml) in only {
        let flag: Arc<str> = format!("--only {name}={yaml}").into();
        match choose(axes, name, yaml, &flag) {
            Ok((axis, value)) => chosen[axis].push(value),
            Err(problem) => problems.push(problem),
        }
    }
    for (axis, chosen) in axes.iter_mut().zip(chosen) {
        if !chosen.is_empty() {
            axis.values.retain(|(value, _)| chosen.contains(value));
        }
    }
}

fn choose(
    axes: &[PlacedAxis],
    name: &str,
    yaml: &str,
    flag: &Arc<str>,
) -> Result<(usize, Value), Problem> {
    let place = Place::Flag(flag.clone());
    let name = &short_path(name);
    let exact = axes.iter().position(|axis| axis.path == *name);
    let suffix = format!(".{name}");
    let named: Vec<usize> = match exact {
        Some(index) => vec![index],
        None => (0..axes.len()).filter(|&index| axes[index].path.ends_with(&suffix)).collect(),
    };
    let index = match named.as_slice() {
        [index] => *index,
        [] if axes.is_empty() => {
            return Err(Problem::new(place, "the scenario has no axes: it has only one cell"));
        }
        [] => {
            let paths: Vec<&str> = axes.iter().map(|axis| axis.path.as_str()).collect();
            return Err(Problem::new(place, format!("`{}` is not an axis", shortened(name)))
                .help(format!("its axes are {}", listed(&paths))));
        }
        several => {
            let paths: Vec<&str> = several.iter().map(|&i| axes[i].path.as_str()).collect();
            return Err(Problem::new(place, format!("`{name}` names several axes"))
                .help(format!("use one of {}", listed(&paths))));
        }
    };
    let axis = &axes[index];
    let requested = Node::parse_flag(flag, yaml)?.to_json();
    let value = axis.values.iter().find(|(value, _)| match value {
        Value::String(text) => *text == yaml || *value == requested,
        _ => *value == requested,
    });
    match value {
        Some((value, _)) => Ok((index, value.clone())),
        None => {
            let values: Vec<String> = axis.values.iter().map(|(value, _)| plain(value)).collect();
            let message = format!("axis `{}` has no value {}", axis.path, shortened(yaml));
            Err(Problem::new(place, message).help(format!("its values are {}", listed(&values))))
        }
    }
}

/// A value as it would be typed.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
