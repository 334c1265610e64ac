//! A scenario in one of its forms, read and checked.

use crate::axis::{PlacedAxis, axes, path_steps};
use crate::cell::Cell;
use crate::cells::{axis_place, cells, choose};
use crate::compiled::CompiledTexts;
use crate::expect::Expectations;
use crate::headline_check::keep_axes;
use crate::kernel::{self, Kernel};
use crate::limits::{Limits, MAX_PROBLEMS};
use crate::model::{AxisValues, Scenario};
use crate::overrides;
use crate::place::Place;
use crate::problem::Problem;
use crate::server_form;
use crate::size::{too_large, too_long_lists, too_long_texts, too_much_in_all};
use crate::strict;
use crate::tree::Node;

/// The server setting that only the lab decides.
pub(crate) const ADDRESS: &str = "server.address";

/// A scenario that has been read and checked: in its full form, in its quick
/// form, or with overrides.
pub(crate) struct Form {
    pub(crate) scenario: Scenario,
    pub(crate) tree: Node,
    pub(crate) axes: Vec<PlacedAxis>,
    pub(crate) cells: Vec<Cell>,
    pub(crate) expectations: Expectations,
}

/// Reads and checks one form of a scenario, and records all its problems. `text` is the
/// text of the file, `only` the `--only` flags, `limits` what it may ask for, and `compiled` what
/// its other forms have compiled.
pub(crate) fn form(
    mut tree: Node,
    text: &str,
    only: &[(String, String)],
    limits: &Limits,
    kernel: &dyn Kernel,
    compiled: &mut CompiledTexts,
    problems: &mut Vec<Problem>,
) -> Option<Form> {
    let mut scenario: Scenario = strict::read(&mut tree, problems)?;
    let written = problems.len();
    problems.extend(too_large(&scenario, &tree, limits));
    problems.extend(too_long_texts(&scenario, &tree));
    problems.extend(too_long_lists(&tree));
    if problems.len() > written {
        return None;
    }
    let mut axes = axes(&tree, &scenario.matrix, problems);
    check_unused(&tree, &axes, problems);
    check_address(&tree, problems);
    let counted = problems.len();
    server_form::check_axes(&tree, &axes, problems);
    // No cell could be made with an axis of another server.
    let are_of_server = problems.len() == counted;
    overrides::keep_only(only, &mut axes, problems);
    if problems.len() >= MAX_PROBLEMS || !are_of_server {
        return None;
    }
    let before = problems.len();
    kernel::check(&named_sysctls(&tree, &axes), kernel, problems);
    let sysctls_exist = problems.len() == before;
    let counted = problems.len();
    let cells = cells(&scenario, &axes, &tree, limits, &mut compiled.patterns, problems);
    if problems.len() == counted {
        problems.extend(too_much_in_all(&scenario, &cells, &tree, limits));
    }
    if cells.is_empty() || problems.len() >= MAX_PROBLEMS {
        return None;
    }
    if sysctls_exist {
        let place = |cell: &Cell, path: &str| place_of(cell.index, path, &axes, &tree);
        kernel::check_values(&cells, kernel, place, problems);
    }
    let programs = &mut compiled.programs;
    let expectations =
        Expectations::compile(&scenario.expect, &tree, text, &cells, kernel, programs, problems);

    let written_axes: Vec<_> = axes.iter().map(PlacedAxis::axis).collect();
    if let Some(headline) = &mut scenario.headline {
        keep_axes(headline, &written_axes);
    }
    scenario.matrix =
        written_axes.into_iter().map(|axis| (axis.path, AxisValues::List(axis.values))).collect();
    Some(Form { scenario, tree, axes, cells, expectations })
}

/// Where a cell's value of a setting was written: on its axis, in its section, or in a flag.
/// A default has no place.
pub(crate) fn place_of(cell: usize, path: &str, axes: &[PlacedAxis], tree: &Node) -> Place {
    let steps = path_steps(path);
    axis_place(path, axes, &choose(cell, axes))
        .or_else(|| tree.get(&steps).map(|_| tree.place_of(&steps)))
        .unwrap_or(Place::Nowhere)
}

/// A setting that is also an axis would never be used.
fn check_unused(tree: &Node, axes: &[PlacedAxis], problems: &mut Vec<Problem>) {
    for axis in axes {
        let steps = path_steps(&axis.path);
        if tree.get(&steps).is_some() {
            let message = format!("`{}` is an axis of the matrix: this is never used", axis.path);
            let mut problem = Problem::new(tree.place_of(&steps), message);
            if let Some(key) = tree.key_place(&["matrix", &axis.path]) {
                problem = problem.also(key, "the axis");
            }
            problems.push(problem.help("remove one of the two"));
        }
    }
}

/// A scenario cannot choose the addresses of its hosts.
fn check_address(tree: &Node, problems: &mut Vec<Problem>) {
    let steps = path_steps(ADDRESS);
    let plain = tree.get(&steps).map(|_| tree.place_of(&steps));
    let axis = tree.key_place(&["matrix", ADDRESS]).cloned();
    for place in plain.into_iter().chain(axis) {
        let message = format!(
            "`{ADDRESS}` cannot be set in a scenario: the lab assigns the addresses of hosts"
        );
        problems.push(
            Problem::new(place, message).help(
                "remove it; it is only for a standalone server (`queuelab server --address`)",
            ),
        );
    }
}

/// Every sysctl that the scenario sets, in a section or on an axis.
fn named_sysctls(tree: &Node, axes: &[PlacedAxis]) -> Vec<(String, Place)> {
    let plain = ["server", "client"].into_iter().flat_map(|host| {
        let sysctls = tree.get(&["hosts", host, "sysctls"]);
        let entries = sysctls.and_then(Node::entries).into_iter().flatten();
        entries.map(|(name, entry)| (name.clone(), entry.key.clone()))
    });
    let varied = axes.iter().filter_map(|axis| {
        let steps = path_steps(&axis.path);
        let key = tree.key_place(&["matrix", &axis.path])?.clone();
        (steps.len() == 4 && steps[2] == "sysctls").then(|| (steps[3].clone(), key))
    });
    plain.chain(varied).collect()
}
