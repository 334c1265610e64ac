//! The subcommands; help, completions and manual pages are generated from this.

use clap::{Parser, Subcommand};

use crate::commands::chat::ChatArguments;
use crate::commands::check::CheckArguments;
use crate::commands::ci::CiArguments;
use crate::commands::clean::CleanArguments;
use crate::commands::compare::CompareArguments;
use crate::commands::completions::CompletionsArguments;
use crate::commands::doctor::DoctorArguments;
use crate::commands::explain::ExplainArguments;
use crate::commands::image::ImageArguments;
use crate::commands::lesson::LessonArguments;
use crate::commands::list::ListArguments;
use crate::commands::listening::ListeningArguments;
use crate::commands::load::LoadArguments;
use crate::commands::man::ManArguments;
use crate::commands::predict::PredictArguments;
use crate::commands::probe::ProbeArguments;
use crate::commands::program::ProgramArguments;
use crate::commands::report::ReportArguments;
use crate::commands::run::RunArguments;
use crate::commands::schema::SchemaArguments;
use crate::commands::serve::ServeArguments;
use crate::commands::server::ServerArguments;
use crate::commands::show::ShowArguments;
use crate::commands::size::SizeArguments;
use crate::commands::try_server::TryArguments;
use crate::commands::watch::WatchArguments;

const EXIT_CODES: &str = "\
Exit codes:
    0  success: every check held
    1  internal error
    2  invalid usage or scenario; nothing was started
    3  an expectation, law or invariant failed
    4  regression against the baseline
    5  the backend or the machine failed, or cannot do what was requested
    6  no baseline, an inconclusive comparison, or an improvement on the baseline; or
       most trials of a run were disturbed by the rest of the machine
  130  interrupted; finished trials are saved";

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
    /// Try a server: start a program, find its port, and show what a burst of clients meets.
    Try(TryArguments),
    /// Learn how the queues work: predict a number, run the scenario, and compare.
    ///
    /// Without a name, list the lessons. A lesson takes about ten minutes and needs neither root
    /// nor Docker; it goes on where it was left.
    Lesson(LessonArguments),
    /// List the scenarios and suites.
    List(ListArguments),
    /// Print a resolved scenario, its axes and its number of trials, or everything about a run.
    Show(ShowArguments),
    /// Predict the results of a scenario from the kernel's laws or by simulation,
    /// without running it.
    Predict(PredictArguments),
    /// Find the smallest backlog for a burst of connections, by simulation.
    Size(SizeArguments),
    /// Validate scenarios without running them.
    ///
    /// Exit code 2 if a file is invalid; 5 if all are valid, but this machine allows too few
    /// open files or threads for a run.
    Check(CheckArguments),
    /// Explain a sysctl, counter, outcome, concept or scenario, or list all topics.
    Explain(ExplainArguments),
    /// Regenerate the report of a run or suite and print its summary.
    Report(ReportArguments),
    /// Compare a run or suite with a baseline.
    Compare(CompareArguments),
    /// Browse reports, comparisons and runs in progress in a web browser.
    Serve(ServeArguments),
    /// Watch every listener of this machine: its queue, drops, processes and trouble.
    Watch(WatchArguments),
    /// Print the JSON Schema of a file format.
    Schema(SchemaArguments),
    /// Build the image for `--backend docker`.
    Image(ImageArguments),
    /// Remove the leftovers of killed runs, such as containers and networks.
    Clean(CleanArguments),
    /// Check what this machine can run and how to fix the rest.
    Doctor(DoctorArguments),
    /// Run a suite in CI and compare it with the last good run.
    Ci(CiArguments),
    /// Run the chat server.
    Server(ServerArguments),
    /// Run the load generator.
    Load(Box<LoadArguments>),
    /// Sample the queues of a TCP port.
    Probe(ProbeArguments),
    /// Chat through a chat server.
    Chat(ChatArguments),
    /// Run a program as the server of a trial, controlled by the lab.
    #[command(hide = true)]
    Program(ProgramArguments),
    /// Run as the first process of a container, controlled by the lab.
    #[command(hide = true)]
    Host,
    /// Check for a listener on a TCP port, without connecting to it.
    #[command(hide = true)]
    Listening(ListeningArguments),
    /// Print a script that lets a shell complete commands, scenarios, topics and settings.
    ///
    /// Bash: add `source <(queuelab completions bash)` to ~/.bashrc. Zsh: add the same with zsh
    /// to ~/.zshrc, after compinit. Fish: `queuelab completions fish >
    /// ~/.config/fish/completions/queuelab.fish`.
    Completions(CompletionsArguments),
    /// Print the manual page of a command in roff format, or write those of all.
    Man(ManArguments),
}

impl Command {
    /// Whether it prints a document, also when it fails.
    pub(crate) fn prints_json(&self) -> bool {
        match self {
            Self::Run(arguments) => arguments.json,
            Self::Lesson(arguments) => arguments.json,
            Self::List(arguments) => arguments.json,
            Self::Show(arguments) => arguments.json,
            Self::Predict(arguments) => arguments.json,
            Self::Size(arguments) => arguments.json,
            Self::Try(arguments) => arguments.json,
            Self::Check(arguments) => arguments.json,
            Self::Explain(arguments) => arguments.json,
            Self::Watch(arguments) => arguments.json,
            _ => false,
        }
    }
}
