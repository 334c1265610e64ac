//! `queuelab ci`: a suite in CI, compared with the last good run on the same kind of
//! machine. A workflow calls the steps one by one; without a step, all steps run that
//! work without GitHub.
//!
//! | module | holds |
//! |---|---|
//! | `settings` | suite, backend and directories, from the environment |
//! | `machine` | the kind of machine, which is part of the artefact's name |
//! | `runs` | the suite's run directories, and which of them are good |
//! | `steps` | the files that pass results from step to step |
//! | `program` | calls of this program |
//! | `outcome`, `outputs` | what a workflow gets to know about all steps |
//! | `baseline`, `run`, `compare`, `summary`, `smoke` | the steps |
//! | `annotation` | the annotation that all steps share |

mod annotation;
mod baseline;
mod compare;
mod machine;
mod outcome;
mod outputs;
mod program;
mod run;
mod runs;
mod settings;
mod smoke;
mod steps;
mod summary;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use self::settings::Settings;
use crate::error::Result;

/// Arguments of `queuelab ci`.
#[derive(Debug, Args)]
#[command(after_help = settings::help())]
pub(crate) struct CiArguments {
    #[command(subcommand)]
    step: Option<Step>,
}

/// A step of a workflow [default: run, compare and summary].
#[derive(Debug, Subcommand)]
enum Step {
    /// Print the artefact's name: the suite, the backend and the kind of machine.
    Name,
    /// Download the artefact of the last good run (GitHub only).
    Baseline,
    /// Run the suite.
    Run,
    /// Compare the run with the baseline, and mark it as good if it can be the next one.
    Compare,
    /// Write the job's summary and print one annotation for all steps.
    Summary,
    /// Print the summaries of the smoke runs that `.ci/run` saved in a directory.
    Smoke {
        /// Directory with one subdirectory per backend.
        directory: PathBuf,
    },
}

/// Runs a step, or all of them; then the exit code is the comparison's if it failed, otherwise
/// the run's.
pub(crate) fn ci(arguments: &CiArguments) -> Result {
    let settings = Settings::from_environment();
    match &arguments.step {
        Some(Step::Name) => machine::print_name(&settings),
        Some(Step::Baseline) => baseline::baseline(&settings),
        Some(Step::Run) => run::run(&settings),
        Some(Step::Compare) => compare::compare(&settings),
        Some(Step::Summary) => summary::summary(&settings),
        Some(Step::Smoke { directory }) => smoke::smoke(directory),
        None => all(&settings),
    }
}

fn all(settings: &Settings) -> Result {
    settings.steps.remove(steps::NOTE);
    run::run(settings)?;
    compare::compare(settings)?;
    summary::summary(settings)?;
    Ok(outcome::exit(&settings.steps))
}
