//! `queuelab schema`: what a file of ours may hold.

use super::answer;
use crate::cli::SchemaOf;
use crate::error::Result;

/// Prints a JSON Schema: the committed one, as the code that generates them takes
/// several times their size. A test holds them to what the types say.
pub(crate) fn schema(of: SchemaOf) -> Result {
    answer(match of {
        SchemaOf::Scenario => include_str!("../../../../schemas/scenario.schema.json"),
        SchemaOf::Run => include_str!("../../../../schemas/run.schema.json"),
        SchemaOf::Suite => include_str!("../../../../schemas/suite.schema.json"),
        SchemaOf::Trial => include_str!("../../../../schemas/trial.schema.json"),
    })
}
