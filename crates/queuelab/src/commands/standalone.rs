//! A standalone load: prints its results, and stores a run if requested.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lab::{StandaloneError, StandaloneRequest};
use load_generator::{CommandSource, ConnectPattern, LoadCommand, LoadConfig, command_channel};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::print_output;
use crate::error::{CommandError, Result};
use crate::exit::Exit;
use crate::tool::tool;

/// Runs the load, prints its result, and stores a run below `out`.
pub(crate) fn run_standalone(config: &LoadConfig, out: Option<&Path>) -> Result {
    let (commands, interrupted) = interruption()?;
    let request = StandaloneRequest { config, question: question(config), out, tool: tool() };
    let finished = lab::run_standalone(&request, commands, &interrupted).inspect_err(|error| {
        if matches!(error, StandaloneError::Interrupted) {
            anstream::eprintln!("interrupted: the partial results are discarded");
        }
    })?;
    let held = finished.trial.held();
    let run = report::Run::new(finished.record, vec![finished.trial]);
    print_output(&report::standalone(&run))?;
    if let Some(path) = finished.path {
        super::report::write(&run, &path)?;
        let report = path.join("report.html");
        print_output(&format!(
            "\nRun directory: {}\nReport: {}",
            path.display(),
            report.display()
        ))?;
    }
    Ok(if held { Exit::Held } else { Exit::Failed })
}

fn question(config: &LoadConfig) -> String {
    let settings = &config.settings;
    let how = match (settings.pattern, settings.connect_rate) {
        (ConnectPattern::Rate, Some(rate)) => format!("at {rate} per second"),
        (ConnectPattern::OneByOne, _) => "one after another".to_owned(),
        _ => "at once".to_owned(),
    };
    let clients = match settings.clients {
        1 => "1 client that connects".to_owned(),
        n => format!("{} clients that connect", report::count(n)),
    };
    format!("What happens to {clients} to {} {how}?", config.target)
}

/// Stops the load at Ctrl-C or SIGTERM and sets the flag; a second signal ends the
/// process at once. Without a handler, the kernel would drop both signals if
/// this is the first process of a container.
fn interruption() -> Result<(CommandSource, Arc<AtomicBool>)> {
    let fail = |source| CommandError::Io { action: "watch for signals".to_owned(), source };
    let (sender, commands) = command_channel().map_err(fail)?;
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(fail)?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(Exit::Interrupted as i32);
            }
            sender.send(LoadCommand::Stop);
        }
    });
    Ok((commands, interrupted))
}
