//! From a scenario and what changes it to the trials to run.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use indexmap::IndexMap;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::Value;

use crate::axis::{Axis, PlacedAxis, axes, steps_of};
use crate::cells::{axis_place, cells, choose};
use crate::expect::Expectations;
use crate::model::{AxisValues, CellSettings, Scenario};
use crate::overrides::{self, Overrides};
use crate::problem::{Problem, ScenarioErrors};
use crate::sysctl::{self, Kernel};
use crate::tree::{Node, Place};
use crate::{Source, strict};

/// What to run, in which order.
#[derive(Debug)]
pub struct Plan {
    /// The scenario as it will be run: quick form and overrides applied, its
    /// matrix as lists.
    pub scenario: Scenario,
    /// The same as JSON, for the record of the run: a scenario again, of which
    /// [`plan`] makes the same cells, and the same trials for the same seed.
    /// Defaults are included, except for settings that an axis decides.
    pub resolved: Value,
    /// The matrix; the last axis varies fastest.
    pub axes: Vec<Axis>,
    /// Every point of it, in that order; one when there are no axes.
    pub cells: Vec<Cell>,
    /// Every trial, in the order in which to run them.
    pub trials: Vec<PlannedTrial>,
    /// What decided that order.
    pub seed: u64,
    /// What must hold in each trial.
    pub expectations: Expectations,
    written: Written,
}

/// Where the settings of a plan were written.
#[derive(Debug)]
struct Written {
    source: Source,
    tree: Node,
    axes: Vec<PlacedAxis>,
}

impl Plan {
    /// An error where a cell's value of the setting `path` was written (for
    /// example `hosts.server.sysctls.net.core.somaxconn`): on its axis, in its
    /// section, or in a flag. One that was written nowhere has no place.
    ///
    /// It is for values that only show to be wrong when they are used, as a
    /// sysctl's that the kernel refuses. `reason` says what is wrong.
    pub fn refused(&self, cell: usize, path: &str, reason: String) -> ScenarioErrors {
        let Written { source, tree, axes } = &self.written;
        let steps = steps_of(path);
        let chosen = self.cells.get(cell).map(|cell| choose(cell.index, axes));
        let place = chosen
            .and_then(|chosen| axis_place(path, axes, &chosen))
            .or_else(|| tree.get(&steps).map(|_| tree.place_of(&steps)))
            .unwrap_or(Place::Nowhere);
        let problem = Problem::new(place, format!("{path}: {reason}"));
        ScenarioErrors::new(source, vec![problem])
    }
}

/// One point of the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its position in [`Plan::cells`].
    pub index: usize,
    /// Its value on each axis, by the axis's path.
    pub point: IndexMap<String, Value>,
    /// Everything that its trials are told.
    pub settings: CellSettings,
}

/// One repetition of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlannedTrial {
    /// Its number in the unshuffled order: the first repetition of every cell,
    /// then the second. The same whatever the seed.
    pub id: u32,
    /// Its cell's position in [`Plan::cells`].
    pub cell: usize,
    /// Which repetition of that cell, from 0.
    pub repetition: u32,
    /// Which time it is run again, from 1; 0 of all in a plan.
    pub retry: u32,
}

/// The setting of a server that in a scenario the lab alone decides.
const ADDRESS: &str = "server.address";

