//! The flags of `queuelab run`.

use std::path::PathBuf;

use ::compare::MIN_TRIALS;
use clap::Args;
use clap_complete::ArgValueCompleter;
use lab::{Against, RunRequest, Target};
use report::Detail;

use crate::backend_name;
use crate::commands::compare::CriteriaArguments;
use crate::commands::plan::Changes;
use crate::completion;
use crate::progress::ProgressDetail;
use crate::tool::tool;

const AGAINST_HELP: &str =
    "Alternate the trials of this build with those of another, and compare the two";

fn against_help() -> String {
    let with_images: Vec<_> = backend_name::user_backends()
        .filter(|backend| backend.runs_images())
        .map(|backend| format!("`--backend {}`", backend.name()))
        .collect();
    format!(
        "{AGAINST_HELP}.\n\n\
         The other build is the path of a queuelab executable or, with {}, an image. Each cell has \
         at least 10 repetitions, unless `--repeat` is given. Trials that run side by side \
         alternate in batches. To resume such a run, repeat this flag.",
        with_images.join(" or ")
    )
}

/// Flags of `queuelab run`.
#[derive(Debug, Args)]
// They apply only to the comparison of two builds.
#[command(mut_group("CriteriaArguments", |criteria| criteria.requires("against")))]
pub(crate) struct RunArguments {
    /// Name of the scenario or suite, or path of its file.
    #[arg(required_unless_present = "resume")]
    #[arg(add = ArgValueCompleter::new(completion::documents))]
    scenario: Option<String>,
    #[command(flatten)]
    changes: Changes,
    /// Allow the scenario to start programs although its file is not in ./scenarios.
    ///
    /// A scenario whose server is a command or an image starts it with your rights. `check`,
    /// `show` and `predict` start nothing.
    #[arg(long)]
    allow_commands: bool,
    /// Directory for runs; a run is stored in DIR/<scenario>/<UTC time>/.
    #[arg(long, value_name = "DIR", default_value = "reports/runs")]
    out: PathBuf,
    /// Resume an unfinished run: run only its missing trials.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["quick", "set", "only", "repeat", "seed", "out"])]
    #[arg(add = ArgValueCompleter::new(completion::runs))]
    resume: Option<PathBuf>,
    #[arg(long, value_name = "BINARY_OR_IMAGE", help = AGAINST_HELP, long_help = against_help())]
    against: Option<String>,
    #[command(flatten)]
    pub(super) criteria: CriteriaArguments,
    /// Retry a failed trial up to N times, after all other trials.
    ///
    /// Every retry is recorded, and the report names the trials that held only on a
    /// retry. A trial that violates an invariant is not retried.
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "resume")]
    retry: u32,
    /// Retry a trial up to N times that the rest of the machine disturbed.
    ///
    /// A trial is disturbed if, while its load ran, other processes took a fifth of the CPU
    /// time or more, or the hypervisor, a CPU limit, or a lack of memory or storage held it up;
    /// the thresholds are in run.json. Its rates, shares and times are no finding; its exact
    /// laws and its invariants are. Every retry is recorded, and the first execution that was
    /// not disturbed is the trial's measurement. A trial in which a check failed is not retried
    /// for this: see --retry.
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "resume")]
    retry_disturbed: u32,
    /// Store only the record of the trials, without a report.
    ///
    /// `queuelab report RUN` writes the report later. It takes most of the CPU time of a
    /// short run.
    #[arg(long)]
    pub(super) no_report: bool,
    /// Print everything: every table, cause and counter.
    #[arg(long)]
    full: bool,
    /// Print only the answer and the report's path, and no progress.
    #[arg(short, long, conflicts_with_all = ["full", "verbose"])]
    pub(super) quiet: bool,
    /// Print JSON; `queuelab schema result` describes it.
    #[arg(long, conflicts_with = "full")]
    pub(crate) json: bool,
    /// Print each trial as it ends.
    #[arg(short, long)]
    pub(super) verbose: bool,
    #[arg(
        long,
        value_name = "BACKEND",
        value_parser = backend_name::parser(),
        help = format!(
            "Backend that creates the hosts [default: {}, or that of the resumed run]",
            backend_name::default_name()
        )
    )]
    backend: Option<String>,
}

impl RunArguments {
    /// How much of the results is printed.
    pub(super) fn detail(&self) -> Detail {
        match (self.quiet, self.full) {
            (true, _) => Detail::Answer,
            (_, true) => Detail::Full,
            _ => Detail::Short,
        }
    }

    /// How much of the progress is printed.
    pub(super) const fn progress(&self) -> ProgressDetail {
        match (self.quiet, self.verbose) {
            (true, _) => ProgressDetail::Nothing,
            (_, true) => ProgressDetail::Trials,
            _ => ProgressDetail::Usual,
        }
    }

    /// The request for a session.
    pub(crate) fn request(&self) -> RunRequest {
        let Changes { quick, set, only, repeat, seed, allow_large } = &self.changes;
        let target = match &self.resume {
            Some(run) => Target::Resume {
                run: run.clone(),
                scenario: self.scenario.clone(),
                allow_large: *allow_large,
            },
            None => Target::New {
                scenario: self.scenario.clone().expect("clap requires it without --resume"),
                changes: scenario::Overrides {
                    quick: *quick,
                    set: set.clone(),
                    only: only.clone(),
                    repeat: *repeat,
                    seed: *seed,
                    allow_large: *allow_large,
                },
            },
        };
        let against =
            |build: &String| Against { build: build.clone(), min_repetitions: MIN_TRIALS as u32 };
        RunRequest {
            target,
            backend: self.backend.clone(),
            against: self.against.as_ref().map(against),
            allow_commands: self.allow_commands,
            retries: self.retry,
            disturbed_retries: self.retry_disturbed,
            out: self.out.clone(),
            tool: tool(),
        }
    }
}
