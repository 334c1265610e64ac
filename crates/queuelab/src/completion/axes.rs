//! `AXIS=VALUE` and `PATH=VALUE`, of the scenario that the command line names.

use std::ffi::OsStr;

use clap_complete::CompletionCandidate;
use scenario::{AnyKernel, Axis, Overrides};

use super::candidates::candidate;
use super::settings::{Setting, settings, written};
use super::words;

/// Completes the value of `--only`: an axis of the scenario, then one of its values.
pub(crate) fn axis_values(word: &OsStr) -> Vec<CompletionCandidate> {
    complete(word, axes().into_iter().map(Setting::from).collect())
}

/// Completes the value of `--set`: a setting, then one of its values; of a number, its default.
pub(crate) fn setting_values(word: &OsStr) -> Vec<CompletionCandidate> {
    let axes = axes();
    let of_axis = |setting: &Setting| axes.iter().find(|axis| axis.path == setting.path).cloned();
    let with_axis = |setting: Setting| match of_axis(&setting) {
        Some(axis) => Setting { values: Setting::from(axis).values, ..setting },
        None => setting,
    };
    complete(word, settings().into_iter().map(with_axis).collect())
}

impl From<Axis> for Setting {
    fn from(axis: Axis) -> Self {
        let values: Vec<_> = axis.values.iter().map(written).collect();
        Self { path: axis.path, description: values.join(", "), values, default: None }
    }
}

/// The axes of the scenario that the command line names; none if it is invalid.
fn axes() -> Vec<Axis> {
    let overrides = Overrides { quick: words::has_flag("--quick"), ..Overrides::default() };
    let plan = words::scenario().and_then(|file| file.plan(&overrides, &AnyKernel).ok());
    plan.map_or_else(Vec::new, |plan| plan.axes)
}

/// The settings that begin with the word. If only one does, its values.
fn complete(word: &OsStr, settings: Vec<Setting>) -> Vec<CompletionCandidate> {
    let Some(word) = word.to_str() else { return Vec::new() };
    let path = word.split_once('=').map(|(path, _)| path);
    let is_meant = |one: &Setting| match path {
        Some(path) => one.path == path,
        None => one.path.starts_with(word),
    };
    let meant: Vec<_> = settings.into_iter().filter(is_meant).collect();
    if let [one] = meant.as_slice() {
        let with_values: Vec<_> = one
            .offered_values()
            .map(|value| format!("{}={value}", one.path))
            .filter(|pair| pair.starts_with(word))
            .filter_map(|pair| candidate(&pair, None))
            .collect();
        if path.is_some() || !with_values.is_empty() {
            return with_values;
        }
    }
    let named = |one: &Setting| candidate(&format!("{}=", one.path), Some(&one.description));
    meant.iter().filter_map(named).collect()
}
