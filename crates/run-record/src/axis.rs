//! An axis of the matrix.

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
