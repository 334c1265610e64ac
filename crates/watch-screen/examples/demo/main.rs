//! The screen with listeners that do not exist: `cargo run --example demo -- [LISTENERS]`.

mod moving;

use std::process::ExitCode;

use watch_screen::{ScreenEnd, ScreenSettings, run};

fn main() -> ExitCode {
    let listeners = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(12);
    match run(&moving::Moving::new(listeners), &ScreenSettings::default()) {
        Ok(ScreenEnd::Signal(signal)) => {
            eprintln!("ended by signal {signal}");
            ExitCode::FAILURE
        }
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
