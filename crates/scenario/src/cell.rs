//! A point of the matrix.

use indexmap::IndexMap;
use serde_json::Value;

use crate::model::CellSettings;

/// One point of the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its position in [`Plan::cells`](crate::Plan::cells).
    pub index: usize,
    /// Its value on each axis, by the axis's path.
    pub point: IndexMap<String, Value>,
    /// The settings of its trials.
    pub settings: CellSettings,
}
