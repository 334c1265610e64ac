//! The plan of a scenario: its cells and its trials, in order.

use std::collections::HashSet;

use serde_json::Value;

use crate::axis::{Axis, PlacedAxis, path_steps};
use crate::cell::Cell;
use crate::compiled::CompiledTexts;
use crate::expect::Expectations;
use crate::form::{ADDRESS, Form, form, place_of};
use crate::headline_check;
use crate::kernel::Kernel;
use crate::limits::Limits;
use crate::model::Scenario;
use crate::name;
use crate::overrides::{self, Overrides};
use crate::place::Place;
use crate::problem::{Problem, ScenarioErrors, ScenarioWarnings};
use crate::server_form;
use crate::source::Source;
use crate::strict;
use crate::tree::Node;
use crate::trials::{PlannedTrial, new_seed, trials};

/// What to run, in which order.
#[derive(Debug)]
pub struct Plan {
    /// The scenario as it will be run: with the quick form and the overrides
    /// applied, and the matrix as lists.
    pub scenario: Scenario,
    /// The same as JSON, for the record of the run. It is a scenario that plans
    /// the same cells and, with the same seed, the same trials. Defaults are
    /// included, except for settings that an axis decides.
    pub resolved: Value,
    /// The axes of the matrix; the last one varies fastest.
    pub axes: Vec<Axis>,
    /// Every point of the matrix, in that order; one cell if there are no axes.
    pub cells: Vec<Cell>,
    /// Every trial, in the order in which to run them.
    pub trials: Vec<PlannedTrial>,
    /// The seed of that order.
    pub seed: u64,
    /// What must hold in each trial.
    pub expectations: Expectations,
    origin: Origin,
}

/// Where the settings of a plan were written.
#[derive(Debug)]
struct Origin {
    source: Source,
    tree: Node,
    axes: Vec<PlacedAxis>,
}

impl Plan {
    /// What its servers start, each once: programs with their arguments, and images. Empty if
    /// all are the lab's chat server.
    pub fn starts(&self) -> Vec<String> {
        let mut starts: Vec<String> =
            self.cells.iter().filter_map(|cell| cell.settings.server.starts()).collect();
        let mut seen = HashSet::new();
        starts.retain(|one| seen.insert(one.clone()));
        starts
    }

    /// The path of its file, for people.
    pub fn path(&self) -> &str {
        &self.origin.source.path
    }

    /// Whether its file is in `./scenarios` or built in: the user, or this program, put it
    /// there.
    pub fn is_of_this_place(&self) -> bool {
        self.origin.source.is_of_this_place()
    }

    /// Creates an error that points to where a cell's value of the setting `path` was
    /// written (for example `hosts.server.sysctls.net.core.somaxconn`): on its axis, in
    /// its section, or in a flag. A default has no place.
    ///
    /// Use it for values that turn out to be wrong only when they are applied, such as a
    /// sysctl value that the kernel refuses. `reason` describes the problem.
    pub fn refused(&self, cell: usize, path: &str, reason: String) -> ScenarioErrors {
        let problem = Problem::new(self.place(cell, path), format!("{path}: {reason}"));
        ScenarioErrors::new(&self.origin.source, vec![problem])
    }

    /// Places warnings where the settings that they are about were written; see
    /// [`Self::refused`]. `None` if there are none.
    pub fn warnings(&self, warnings: Vec<PlanWarning>) -> Option<ScenarioWarnings> {
        let problem = |PlanWarning { cell, paths, message, help }: PlanWarning| {
            let places = paths.iter().map(|path| self.place(cell, path));
            let mut written = places.filter(|place| *place != Place::Nowhere);
            let place = written.next().unwrap_or(Place::Nowhere);
            let problem = Problem::new(place, message).help(help);
            match written.next() {
                Some(second) => problem.also(&second, "and here"),
                None => problem,
            }
        };
        let problems: Vec<_> = warnings.into_iter().map(problem).collect();
        (!problems.is_empty()).then(|| ScenarioWarnings::new(&self.origin.source, problems))
    }

    /// Where a cell's value of a setting was written.
    fn place(&self, cell: usize, path: &str) -> Place {
        let Origin { tree, axes, .. } = &self.origin;
        match self.cells.get(cell) {
            Some(cell) => place_of(cell.index, path, axes, tree),
            None => Place::Nowhere,
        }
    }
}

/// What is doubtful about the settings of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanWarning {
    /// The position of the cell in [`Plan::cells`].
    pub cell: usize,
    /// The paths of the settings that it is about, the most important first: it is shown where
    /// the first two of them were written.
    pub paths: Vec<String>,
    /// What will happen, with the figures.
    pub message: String,
    /// What to change.
    pub help: String,
}

/// A scenario in its full and its quick form, both checked.
pub(crate) struct Forms {
    full: Unchanged,
    /// `None` if it has none.
    quick: Option<Unchanged>,
}

/// A form of a scenario without changes.
pub(crate) struct Unchanged {
    /// What changes are applied to.
    pub(crate) tree: Node,
    pub(crate) form: Form,
}

