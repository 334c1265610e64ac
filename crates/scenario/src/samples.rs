//! Sample facts, with which expressions are evaluated before anything is run.

use std::collections::{BTreeSet, HashSet};

use load_generator::ConnectRate;
use serde_json::{Map, Value};

use crate::axis::path_steps;
use crate::cell::Cell;
use crate::facts;
use crate::model::CellSettings;
use crate::overrides::plain;
use crate::server::Server;

/// The list of the destinations, on which it depends which of these facts a cell has.
const LIST: &str = "load.destinations";
const BY_DESTINATION: [&str; 2] = [facts::QUEUE, facts::DESTINATIONS];

/// The sample facts of each cell.
pub(crate) struct Samples<'a> {
    cells: &'a [Cell],
    /// Those of the first cell; the others differ from it on the axes.
    first: Value,
}

impl<'a> Samples<'a> {
    pub(crate) fn new(cells: &'a [Cell]) -> Self {
        let first = cells.first().map_or(Value::Null, |cell| sample(&cell.settings, cells));
        Self { cells, first }
    }

    /// The steps of an expression with these names that takes so many for one cell.
    pub(crate) fn work(&self, names: &[Vec<String>], steps: u64) -> u64 {
        let cells = self.cells.len() as u64;
        match self.used_axes(names).is_empty() {
            true => cells.saturating_add(steps),
            false => cells.saturating_mul(steps.saturating_add(1)),
        }
    }

    /// The axes that the names belong to.
    fn used_axes(&self, names: &[Vec<String>]) -> Vec<&str> {
        let axes = self.cells.first().into_iter().flat_map(|first| first.point.keys());
        axes.map(String::as_str).filter(|axis| uses(names, axis)).collect()
    }

    /// The facts with these names, of one cell for each combination of values on the
    /// axes that the names belong to.
    pub(crate) fn differing_in(&self, names: &[Vec<String>]) -> impl Iterator<Item = Value> {
        let used = self.used_axes(names);
        self.by_values_of(names, used).map(|(_, facts)| facts)
    }

    /// As [`Self::differing_in`], if an axis lets the cells differ in whether they have these
    /// facts: with the facts that each of them has, and its values on the axes that matter.
    pub(crate) fn differing_in_destinations(
        &self,
        names: &[Vec<String>],
    ) -> impl Iterator<Item = (String, Value)> {
        let is_concerned = self.differ_in_destinations(names);
        let mut used = self.used_axes(names);
        if is_concerned && !used.contains(&LIST) {
            used.push(LIST);
        }
        let cells = is_concerned.then(|| self.by_values_of(names, used.clone()));
        cells.into_iter().flatten().map(move |(cell, mut facts)| {
            let known = only(names, &of_ports(&cell.settings.load.ports()));
            for name in BY_DESTINATION {
                if let Some(known) = known.get(name) {
                    facts[name] = known.clone();
                }
            }
            let value = |axis: &&str| format!("{axis} {}", plain(&cell.point[*axis]));
            (used.iter().map(value).collect::<Vec<_>>().join(", "), facts)
        })
    }

    /// The steps of all evaluations with [`Self::differing_in_destinations`].
    pub(crate) fn work_in_destinations(&self, names: &[Vec<String>], steps: u64) -> u64 {
        match self.differ_in_destinations(names) {
            true => (self.cells.len() as u64).saturating_mul(steps.saturating_add(1)),
            false => 0,
        }
    }

    fn differ_in_destinations(&self, names: &[Vec<String>]) -> bool {
        let is_concerned = |name: &Vec<String>| {
            name.first().is_some_and(|root| BY_DESTINATION.contains(&root.as_str()))
        };
        let has_axis = self.cells.first().is_some_and(|cell| cell.point.contains_key(LIST));
        has_axis && names.iter().any(is_concerned)
    }

    /// One cell for each combination of values on these axes, and the facts with these names.
    fn by_values_of(
        &self,
        names: &[Vec<String>],
        used: Vec<&str>,
    ) -> impl Iterator<Item = (&'a Cell, Value)> {
        let first = only(names, &self.first);
        let mut seen = HashSet::new();
        self.cells.iter().filter_map(move |cell| {
            let values: Vec<_> = used.iter().map(|axis| &cell.point[*axis]).collect();
            seen.insert(format!("{values:?}")).then(|| {
                let mut facts = first.clone();
                for (axis, value) in used.iter().zip(values) {
                    replace(&mut facts, &path_steps(axis), value);
                }
                (cell, facts)
            })
        })
    }
}

