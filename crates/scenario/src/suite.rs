//! A suite: several scenarios under one name.

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::overrides::Overrides;

/// The field that makes a file a suite: the list of its members.
pub(crate) const MEMBERS: &str = "suite";

/// Several scenarios, run one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Name of the suite: the name of its file without `.yaml`.
    pub name: String,
    /// The question that they answer together, in one sentence.
    pub question: String,
    /// Background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Use the quick form of each scenario.
    #[serde(default)]
    pub quick: bool,
    /// The scenarios in the order of execution: each one a name, or a mapping that
    /// changes the scenario.
    #[schemars(length(min = 1), schema_with = "names_or_members")]
    pub suite: Vec<SuiteMember>,
}

/// A scenario of a suite, and what to change in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteMember {
    /// Name of the scenario.
    pub scenario: String,
    /// Use its quick form; the default is the suite's `quick`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick: Option<bool>,
    /// Settings by their path, as in `--set`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub set: IndexMap<String, Value>,
    /// Axis values to run, one or a list, as in `--only`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub only: IndexMap<String, Value>,
    /// Trials of each cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub repeat: Option<u32>,
}

/// A name is short for a mapping without changes.
fn names_or_members(generator: &mut SchemaGenerator) -> Schema {
    let member = generator.subschema_for::<SuiteMember>();
    json_schema!({
        "type": "array",
        "items": { "anyOf": [{ "type": "string" }, member] },
    })
}

impl SuiteMember {
    /// The changes as overrides of the scenario.
    pub fn overrides(&self, suite: &Suite) -> Overrides {
        let pair = |path: &str, value: &Value| (path.to_owned(), value.to_string());
        let set = self.set.iter().map(|(path, value)| pair(path, value));
        let only = self.only.iter().flat_map(|(path, value)| match value {
            Value::Array(values) => values.iter().map(|value| pair(path, value)).collect(),
            value => vec![pair(path, value)],
        });
        Overrides {
            quick: self.quick.unwrap_or(suite.quick),
            set: set.collect(),
            only: only.collect(),
            repeat: self.repeat,
            seed: None,
            allow_large: false,
        }
    }
}

impl Suite {
    /// The names of its scenarios.
    pub fn names(&self) -> Vec<&str> {
        self.suite.iter().map(|member| member.scenario.as_str()).collect()
    }
}