/// Makes the plan of a scenario.
///
/// # Errors
/// Everything wrong with the file, in its full and in its quick form; when
/// nothing is, everything wrong with the overrides.
pub fn plan(
    source: &Source,
    overrides: &Overrides,
    kernel: &dyn Kernel,
) -> Result<Plan, ScenarioErrors> {
    let mut problems = Vec::new();
    let errors = |problems| ScenarioErrors::new(source, problems);
    let file = Node::parse(&source.text, &mut problems);
    let mut tree = file.map_err(|problem| errors(vec![problem]))?;
    strict::only_mappings(&mut tree, &mut problems);
    check_name(&tree, source, &mut problems);
    if tree.entries().is_none() || strict::read::<Scenario>(&mut tree, &mut problems).is_none() {
        return Err(errors(problems));
    }

    let quick = tree.get(&["quick"]).cloned();
    tree.remove(&["quick".to_owned()]);
    let text = &source.text;
    form(tree.clone(), text, &[], kernel, &mut problems);
    if let Some(quick) = &quick {
        let mut merged = tree.clone();
        overrides::merge_quick(&mut merged, quick);
        form(merged.clone(), text, &[], kernel, &mut problems);
        if overrides.quick {
            tree = merged;
        }
    }
    if !problems.is_empty() {
        return Err(errors(deduplicated(problems)));
    }

    overrides::apply(overrides, &mut tree, &mut problems);
    strict::only_mappings(&mut tree, &mut problems);
    let form = form(tree, text, &overrides.only, kernel, &mut problems);
    match form {
        Some(form) if problems.is_empty() => Ok(form.into_plan(source, overrides.seed)),
        _ => Err(errors(deduplicated(problems))),
    }
}

/// A scenario read through, in its full form or another.
struct Form {
    scenario: Scenario,
    tree: Node,
    axes: Vec<PlacedAxis>,
    cells: Vec<Cell>,
    expectations: Expectations,
}

fn form(
    mut tree: Node,
    text: &str,
    only: &[(String, String)],
    kernel: &dyn Kernel,
    problems: &mut Vec<Problem>,
) -> Option<Form> {
    let mut scenario: Scenario = strict::read(&mut tree, problems)?;
    let mut axes = axes(&tree, &scenario.matrix, problems);
    check_unused(&tree, &axes, problems);
    check_address(&tree, problems);
    overrides::keep_only(only, &mut axes, problems);
    sysctl::check(&named_sysctls(&tree, &axes), kernel, problems);
    let cells = cells(&scenario, &axes, &tree, problems);
    let expectations =
        Expectations::compile(&scenario.expect, &tree, text, &cells, kernel, problems);

    scenario.matrix = axes
        .iter()
        .map(PlacedAxis::axis)
        .map(|axis| (axis.path, AxisValues::List(axis.values)))
        .collect();
    Some(Form { scenario, tree, axes, cells, expectations })
}

impl Form {
    fn into_plan(self, source: &Source, seed: Option<u64>) -> Plan {
        let seed = seed.unwrap_or_else(new_seed);
        Plan {
            trials: trials(
                self.cells.len(),
                self.scenario.repeat.get(),
                self.scenario.shuffle.then_some(seed),
            ),
            resolved: resolved(&self.scenario, &self.axes),
            scenario: self.scenario,
            axes: self.axes.iter().map(PlacedAxis::axis).collect(),
            cells: self.cells,
            seed,
            expectations: self.expectations,
            written: Written { source: source.clone(), tree: self.tree, axes: self.axes },
        }
    }
}

/// The scenario as JSON, without the settings that are never used: they would
/// be errors in a scenario, and are not what was run. The server's address is
/// the lab's.
fn resolved(scenario: &Scenario, axes: &[PlacedAxis]) -> Value {
    let mut resolved = serde_json::to_value(scenario).unwrap_or_default();
    for path in axes.iter().map(|axis| axis.path.as_str()).chain([ADDRESS]) {
        let steps = steps_of(path);
        if let Some((last, parents)) = steps.split_last()
            && let Some(Value::Object(section)) =
                parents.iter().try_fold(&mut resolved, |value, step| value.get_mut(step))
        {
            section.shift_remove(last);
        }
    }
    resolved
}

/// Short enough to be typed again.
fn new_seed() -> u64 {
    RandomState::new().hash_one("seed") >> 32
}

/// Each repetition runs every cell once before the next begins, so that a
/// drift of the machine falls on all cells alike; shuffled within itself.
fn trials(cells: usize, repeat: u32, shuffle: Option<u64>) -> Vec<PlannedTrial> {
    let mut rng = shuffle.map(StdRng::seed_from_u64);
    let mut trials = Vec::new();
    for repetition in 0..repeat {
        let mut block: Vec<PlannedTrial> = (0..cells)
            .zip(trials.len() as u32..)
            .map(|(cell, id)| PlannedTrial { id, cell, repetition, retry: 0 })
            .collect();
        if let Some(rng) = &mut rng {
            block.shuffle(rng);
        }
        trials.extend(block);
    }
    trials
}

