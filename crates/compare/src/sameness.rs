//! Whether figures of two runs may be compared at all: only where machine,
//! backend and scenario are the same. The program's version is not asked for:
//! what another version changes is what a comparison is to find.

use std::collections::BTreeSet;
use std::fmt;

use run_record::RunRecord;
use serde_json::Value;

use run_view::number::gibibytes;

/// Machines whose memory differs by less, as a part of the larger, are the same:
/// kernels and hypervisors take a share of their own.
const MEMORY: f64 = 0.05;

/// What of a scenario decides no figure. The matrix: its cells are matched one
/// by one. The rows that are kept: the probe's share of CPU time is the same.
const NO_SETTINGS: [&str; 7] =
    ["name", "question", "description", "expect", "repeat", "matrix", "record"];

/// What is not the same in two runs.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Of machine and backend.
    pub(crate) machine: Vec<Difference>,
    /// Of what was asked.
    pub(crate) scenario: Vec<Difference>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs: a setting's path, or a thing of the machine.
    pub what: String,
    /// What it is in the baseline.
    pub baseline: String,
    /// What it is in the new run.
    pub new: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, baseline, new } = self;
        write!(f, "{what}: {baseline} in the baseline, {new} here")
    }
}

impl Differences {
    pub(crate) fn between(old: &RunRecord, new: &RunRecord) -> Self {
        Self { machine: machine(old, new), scenario: scenario(old, new) }
    }

    /// As lines of text: of what was asked first.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.scenario.iter().chain(&self.machine).map(Difference::to_string).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.machine.is_empty() && self.scenario.is_empty()
    }
}

fn machine(old: &RunRecord, new: &RunRecord) -> Vec<Difference> {
    let backend = |run: &RunRecord| match &run.backend.version {
        Some(version) => format!("{} {version}", run.backend.name),
        None => run.backend.name.clone(),
    };
    let (was, is) = (&old.machine, &new.machine);
    let memories = (was.memory_bytes as f64, is.memory_bytes as f64);
    let larger = memories.0.max(memories.1);
    [
        different("kernel", &was.kernel, &is.kernel),
        different("architecture", &was.architecture, &is.architecture),
        // Of earlier builds' runs it is not known.
        (was.cpu_model.as_ref().zip(is.cpu_model.as_ref()))
            .and_then(|(was, is)| different("CPU model", was, is)),
        different("CPUs", was.cpus, is.cpus),
        ((memories.0 - memories.1).abs() > MEMORY * larger)
            .then(|| told("memory", gibibytes(was.memory_bytes), gibibytes(is.memory_bytes))),
        different("backend", backend(old), backend(new)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn scenario(old: &RunRecord, new: &RunRecord) -> Vec<Difference> {
    let mut differences: Vec<Difference> =
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
fn settings_apart(
    path: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    apart: &mut Vec<Difference>,
) {
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
        Some(value) => run_view::number::value(value),
    };
    apart.extend(different(path, written(old), written(new)));
}

fn different<T: fmt::Display + PartialEq>(what: &str, old: T, new: T) -> Option<Difference> {
    (old != new).then(|| told(what, old, new))
}

fn told(what: &str, old: impl fmt::Display, new: impl fmt::Display) -> Difference {
    Difference { what: what.to_owned(), baseline: old.to_string(), new: new.to_string() }
}
