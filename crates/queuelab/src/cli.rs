//! The command line's definition; the help, completions and manual page are
//! made from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::chat::ChatArguments;
use crate::commands::clean::CleanArguments;
use crate::commands::compare::CompareArguments;
use crate::commands::doctor::DoctorArguments;
use crate::commands::image::ImageArguments;
use crate::commands::listening::ListeningArguments;
use crate::commands::load::LoadArguments;
use crate::commands::predict::PredictArguments;
use crate::commands::probe::ProbeArguments;
use crate::commands::run::RunArguments;
use crate::commands::serve::ServeArguments;
use crate::commands::server::ServerArguments;
use crate::commands::size::SizeArguments;

const EXIT_CODES: &str = "\
Exit codes:
    0  everything asked was done, and everything checked held
    1  internal error
    2  wrong usage, or an invalid scenario; nothing was started
    3  an expectation, a law or an invariant failed
    4  a regression against the baseline
    5  the backend or the machine failed, or cannot do what was asked
    6  no baseline, or one that decides nothing, or that a figure has improved on
  130  interrupted; finished trials are kept";

/// A lab for the queues that the Linux kernel puts in front of a TCP server.
#[derive(Debug, Parser)]
#[command(name = "queuelab", version, propagate_version = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a scenario or a suite and print the results.
    Run(RunArguments),
    /// List the scenarios.
    List,
    /// Show a scenario as it would run: resolved, with its cells and trials.
    Show(PlanArguments),
    /// Show what the kernel's laws, or a simulation, predict of a scenario, and
    /// start nothing.
    Predict(PredictArguments),
    /// Say which backlog a burst of connections needs, by simulation.
    Size(SizeArguments),
    /// Check scenarios, and start nothing; without a name, all of them.
    Check(CheckArguments),
    /// Explain a sysctl, a counter, an outcome, a concept or a scenario;
    /// without a topic, list them.
    Explain {
        /// A name, in full or its last part: somaxconn, ListenOverflows,
        /// timed_out, accept queue, backlog-sweep.
        topic: Vec<String>,
    },
    /// Make a run's page, charts and tables, or a suite's summary, again, from the
    /// data alone, and print the summary.
    Report(ReportArguments),
    /// Hold a run, or a suite, against an earlier one: its laws and checks, and its
    /// measured figures by exact tests over trials.
    Compare(CompareArguments),
    /// Show the runs in a browser, two side by side, or one as it goes on; they are
    /// only read.
    Serve(ServeArguments),
    /// Print a JSON Schema.
    Schema {
        /// Of what.
        #[arg(value_enum, default_value_t)]
        of: SchemaOf,
    },
    /// Build the image that containers are created from.
    Image(ImageArguments),
    /// Remove what killed runs have left behind, such as containers and networks.
    Clean(CleanArguments),
    /// Check what this machine can run and how to fix the rest.
    Doctor(DoctorArguments),
    /// The chat server, in this host.
    Server(ServerArguments),
    /// The load generator, in this host.
    Load(Box<LoadArguments>),
    /// Look at the queues of a port of this host, again and again.
    Probe(ProbeArguments),
    /// Talk to a chat server from this terminal.
    Chat(ChatArguments),
    /// Be the first process of a container, for the lab that started it.
    #[command(hide = true)]
    Host,
    /// Tell whether something listens on a TCP port, without connecting to it.
    #[command(hide = true)]
    Listening(ListeningArguments),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff.
    Man,
}

/// What a schema can be of.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum SchemaOf {
    /// A scenario file.
    #[default]
    Scenario,
    /// `run.json`.
    Run,
    /// A line of `trials.jsonl`.
    Trial,
    /// `suite.json`.
    Suite,
}

/// Which scenario, and what to change in it.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// A scenario's name, or the path of its file.
    pub(crate) scenario: String,
    #[command(flatten)]
    pub(crate) changes: Changes,
}

/// What to change in a scenario.
#[derive(Debug, Default, Args)]
pub(crate) struct Changes {
    /// Use the scenario's quick form.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Change a setting, for example `load.messages=50` (repeatable).
    #[arg(long, value_name = "PATH=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// Keep only the cells with this value, for example `server.backlog=10`
    /// (repeatable).
    #[arg(long, value_name = "AXIS=VALUE", value_parser = pair)]
    pub(crate) only: Vec<(String, String)>,
    /// Repetitions of each cell.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: Option<u32>,
    /// Seed of the trials' order; random, and recorded, when absent.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Scenarios' names, or paths of their files.
    pub(crate) scenarios: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The run's directory, or a suite's.
    pub(crate) run: PathBuf,
    /// Print nothing but one annotation for a CI system, as GitHub's workflow
    /// commands have it: an error, a warning where trials held only when run
    /// again, nothing where all held.
    #[arg(long)]
    pub(crate) annotate: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(path, _)| !path.is_empty())
        .map(|(path, value)| (path.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("`{text}` has no `=`: write PATH=VALUE"))
}
