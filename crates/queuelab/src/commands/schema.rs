//! `queuelab schema`: what a file of ours may hold.

use super::answer;
use crate::cli::SchemaOf;
use crate::error::Result;

/// Prints a JSON Schema.
pub(crate) fn schema(of: SchemaOf) -> Result {
    let schema = match of {
        SchemaOf::Scenario => scenario::json_schema(),
        SchemaOf::Run => schemars::schema_for!(run_record::RunRecord).to_value(),
        SchemaOf::Trial => schemars::schema_for!(run_record::TrialRecord).to_value(),
    };
    answer(&serde_json::to_string_pretty(&schema).expect("a schema is plain data"))
}
