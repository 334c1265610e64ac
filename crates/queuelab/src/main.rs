//! The command line, one static binary: `queuelab`.
//!
//! | module | holds |
//! |---|---|
//! | `cli` | the definition of commands and flags |
//! | `commands` | one module for each command |
//! | `progress` | the progress of a run: a bar or lines |
//! | `output` | what every command prints |
//! | `backend_name` | the values of `--backend` |
//! | `completion` | what a shell can complete |
//! | `usage_hint` | the nearest command, flag or value to a mistyped one |
//! | `tool` | this program's version, as recorded |
//! | `exit`, `error`, `shown` | exit codes and error messages |

mod backend_name;
mod cli;
mod commands;
mod completion;
mod error;
mod exit;
mod output;
mod progress;
mod shown;
mod tool;
mod usage_hint;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::Display;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser};
use signal_hook::consts::signal::SIGXFSZ;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    lab::name_process();
    exit_on_panic();
    completion::answer_shell();
    fail_at_file_size_limit();
    let arguments = with_dashes(std::env::args_os());
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(error, &arguments),
    };
    let prints_json = cli.command.prints_json();
    let result = match cli.command {
        Command::Run(arguments) => commands::run::run(&arguments),
        Command::Try(arguments) => commands::try_server::try_server(&arguments),
        Command::Lesson(arguments) => commands::lesson::lesson(&arguments),
        Command::List(arguments) => commands::list::list(&arguments),
        Command::Show(arguments) => commands::show::show(&arguments),
        Command::Predict(arguments) => commands::predict::predict(&arguments),
        Command::Size(arguments) => commands::size::size(&arguments),
        Command::Check(arguments) => commands::check::check(&arguments),
        Command::Explain(arguments) => commands::explain::explain(&arguments),
        Command::Report(arguments) => commands::report::report(&arguments),
        Command::Compare(arguments) => commands::compare::compare(&arguments),
        Command::Serve(arguments) => commands::serve::serve(&arguments),
        Command::Schema(arguments) => commands::schema::schema(&arguments),
        Command::Image(arguments) => commands::image::image(&arguments),
        Command::Clean(arguments) => commands::clean::clean(&arguments),
        Command::Doctor(arguments) => commands::doctor::doctor(&arguments),
        Command::Ci(arguments) => commands::ci::ci(&arguments),
        Command::Watch(arguments) => commands::watch::watch(&arguments),
        Command::Host => commands::host::host(),
        Command::Server(arguments) => commands::server::server(arguments),
        Command::Load(arguments) => commands::load::load(*arguments),
        Command::Probe(arguments) => commands::probe::probe(arguments),
        Command::Program(arguments) => commands::program::program(&arguments),
        Command::Chat(arguments) => commands::chat::chat(&arguments),
        Command::Listening(arguments) => commands::listening::listening(&arguments),
        Command::Completions(arguments) => commands::completions::completions(&arguments),
        Command::Man(arguments) => commands::man::man(&arguments, Cli::command()),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = error.exit();
            if prints_json {
                let _ = output::print_document(&error.failure());
            }
            // An interruption is already printed, with what is saved and how to resume.
            if exit != Exit::Interrupted {
                error.print();
            }
            exit.into()
        }
    }
}

/// Prints what is wrong with the arguments, or the help. An argument may be a text from
/// elsewhere, such as the name of a file, and the message quotes it: so it is the message
/// about the same arguments in a safe form.
fn refuse(error: clap::Error, arguments: &[OsString]) -> ExitCode {
    let safe = arguments.iter().map(|text| visible::line(&text.to_string_lossy()).into_owned());
    let mut error = Cli::try_parse_from(safe).err().unwrap_or(error);
    usage_hint::replace(&mut error, &mut Cli::command(), arguments);
    match visible::lines(&error.to_string()) {
        Cow::Borrowed(_) => drop(error.print()),
        Cow::Owned(safe) => output::print_message(&safe),
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Ends the process when any thread panics: a worker that has lost a thread must not be
/// measured.
fn exit_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        output::print_message(&describe_panic(panic));
        std::process::exit(Exit::Internal as i32);
    }));
}

/// A panic as the standard library describes it; the message may quote a text from a file.
fn describe_panic(panic: impl Display) -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("without a name");
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => format!("thread {name} {panic}\n{backtrace}"),
        _ => format!("thread {name} {panic}"),
    }
}

/// Lets a write beyond the limit on the size of files (`ulimit -f`) fail, as on a full disk:
/// SIGXFSZ would end the process in the middle of what it writes.
fn fail_at_file_size_limit() {
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}

/// Accepts the names of YAML settings as flags: `--connect_deadline` is
/// `--connect-deadline`.
fn with_dashes(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut are_ours = true;
    let ours = |argument: OsString| {
        // What follows is the command line of another program.
        are_ours &= argument != "--";
        if are_ours { with_dash(argument) } else { argument }
    };
    arguments.map(ours).collect()
}

fn with_dash(argument: OsString) -> OsString {
    let Some(flag) = argument.to_str().and_then(|text| text.strip_prefix("--")) else {
        return argument;
    };
    match flag.split_once('=') {
        Some((name, value)) => format!("--{}={value}", name.replace('_', "-")).into(),
        None => format!("--{}", flag.replace('_', "-")).into(),
    }
}
