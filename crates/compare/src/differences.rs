//! What differs between two runs so that their metrics are not comparable: metrics are
//! compared only if machine, backend and scenario are the same. The version of the program
//! may differ: its effect is what a comparison measures.

use std::collections::BTreeSet;
use std::fmt;

use run_record::RunRecord;
use run_view::number::gibibytes;
use scenario::CellSettings;
use serde_json::Value;

/// Memory sizes that differ by less, as a fraction of the larger one, count as the same:
/// kernels and hypervisors reserve a share.
const MEMORY_TOLERANCE: f64 = 0.05;

/// Parts of a scenario that do not affect metrics. The cells of `matrix` are matched one by
/// one; with any `record`, the probe takes the same share of CPU time.
const WITHOUT_EFFECT: [&str; 8] =
    ["name", "question", "description", "headline", "expect", "repeat", "matrix", "record"];

/// The differences between two runs.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Of machine and backend.
    pub(crate) machine: Vec<Difference>,
    /// Of the scenario.
    pub(crate) scenario: Vec<Difference>,
}

/// One difference between two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs: the path of a setting, or a property of the machine.
    pub what: String,
    /// Its value in the baseline.
    pub baseline: String,
    /// Its value in the new run.
    pub new: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, baseline, new } = self;
        write!(f, "{what}: {baseline} in the baseline, {new} in the new run")
    }
}

impl Differences {
    pub(crate) fn between(baseline: &RunRecord, new: &RunRecord) -> Self {
        Self { machine: machine(baseline, new), scenario: scenario(baseline, new) }
    }

    /// All of them, the scenario's first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Difference> {
        self.scenario.iter().chain(&self.machine)
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
    let (old_machine, new_machine) = (&old.machine, &new.machine);
    let memories = (old_machine.memory_bytes as f64, new_machine.memory_bytes as f64);
    let larger = memories.0.max(memories.1);
    [
        changed("kernel", &old_machine.kernel, &new_machine.kernel),
        changed("architecture", &old_machine.architecture, &new_machine.architecture),
        // Records of earlier versions do not have it.
        (old_machine.cpu_model.as_ref().zip(new_machine.cpu_model.as_ref()))
            .and_then(|(old, new)| changed("CPU model", old, new)),
        changed("CPUs", old_machine.cpus, new_machine.cpus),
        ((memories.0 - memories.1).abs() > MEMORY_TOLERANCE * larger).then(|| {
            difference(
                "memory",
                gibibytes(old_machine.memory_bytes),
                gibibytes(new_machine.memory_bytes),
            )
        }),
        changed("backend", backend(old), backend(new)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn scenario(old: &RunRecord, new: &RunRecord) -> Vec<Difference> {
    let mut differences: Vec<Difference> =
        changed("scenario", &old.scenario.name, &new.scenario.name).into_iter().collect();
    let axes = |run: &RunRecord| -> BTreeSet<String> {
        run.axes.iter().map(|axis| axis.path.clone()).collect()
    };
    let format = |axes: BTreeSet<String>| match axes.is_empty() {
        true => "none".to_owned(),
        false => axes.into_iter().collect::<Vec<_>>().join(", "),
    };
    differences.extend(changed("axes", format(axes(old)), format(axes(new))));
    let settings = |run: &RunRecord| {
        let mut settings = run.scenario.resolved.clone();
        if let Value::Object(section) = &mut settings {
            section.retain(|name, _| !WITHOUT_EFFECT.contains(&name.as_str()));
        }
        add_defaults(&mut settings);
        settings
    };
    compare_settings("", Some(&settings(old)), Some(&settings(new)), &mut differences);
    differences
}

/// States the settings that the run's build did not have, or that are axes, at their default:
/// a new setting's default changes nothing that an existing scenario measures.
fn add_defaults(settings: &mut Value) {
    let defaults = serde_json::to_value(CellSettings::default()).expect("settings are plain data");
    for section in ["server", "load", "after"] {
        if let (Some(fields), Some(defaults)) =
            (settings[section].as_object_mut(), defaults[section].as_object())
        {
            for (field, value) in defaults {
                fields.entry(field).or_insert_with(|| value.clone());
            }
        }
    }
}

/// Adds the settings below `path` that differ.
fn compare_settings(
    path: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (old, new) {
        let added = new.keys().filter(|name| !old.contains_key(*name));
        for name in old.keys().chain(added) {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            compare_settings(&inner, old.get(name), new.get(name), differences);
        }
        return;
    }
    let format = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "not set".to_owned(),
        Some(value) => run_record::describe_value(value),
    };
    differences.extend(changed(path, format(old), format(new)));
}

/// `None` if the two are equal.
fn changed<T: fmt::Display + PartialEq>(what: &str, old: T, new: T) -> Option<Difference> {
    (old != new).then(|| difference(what, old, new))
}

fn difference(what: &str, old: impl fmt::Display, new: impl fmt::Display) -> Difference {
    Difference { what: what.to_owned(), baseline: old.to_string(), new: new.to_string() }
}
