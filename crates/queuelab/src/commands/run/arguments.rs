//! The flags of `queuelab run`.

use std::path::PathBuf;

use ::compare::MIN_TRIALS;
use clap::Args;
use lab::{Against, RunRequest, Target};

use crate::backend_name;
use crate::commands::compare::CriteriaArguments;
use crate::commands::plan::Changes;
use crate::tool::tool;

/// Flags of `queuelab run`.
#[derive(Debug, Args)]
// They judge only the comparison of two builds.
#[command(mut_group("CriteriaArguments", |criteria| criteria.requires("against")))]
pub(crate) struct RunArguments {
    /// Name of the scenario or suite, or path of its file.
    #[arg(required_unless_present = "resume")]
    scenario: Option<String>,
    #[command(flatten)]
    changes: Changes,
    /// Where run directories go: DIR/<scenario>/<UTC time>/.
    #[arg(long, value_name = "DIR", default_value = "reports/runs")]
    out: PathBuf,
    /// Resume an unfinished run: only its missing trials are run.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["quick", "set", "only", "repeat", "seed", "out"])]
    resume: Option<PathBuf>,
    /// Run another build too, trial by trial in turn with this one, and compare this
    /// build with it: the path of a queuelab executable or, with `--backend docker`,
    /// an image. Each cell has at least 10 repetitions, unless `--repeat` says
    /// otherwise. Trials that run side by side take turns in batches. To resume such
    /// a run, name the build again.
    #[arg(long, value_name = "BINARY_OR_IMAGE")]
    against: Option<String>,
    #[command(flatten)]
    pub(super) criteria: CriteriaArguments,
    /// Retry a failed trial up to N times, after all other trials. Every try is kept,
    /// and the report names the trials that held only on a retry. A violated invariant
    /// is not retried.
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "resume")]
    retry: u32,
    /// What creates the hosts; when absent netns, or the backend of the run to resume.
    #[arg(long, value_name = "BACKEND", value_parser = backend_name::parser())]
    backend: Option<String>,
}

impl RunArguments {
    /// What a session is asked to run.
    pub(super) fn request(&self) -> RunRequest {
        let Changes { quick, set, only, repeat, seed } = &self.changes;
        let target = match &self.resume {
            Some(run) => Target::Resume { run: run.clone(), scenario: self.scenario.clone() },
            None => Target::New {
                scenario: self.scenario.clone().expect("clap requires it without --resume"),
                changes: scenario::Overrides {
                    quick: *quick,
                    set: set.clone(),
                    only: only.clone(),
                    repeat: *repeat,
                    seed: *seed,
                },
            },
        };
        let against =
            |build: &String| Against { build: build.clone(), min_repetitions: MIN_TRIALS as u32 };
        RunRequest {
            target,
            backend: self.backend.clone(),
            against: self.against.as_ref().map(against),
            retries: self.retry,
            out: self.out.clone(),
            tool: tool(),
        }
    }
}