fn check_name(tree: &Node, source: &Source, problems: &mut Vec<Problem>) {
    if let Some(Value::String(name)) = tree.get(&["name"]).map(Node::to_json)
        && name != source.name
    {
        problems.push(
            Problem::new(
                tree.place_of(&["name"]),
                format!("the scenario is called `{name}`, but its file `{}`", source.name),
            )
            .help(format!("write `name: {}`, or rename the file", source.name)),
        );
    }
}

/// A plain setting under an axis would say something that is never done.
fn check_unused(tree: &Node, axes: &[PlacedAxis], problems: &mut Vec<Problem>) {
    for axis in axes {
        let steps = steps_of(&axis.path);
        if tree.get(&steps).is_some() {
            let message = format!("`{}` is an axis of the matrix: this is never used", axis.path);
            let mut problem = Problem::new(tree.place_of(&steps), message);
            if let Some(key) = tree.key_place(&["matrix", &axis.path]) {
                problem = problem.also(key, "the axis");
            }
            problems.push(problem.help("leave out one of the two"));
        }
    }
}

/// A scenario does not know the addresses of its hosts.
fn check_address(tree: &Node, problems: &mut Vec<Problem>) {
    let steps = steps_of(ADDRESS);
    let plain = tree.get(&steps).map(|_| tree.place_of(&steps));
    let axis = tree.key_place(&["matrix", ADDRESS]).cloned();
    for place in plain.into_iter().chain(axis) {
        let message =
            format!("`{ADDRESS}` is not a scenario's: the lab gives hosts their addresses");
        problems.push(Problem::new(place, message).help(
            "leave it out; it is for a server that runs by itself (`queuelab server --address`)",
        ));
    }
}

/// Every sysctl that the scenario sets, plainly or along an axis.
fn named_sysctls(tree: &Node, axes: &[PlacedAxis]) -> Vec<(String, Place)> {
    let plain = ["server", "client"].into_iter().flat_map(|host| {
        let sysctls = tree.get(&["hosts", host, "sysctls"]);
        let entries = sysctls.and_then(Node::entries).into_iter().flatten();
        entries.map(|(name, entry)| (name.clone(), entry.key.clone()))
    });
    let varied = axes.iter().filter_map(|axis| {
        let steps = steps_of(&axis.path);
        let key = tree.key_place(&["matrix", &axis.path])?.clone();
        (steps.len() == 4 && steps[2] == "sysctls").then(|| (steps[3].clone(), key))
    });
    plain.chain(varied).collect()
}

/// The full and the quick form have most of their problems in common.
fn deduplicated(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = HashSet::new();
    problems
        .into_iter()
        .filter(|problem| seen.insert((problem.place.clone(), problem.message.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_the_order_and_every_trial_is_run_once() {
        let unshuffled = trials(20, 3, None);
        assert!(unshuffled.iter().map(|trial| trial.id).eq(0..60));

        let shuffled = trials(20, 3, Some(7));
        assert_eq!(shuffled, trials(20, 3, Some(7)));
        assert_ne!(shuffled, trials(20, 3, Some(8)));
        assert_ne!(shuffled, unshuffled);
        let distinct: HashSet<_> = shuffled.iter().copied().collect();
        assert_eq!(distinct, unshuffled.iter().copied().collect());
    }

    #[test]
    fn repetitions_are_interleaved_across_cells() {
        let shuffled = trials(5, 4, Some(1));
        for (repetition, block) in shuffled.chunks(5).enumerate() {
            assert!(block.iter().all(|trial| trial.repetition as usize == repetition));
            assert_eq!(block.iter().map(|trial| trial.cell).sum::<usize>(), 10);
        }
    }

    #[test]
    fn more_repetitions_keep_the_ids_of_the_first() {
        let (few, many) = (trials(6, 2, None), trials(6, 5, None));
        assert_eq!(few, many[..few.len()]);
    }
}
