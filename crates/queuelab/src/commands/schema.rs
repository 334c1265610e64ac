//! `queuelab schema`: prints the JSON Schema of a file or of a command's output.

use clap::{Args, ValueEnum};

use super::print_output;
use crate::error::Result;

/// Arguments of `queuelab schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// The file or output.
    #[arg(value_enum, default_value_t)]
    format: Format,
}

/// A format with a schema.
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
    /// `watch.json`, of a recorded watch.
    WatchRecord,
    /// A line of `seconds.jsonl`, of a recorded watch.
    WatchLine,
    /// The output of `queuelab list --json`.
    List,
    /// The output of `queuelab check --json`.
    Check,
    /// The output of `queuelab run --json` and `queuelab show --json`.
    Result,
    /// The output of `queuelab predict --json`.
    Predict,
    /// The output of `queuelab explain --json`.
    Explain,
    /// The output of `queuelab size --json`.
    Size,
    /// A line of `queuelab watch --json`.
    Watch,
    /// The output of `queuelab try --json`.
    Try,
    /// The output of `queuelab lesson --json`.
    Lesson,
    /// The record of a student's answers, `reports/lessons.json`.
    LessonRecord,
    /// The output of any of these commands if it fails.
    Failure,
}

/// Prints the committed schema: the code that generates schemas is several times
/// their size. A test compares them with the types.
pub(crate) fn schema(arguments: &SchemaArguments) -> Result {
    print_output(match arguments.format {
        Format::Scenario => include_str!("../../../../schemas/scenario.schema.json"),
        Format::Run => include_str!("../../../../schemas/run.schema.json"),
        Format::Suite => include_str!("../../../../schemas/suite.schema.json"),
        Format::Trial => include_str!("../../../../schemas/trial.schema.json"),
        Format::WatchRecord => include_str!("../../../../schemas/watch-record.schema.json"),
        Format::WatchLine => include_str!("../../../../schemas/watch-line.schema.json"),
        Format::List => include_str!("../../../../schemas/list.schema.json"),
        Format::Check => include_str!("../../../../schemas/check.schema.json"),
        Format::Result => include_str!("../../../../schemas/result.schema.json"),
        Format::Predict => include_str!("../../../../schemas/predict.schema.json"),
        Format::Explain => include_str!("../../../../schemas/explain.schema.json"),
        Format::Size => include_str!("../../../../schemas/size.schema.json"),
        Format::Watch => include_str!("../../../../schemas/watch.schema.json"),
        Format::Try => include_str!("../../../../schemas/try.schema.json"),
        Format::Lesson => include_str!("../../../../schemas/lesson.schema.json"),
        Format::LessonRecord => include_str!("../../../../schemas/lesson-record.schema.json"),
        Format::Failure => include_str!("../../../../schemas/failure.schema.json"),
    })
}
