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
    /// The suite's name: the same as its file's, without `.yaml`.
    pub name: String,
    /// The question that they answer together, in a sentence.
    pub question: String,
    /// What to know about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Take the quick form of each.
    #[serde(default)]
    pub quick: bool,
    /// The scenarios, in the order in which they are run: each by its name alone,
    /// or with what is changed in it.
    #[schemars(length(min = 1), schema_with = "names_or_members")]
    pub suite: Vec<SuiteMember>,
}

/// A scenario of a suite, and what is changed in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuiteMember {
    /// The scenario's name.
    pub scenario: String,
    /// Take its quick form; as the suite says, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick: Option<bool>,
    /// Settings by their path, as `--set` has them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub set: IndexMap<String, Value>,
    /// Values to keep of axes, as `--only` has them: one, or a list of them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub only: IndexMap<String, Value>,
    /// Trials of each cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub repeat: Option<u32>,
}

/// A name is short for a member without changes.
fn names_or_members(generator: &mut SchemaGenerator) -> Schema {
    let member = generator.subschema_for::<SuiteMember>();
    json_schema!({
        "type": "array",
        "items": { "anyOf": [{ "type": "string" }, member] },
    })
}

impl SuiteMember {
    /// What is changed in the scenario, as a command line would.
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
        }
    }
}

impl Suite {
    /// The names of its scenarios.
    pub fn names(&self) -> Vec<&str> {
        self.suite.iter().map(|member| member.scenario.as_str()).collect()
    }
}