/// The facts, except the settings, of a trial whose attempts go to these ports.
fn of_ports(ports: &[u16]) -> Value {
    let mut facts = facts::sample();
    if ports.len() > 1 {
        facts::add_destinations(&mut facts, ports.iter().copied(), true);
    }
    facts
}

/// Replaces the value at a path, if there is one.
fn replace(facts: &mut Value, path: &[String], value: &Value) {
    let place = path.iter().try_fold(facts, |value, step| value.get_mut(step));
    if let Some(place) = place {
        place.clone_from(value);
    }
}

/// Whether one of the names is the setting of an axis, a part of it, or contains it.
fn uses(names: &[Vec<String>], axis: &str) -> bool {
    let axis = path_steps(axis);
    names.iter().any(|name| name.iter().zip(&axis).all(|(name, axis)| name == axis))
}

/// The facts that an expression uses, and no others: converting all of them for each
/// evaluation would take most of the time of a check.
fn only(names: &[Vec<String>], facts: &Value) -> Value {
    let mut used = Value::Object(Map::new());
    for name in names {
        copy(name, facts, &mut used);
    }
    used
}

fn copy(path: &[String], from: &Value, to: &mut Value) {
    match (path.split_first(), from) {
        (Some((step, rest)), Value::Object(entries)) => {
            // `has()` may test a name that is missing.
            if let (Some(from), Some(to)) = (entries.get(step), to.as_object_mut()) {
                let empty = if from.is_object() { Value::Object(Map::new()) } else { Value::Null };
                copy(rest, from, to.entry(step).or_insert(empty));
            }
        }
        _ => *to = from.clone(),
    }
}

/// Every fact that an expression may name, with sample values.
pub(crate) fn shape(cells: &[Cell]) -> Value {
    let settings = cells.first().map(|cell| cell.settings.clone());
    let mut settings = settings.unwrap_or_default();
    if let Server::Chat(chat) = &mut settings.server {
        chat.largest_body.get_or_insert(1);
    }
    settings.load.concurrency.get_or_insert(1);
    settings.load.connect_rate.get_or_insert(ConnectRate::Constant(1.0));
    sample(&settings, cells)
}

/// The facts of a sample trial, with every count 1, so that nothing is divided by 0. Destinations
/// are those of all cells.
fn sample(settings: &CellSettings, cells: &[Cell]) -> Value {
    let mut facts = facts::sample();
    let lists = || cells.iter().map(|cell| cell.settings.load.ports());
    let several: BTreeSet<_> = lists().filter(|ports| ports.len() > 1).flatten().collect();
    if !several.is_empty() {
        facts::add_destinations(&mut facts, several, lists().all(|ports| ports.len() > 1));
    }
    if let (Some(facts), Ok(Value::Object(settings))) =
        (facts.as_object_mut(), serde_json::to_value(settings))
    {
        facts.extend(settings);
    }
    facts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(name: &str) -> Vec<String> {
        name.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn only_the_named_facts_remain() {
        let facts = json!({
            "load": { "clients": 5, "size": 30 },
            "server": { "backlog": 7 },
            "attempts": 5,
            "outcomes": { "ok": 4, "reset": 1 },
        });
        let names = ["load/clients", "server/largest_body", "outcomes/ok", "outcomes"].map(path);
        let expected = json!({
            "load": { "clients": 5 },
            "server": {},
            "outcomes": { "ok": 4, "reset": 1 },
        });
        assert_eq!(only(&names, &facts), expected);
        let reversed: Vec<_> = names.into_iter().rev().collect();
        assert_eq!(only(&reversed, &facts), expected);
    }

    #[test]
    fn an_axis_is_used_by_its_setting_and_by_its_section() {
        for (name, axis, expected) in [
            ("server/backlog", "server.backlog", true),
            ("server", "server.backlog", true),
            ("server/design", "server.backlog", false),
            (
                "hosts/server/sysctls/net.core.somaxconn",
                "hosts.server.sysctls.net.core.somaxconn",
                true,
            ),
        ] {
            assert_eq!(uses(&[path(name)], axis), expected, "{name} {axis}");
        }
    }
}
