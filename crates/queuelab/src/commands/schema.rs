//! `queuelab schema`: prints the JSON Schema of a file format.

use clap::{Args, ValueEnum};

use super::print_output;
use crate::error::Result;

/// Arguments of `queuelab schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// The file format.
    #[arg(value_enum, default_value_t)]
    format: Format,
}

/// A file format with a schema.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A scenario or suite file.
    #[default]
    Scenario,
    /// `run.json`.
    Run,
    /// A line of `trials.jsonl`.
    Trial,
    /// `suite.json`.
    Suite,
}

/// Prints the committed schema: the code that generates schemas is several times
/// their size. A test compares them with the types.
pub(crate) fn schema(arguments: &SchemaArguments) -> Result {
    print_output(match arguments.format {
        Format::Scenario => include_str!("../../../../schemas/scenario.schema.json"),
        Format::Run => include_str!("../../../../schemas/run.schema.json"),
        Format::Suite => include_str!("../../../../schemas/suite.schema.json"),
        Format::Trial => include_str!("../../../../schemas/trial.schema.json"),
    })
}
