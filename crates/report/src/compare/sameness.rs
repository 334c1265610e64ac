//! Whether figures of two runs may be compared at all: only where machine,
//! backend and scenario are the same. The program's version is not asked for:
//! what another version changes is what a comparison is to find.

use std::collections::BTreeSet;
use std::fmt::Display;

use run_record::RunRecord;
use serde_json::Value;

/// Machines whose memory differs by less, as a part of the larger, are the same:
/// kernels and hypervisors take a share of their own.
const MEMORY: f64 = 0.05;

/// What of a scenario decides no figure. The matrix: its cells are matched one
/// by one.
const NO_SETTINGS: [&str; 6] = ["name", "question", "description", "expect", "repeat", "matrix"];

/// Differences between two runs, each as a line of text.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// Of machine and backend.
    pub(super) machine: Vec<String>,
    /// Of what was asked.
    pub(super) scenario: Vec<String>,
}

impl Differences {
    pub(super) fn between(old: &RunRecord, new: &RunRecord) -> Self {
        Self { machine: machine(old, new), scenario: scenario(old, new) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.machine.is_empty() && self.scenario.is_empty()
    }
}

fn machine(old: &RunRecord, new: &RunRecord) -> Vec<String> {
    let backend = |run: &RunRecord| match &run.backend.version {
        Some(version) => format!("{} {version}", run.backend.name),
        None => run.backend.name.clone(),
    };
    let (was, is) = (&old.machine, &new.machine);
    let memories = (was.memory_bytes as f64, is.memory_bytes as f64);
    let larger = memories.0.max(memories.1);
    let gib = |bytes: f64| format!("{:.1} GiB", bytes / f64::from(1 << 30));
    [
        different("kernel", &was.kernel, &is.kernel),
        different("architecture", &was.architecture, &is.architecture),
        different("CPUs", was.cpus, is.cpus),
        ((memories.0 - memories.1).abs() > MEMORY * larger)
            .then(|| told("memory", gib(memories.0), gib(memories.1))),
        different("backend", backend(old), backend(new)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn scenario(old: &RunRecord, new: &RunRecord) -> Vec<String> {
    let mut differences: Vec<String> =
        different("scenario", &old.scenario.name, &new.scenario.name).into_iter().collect();
    let axes = |run: &RunRecord| -> BTreeSet<String> {
        run.axes.iter().map(|axis| axis.path.clone()).collect()
    };
    let written = |axes: BTreeSet<String>| match axes.is_empty() {
        true => "none".to_owned(),
        false => axes.into_iter().collect::<Vec<_>>().join(", "),
    };
    differences.extend(different("axes", written(axes(old)), written(axes(new))));
    let settings = |run: &RunRecord| {
        let mut settings = run.scenario.resolved.clone();
        if let Value::Object(section) = &mut settings {
            section.retain(|name, _| !NO_SETTINGS.contains(&name.as_str()));
        }
        settings
    };
    settings_apart("", Some(&settings(old)), Some(&settings(new)), &mut differences);
    differences
}

/// Adds the settings that differ, each by its path.
fn settings_apart(path: &str, old: Option<&Value>, new: Option<&Value>, apart: &mut Vec<String>) {
    if let (Some(Value::Object(was)), Some(Value::Object(is))) = (old, new) {
        let added = is.keys().filter(|name| !was.contains_key(*name));
        for name in was.keys().chain(added) {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            settings_apart(&inner, was.get(name), is.get(name), apart);
        }
        return;
    }
    let written = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(value) => crate::figure::value(value),
    };
    apart.extend(different(path, written(old), written(new)));
}

fn different<T: Display + PartialEq>(what: &str, old: T, new: T) -> Option<String> {
    (old != new).then(|| told(what, old, new))
}

fn told(what: &str, old: impl Display, new: impl Display) -> String {
    format!("{what}: {old} in the baseline, {new} here")
}
