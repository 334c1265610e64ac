//! The JSON schema of a scenario file.

use serde_json::Value;

use crate::Scenario;

/// The JSON schema of a scenario file, for editors. What a schema cannot say
/// (settings that fit together, sysctls of the running kernel, expressions) is
/// checked by [`crate::plan`] alone.
pub fn json_schema() -> Value {
    let mut schema = schemars::schema_for!(Scenario).to_value();
    // A flag of `queuelab server`, and no setting of a scenario.
    if let Some(server) = schema.pointer_mut("/$defs/ServerSettings/properties") {
        server.as_object_mut().map(|settings| settings.remove("address"));
    }
    schema
}
