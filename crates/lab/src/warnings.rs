//! What a plan will not do as its author may expect, found before anything runs.
//!
//! Warnings are about figures that the settings decide: a burst that the accept queue cannot
//! hold, and deliveries that do not fit into their deadline. A scenario that asks what happens
//! then gets none: its server is paused, or the setting is an axis.
//!
//! | module | warns about |
//! |---|---|
//! | `overflow` | connections that find the accept queue full |
//! | `deliveries` | more deliveries than a server has been seen to make in the time |

mod deliveries;
mod overflow;

use scenario::{Plan, ScenarioWarnings};

use crate::kernel_facts::KernelFacts;

/// The warnings about a plan on a kernel, each where its settings were written; `None` if there
/// are none. Of the cells that one is about, it shows the worst.
pub fn warnings(plan: &Plan, kernel: &KernelFacts) -> Option<ScenarioWarnings> {
    let found = [overflow::warning(plan, kernel), deliveries::warning(plan)];
    plan.warnings(found.into_iter().flatten().collect())
}

/// Where among the cells a warning applies, for people; empty for a plan of one cell.
fn place(plan: &Plan, cells: usize) -> String {
    match plan.cells.len() {
        1 => String::new(),
        all if all == cells => "; so in each cell, and worst in this one".to_owned(),
        all => format!("; so in {cells} of {all} cells, and worst in this one"),
    }
}
