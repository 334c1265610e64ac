//! The size of a plan, from what is written, and what its trials ask for together.

use std::time::Duration;

use crate::cell::Cell;
use crate::limits::{Limits, MAX_ITEMS, MAX_SYSCTL_BYTES, MAX_SYSCTLS, waiting};
use crate::model::{AxisValues, Scenario, SysctlValue};
use crate::place::Place;
use crate::problem::Problem;
use crate::text::shortened;
use crate::tree::{Kind, Node};

/// Trials that run at the same time if they may.
const SIDE_BY_SIDE: u32 = 16;

/// A problem if a scenario has too many cells, trials or settings: before any of them is built,
/// and before a value of an axis is read.
pub(crate) fn too_large(scenario: &Scenario, tree: &Node, limits: &Limits) -> Option<Problem> {
    let mut count = 1_u64;
    for (path, values) in &scenario.matrix {
        let (length, place) = match values {
            AxisValues::List(values) => (values.len() as u64, tree.place_of(&["matrix", path])),
            AxisValues::Range(range) => {
                (range.steps.into(), tree.place_of(&["matrix", path, "steps"]))
            }
        };
        if length > limits.cells {
            let what = format!("axis `{}` has {length} values", shortened(path));
            return Some(limits.too_many_cells(&what, length, place));
        }
        count = count.saturating_mul(length.max(1));
    }
    let matrix = || tree.place_of(&["matrix"]);
    if count > limits.cells {
        return Some(limits.too_many_cells(
            &format!("the matrix has {count} cells"),
            count,
            matrix(),
        ));
    }
    let trials = count.saturating_mul(scenario.repeat.get().into());
    if let Some((reason, advice)) = limits.too_many_trials(trials) {
        let repeat = ["repeat"];
        let place = tree.get(&repeat).map_or_else(matrix, |_| tree.place_of(&repeat));
        let repetitions = scenario.repeat;
        let message = format!("{count} cells, each {repetitions} times, have {reason}");
        return Some(Problem::new(place, message).help(advice));
    }
    let sections = (&scenario.hosts, &scenario.server, &scenario.load, &scenario.after);
    let bytes = serde_json::to_string(&sections).map_or(0, |text| text.len() as u64);
    // A cell has its place on the axes too.
    let axes = scenario.matrix.keys().map(|path| (path.len() + MAX_SYSCTL_BYTES) as u64);
    let bytes = bytes.saturating_add(axes.sum::<u64>()).saturating_mul(count);
    if bytes > limits.settings_bytes {
        let message = format!(
            "the settings of {count} cells have {bytes} bytes; the most is {}",
            limits.settings_bytes
        );
        let advice =
            limits.advice(bytes, |limits| limits.settings_bytes, "use fewer sysctls or cells");
        return Some(Problem::new(matrix(), message).help(advice));
    }
    None
}

/// Lists and texts of hosts that are longer than any kernel needs: each cell has its own copy.
pub(crate) fn too_long_texts(scenario: &Scenario, tree: &Node) -> Vec<Problem> {
    let hosts = [("server", &scenario.hosts.server), ("client", &scenario.hosts.client)];
    let mut problems = Vec::new();
    for (name, host) in hosts {
        if host.sysctls.len() > MAX_SYSCTLS {
            let message =
                format!("{} sysctls; the most of a host is {MAX_SYSCTLS}", host.sysctls.len());
            problems.push(Problem::new(tree.place_of(&["hosts", name, "sysctls"]), message));
        }
        for (sysctl, value) in &host.sysctls {
            let SysctlValue::Text(text) = value else { continue };
            if text.len() > MAX_SYSCTL_BYTES {
                let message = format!(
                    "the value has {} bytes; the most of a sysctl is {MAX_SYSCTL_BYTES}",
                    text.len()
                );
                let place = tree.place_of(&["hosts", name, "sysctls", sysctl]);
                problems.push(Problem::new(place, message));
            }
        }
    }
    problems
}

/// Lists of a server or a load that are longer than any of them may be.
pub(crate) fn too_long_lists(tree: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    for section in ["server", "load"] {
        if let Some(node) = tree.get(&[section]) {
            add_too_long_lists(section, node, &mut problems);
        }
    }
    problems
}

fn add_too_long_lists(path: &str, node: &Node, problems: &mut Vec<Problem>) {
    match &node.kind {
        Kind::Seq(items) if items.len() > MAX_ITEMS => {
            let reason = too_many_items(items.len());
            let message = format!("{}: {reason}", shortened(path));
            problems.push(Problem::new(items[MAX_ITEMS].place.clone(), message));
        }
        Kind::Map(entries) => {
            for (name, entry) in entries {
                add_too_long_lists(&format!("{path}.{name}"), &entry.node, problems);
            }
        }
        Kind::Seq(_) | Kind::Scalar(_) => {}
    }
}

/// The problem of a list of a server or a load with so many items.
pub(crate) fn too_many_items(count: usize) -> String {
    format!("{count} entries; the most is {MAX_ITEMS}")
}

/// A problem if the trials together ask for too much.
pub(crate) fn too_much_in_all(
    scenario: &Scenario,
    cells: &[Cell],
    tree: &Node,
    limits: &Limits,
) -> Option<Problem> {
    let repeat = scenario.repeat.get();
    let attempts = cells.iter().map(|cell| u64::from(cell.settings.load.clients)).sum::<u64>();
    let attempts = attempts.saturating_mul(repeat.into());
    let waits = cells.iter().map(|cell| waiting(&cell.settings));
    let waits = waits.fold(Duration::ZERO, Duration::saturating_add).saturating_mul(repeat);
    let time = if scenario.side_by_side { waits / SIDE_BY_SIDE } else { waits };
    let place = |path: &[&str]| tree.get(path).map(|_| tree.place_of(path));
    let place = place(&["repeat"]).or_else(|| place(&["matrix"])).or_else(|| place(&["load"]));
    let place = place.unwrap_or(Place::Nowhere);
    if attempts > limits.attempts {
        let message =
            format!("the trials have {attempts} attempts in all; the most is {}", limits.attempts);
        let advice = "use fewer cells, repetitions or clients";
        let advice = limits.advice(attempts, |limits| limits.attempts, advice);
        return Some(Problem::new(place, message).help(advice));
    }
    (time > limits.waiting).then(|| {
        let written =
            |time: Duration| humantime::format_duration(Duration::from_secs(time.as_secs()));
        let message = format!(
            "the trials wait for {} on purpose in all; the most is {}",
            written(time),
            written(limits.waiting)
        );
        let advice = "use fewer cells or repetitions, or shorter times";
        let advice = limits.advice(time, |limits| limits.waiting, advice);
        Problem::new(place, message).help(advice)
    })
}
