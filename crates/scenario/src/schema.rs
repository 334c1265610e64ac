//! The JSON schema of a scenario file.

use schemars::{SchemaGenerator, json_schema as schema};
use serde_json::Value;

use crate::model::Scenario;
use crate::suite::Suite;

/// The JSON schema of a scenario file, for editors: the file is a scenario or a suite.
/// What a schema cannot express (settings that fit together, sysctls of the running
/// kernel, expressions) is checked by [`crate::ScenarioFile::plan`].
pub fn json_schema() -> Value {
    let mut generator = SchemaGenerator::default();
    let kinds = [generator.subschema_for::<Scenario>(), generator.subschema_for::<Suite>()];
    let mut schema = schema!({
        "$schema": generator.settings().meta_schema,
        "title": "Scenario",
        "anyOf": kinds,
        "$defs": generator.take_definitions(true),
    })
    .to_value();
    // A flag of `queuelab server`, not a setting of a scenario.
    if let Some(server) = schema.pointer_mut("/$defs/ServerSettings/properties") {
        server.as_object_mut().map(|settings| settings.remove("address"));
    }
    schema
}