impl Forms {
    /// The quick form if there is one and it is asked for, otherwise the full one.
    pub(crate) fn into_form(self, quick: bool) -> Unchanged {
        match self.quick {
            Some(form) if quick => form,
            _ => self.full,
        }
    }

    /// The full and the quick form.
    pub(crate) fn into_both(self) -> (Unchanged, Option<Unchanged>) {
        (self.full, self.quick)
    }
}

/// Checks a scenario from its parsed file. `compiled` is what earlier checks have compiled.
///
/// # Errors
/// All problems of the file, in its full and in its quick form.
pub(crate) fn check(
    source: &Source,
    mut tree: Node,
    mut problems: Vec<Problem>,
    limits: &Limits,
    kernel: &dyn Kernel,
    compiled: &mut CompiledTexts,
) -> Result<Forms, ScenarioErrors> {
    let errors = |problems| ScenarioErrors::new(source, deduplicated(problems));
    strict::only_mappings(&mut tree, &mut problems);
    server_form::shorten(&mut tree, &mut problems);
    check_name(&tree, source, &mut problems);
    let scenario = match tree.entries() {
        Some(_) => strict::read::<Scenario>(&mut tree, &mut problems),
        None => None,
    };
    let Some(scenario) = scenario else { return Err(errors(problems)) };
    headline_check::check(&scenario, &tree, kernel, &mut problems);

    let quick = tree.get(&["quick"]).cloned();
    tree.remove(&["quick".to_owned()]);
    let mut checked = |tree: Node| {
        let form = form(tree.clone(), &source.text, &[], limits, kernel, compiled, &mut problems)?;
        Some(Unchanged { tree, form })
    };
    let full = checked(tree.clone());
    let quick = quick.map(|quick| {
        overrides::merge_quick(&mut tree, &quick);
        checked(tree)
    });
    match (full, quick) {
        (Some(full), None) if problems.is_empty() => Ok(Forms { full, quick: None }),
        (Some(full), Some(Some(quick))) if problems.is_empty() => {
            Ok(Forms { full, quick: Some(quick) })
        }
        _ => Err(errors(problems)),
    }
}

/// A form with the changes of a command line.
///
/// # Errors
/// All problems of the changes.
pub(crate) fn changed(
    source: &Source,
    mut tree: Node,
    overrides: &Overrides,
    limits: &Limits,
    kernel: &dyn Kernel,
    compiled: &mut CompiledTexts,
) -> Result<Form, ScenarioErrors> {
    let mut problems = Vec::new();
    overrides::apply(overrides, &mut tree, &mut problems);
    strict::only_mappings(&mut tree, &mut problems);
    server_form::shorten(&mut tree, &mut problems);
    let form = form(tree, &source.text, &overrides.only, limits, kernel, compiled, &mut problems);
    match form {
        Some(form) if problems.is_empty() => Ok(form),
        _ => Err(ScenarioErrors::new(source, deduplicated(problems))),
    }
}

/// The plan of a checked form.
pub(crate) fn into_plan(form: Form, source: &Source, seed: Option<u64>) -> Plan {
    let Form { scenario, tree, axes, cells, expectations } = form;
    let seed = seed.unwrap_or_else(new_seed);
    Plan {
        trials: trials(cells.len(), scenario.repeat.get(), scenario.shuffle.then_some(seed)),
        resolved: resolved(&scenario, &axes),
        scenario,
        axes: axes.iter().map(PlacedAxis::axis).collect(),
        cells,
        seed,
        expectations,
        origin: Origin { source: source.clone(), tree, axes },
    }
}

/// The scenario as JSON, without the settings that an axis decides, which would
/// be errors in a scenario, and without the server's address, which the lab
/// decides.
fn resolved(scenario: &Scenario, axes: &[PlacedAxis]) -> Value {
    let mut resolved = serde_json::to_value(scenario).unwrap_or_default();
    for path in axes.iter().map(|axis| axis.path.as_str()).chain([ADDRESS]) {
        let steps = path_steps(path);
        if let Some((last, parents)) = steps.split_last()
            && let Some(Value::Object(section)) =
                parents.iter().try_fold(&mut resolved, |value, step| value.get_mut(step))
        {
            section.shift_remove(last);
        }
    }
    resolved
}

fn check_name(tree: &Node, source: &Source, problems: &mut Vec<Problem>) {
    let Some(Value::String(name)) = tree.get(&["name"]).map(Node::to_json) else { return };
    name::check(&name, tree.place_of(&["name"]), problems);
    if name != source.name {
        problems.push(
            Problem::new(
                tree.place_of(&["name"]),
                format!("the scenario is called `{name}`, but its file `{}`", source.name),
            )
            .help(format!("write `name: {}`, or rename the file", source.name)),
        );
    }
}

/// The full and the quick form share most of their problems.
fn deduplicated(problems: Vec<Problem>) -> Vec<Problem> {
    let mut seen = HashSet::new();
    problems
        .into_iter()
        .filter(|problem| seen.insert((problem.place.clone(), problem.message.clone())))
        .collect()
}
