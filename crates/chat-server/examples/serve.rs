//! A server in its own process, for the tests of `run_worker`.

use std::process::ExitCode;

use chat_server::{ServerSettings, run_worker};
use clap::Parser;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: ServerSettings,
    /// Read commands from standard input.
    #[arg(long)]
    control: bool,
}

fn main() -> ExitCode {
    let Arguments { settings, control } = Arguments::parse();
    match run_worker(&settings, control) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
