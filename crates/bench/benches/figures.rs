//! Lets `cargo bench --package bench` start the program `bench`, with its arguments.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    // Only `cargo bench` passes it: `cargo test --all-targets` starts this too.
    if !arguments.iter().any(|argument| argument == "--bench") {
        eprintln!("run it with `cargo bench --package bench`");
        return ExitCode::SUCCESS;
    }
    let arguments = arguments.iter().filter(|argument| *argument != "--bench");
    let error = Command::new(env!("CARGO_BIN_EXE_bench")).args(arguments).exec();
    eprintln!("failed to start the bench: {error}");
    ExitCode::FAILURE
}
