//! The speed of the lab as ratios to bare loops of system calls, measured in turns in one run on
//! the same machine. `just bench` runs it; nothing fails because a figure is low.
//!
//! Everything that is compared runs as it does in a trial: the server and the load each in a
//! process of its own, in a network namespace. The modules:
//!
//! - `options`: the command line; `run`: one run, from the options to the files.
//! - `part`: what is measured together, with the figures that follow; [`parts`](part) are in the
//!   table `PARTS`, one file each below `parts`.
//! - `schedule`: the order of the measurements.
//! - `measurement`, `results`: what was measured, and ratios of it.
//! - `figure`, `goal`, `spread`: a line of the table; `table`: the tables, as Markdown.
//! - `output`: the directory of a run.
//! - `testbed`: starts the processes; `bare`: the loops of system calls; `program`: the program
//!   `queuelab`.
//! - `error`: [`BenchError`].

mod bare;
mod error;
mod figure;
mod goal;
mod load;
mod measurement;
mod options;
mod output;
mod part;
mod parts;
mod program;
mod results;
mod run;
mod schedule;
mod spread;
mod table;
mod testbed;

use std::env;
use std::process::ExitCode;

use clap::Parser;

use options::Options;

pub use error::BenchError;

/// Runs the program: a run, or the worker that its first argument names.
pub fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().collect();
    let done = match testbed::run_worker(&arguments) {
        Some(done) => done,
        None => run::run(&Options::parse()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: failed to {error}");
            ExitCode::FAILURE
        }
    }
}
