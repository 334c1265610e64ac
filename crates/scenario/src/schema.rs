//! The JSON schema of a scenario file.

use serde_json::Value;

use crate::Scenario;

/// The JSON schema of a scenario file, for editors. What a schema cannot say
/// (settings that fit together, sysctls of the running kernel, expressions) is
/// checked by [`crate::plan`] alone.
pub fn json_schema() -> Value {
    schemars::schema_for!(Scenario).to_value()
}
