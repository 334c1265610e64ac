//! `queuelab show`: prints a resolved scenario.

use super::plan::PlanArguments;
use super::{plan, print_output};
use crate::error::Result;

/// Prints the resolved scenario, its axes, and the number of its trials.
pub(crate) fn show(arguments: &PlanArguments) -> Result {
    let plan = plan::plan(arguments)?;
    let mut text = serde_saphyr::to_string(&plan.resolved).expect("a scenario is plain data");
    text += "\n# axes (the last one varies fastest):\n";
    for axis in &plan.axes {
        let values: Vec<_> = axis.values.iter().map(ToString::to_string).collect();
        text += &format!("#   {}: {}\n", axis.path, values.join(", "));
    }
    text += &format!("# {}\n", plan::describe_size(&plan));
    print_output(&text)
}
