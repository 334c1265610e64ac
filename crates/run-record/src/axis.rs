//! An axis of the matrix.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One axis of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Axis {
    /// The setting's path, for example `server.backlog`.
    pub path: String,
    /// Its values, in order.
    pub values: Vec<Value>,
}

/// The number of the cell with this point, on the axes that vary; `None` if it is not in the
/// matrix. `recorded` is nearly always that cell, and axes can be long.
pub fn cell_at(axes: &[Axis], recorded: u32, point: &IndexMap<String, Value>) -> Option<usize> {
    let axes = || axes.iter().filter(|axis| axis.values.len() > 1);
    let mut rest = recorded as usize;
    let is_recorded = axes().rev().all(|axis| {
        let value = &axis.values[rest % axis.values.len()];
        rest /= axis.values.len();
        point.get(&axis.path) == Some(value)
    });
    if is_recorded && rest == 0 {
        return Some(recorded as usize);
    }
    axes().try_fold(0, |number, axis| {
        let at = point.get(&axis.path)?;
        let step = axis.values.iter().position(|value| value == at)?;
        Some(number * axis.values.len() + step)
    })
}
