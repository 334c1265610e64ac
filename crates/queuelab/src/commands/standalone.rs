//! A standalone load: prints its results, and stores a run if requested.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lab::{StandaloneError, StandaloneRequest};
use load_generator::{
    CommandSender, ConnectPattern, ConnectRate, LoadCommand, LoadConfig, Ramp, command_channel,
};
use run_record::TrialRecord;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{print_json, print_message, print_output};
use crate::error::{CommandError, Result};
use crate::exit::Exit;
use crate::tool::tool;

/// Runs the load on the server that `target` describes, prints its result, and stores a run
/// below `out`.
pub(crate) fn run_standalone(
    config: &LoadConfig,
    target: &str,
    out: Option<&Path>,
    as_json: bool,
) -> Result {
    let (sender, commands) = command_channel().map_err(|source| CommandError::Io {
        action: "create a channel to the load".to_owned(),
        source,
    })?;
    let sender = Arc::new(sender);
    let interrupted = interruption(Arc::clone(&sender))?;
    let question = question(config, target);
    let request = StandaloneRequest { config, question, out, tool: tool() };
    let finished =
        lab::run_standalone(&request, (sender, commands), &interrupted).inspect_err(|error| {
            if matches!(error, StandaloneError::Interrupted) {
                print_message("interrupted: the partial results are discarded");
            }
        })?;
    let failed = finished.trial.standalone.is_some_and(|view| view.failed > 0);
    let exit = if failed || !finished.trial.held() { Exit::Failed } else { Exit::Held };
    let output = match as_json {
        true => json(&finished.trial),
        false => report::standalone(&finished.record, &finished.trial),
    };
    let run = report::Run::new(finished.record, vec![finished.trial]);
    match (finished.path, as_json) {
        (Some(path), false) => {
            super::report::print_and_write(&run, &output, &path)?;
        }
        (path, true) => {
            print_json(&output)?;
            path.map_or(Ok(()), |path| super::report::write(&run, &path))?;
        }
        (None, false) => {
            print_output(&output)?;
        }
    }
    Ok(exit)
}

fn json(trial: &TrialRecord) -> String {
    serde_json::to_string_pretty(trial).expect("a trial is plain data")
}

fn question(config: &LoadConfig, target: &str) -> String {
    let settings = &config.settings;
    let how = match (settings.pattern, settings.connect_rate) {
        (ConnectPattern::Rate, Some(ConnectRate::Constant(rate))) => {
            format!("at {rate} per second")
        }
        (ConnectPattern::Rate, Some(ConnectRate::Ramp(Ramp { from, to, over }))) => {
            let over = humantime::format_duration(over);
            let changes = if to < from { "falling" } else { "rising" };
            format!("at {from} per second, {changes} to {to} within {over}")
        }
        (ConnectPattern::Concurrent, _) => match settings.closed_loop() {
            Some(at_once) => format!("with {} open at once (closed loop)", report::count(at_once)),
            None => "at once".to_owned(),
        },
        (ConnectPattern::OneByOne, _) => "one after another".to_owned(),
        _ => "at once".to_owned(),
    };
    let clients = match settings.clients {
        1 => "1 client that connects".to_owned(),
        n => format!("{} clients that connect", report::count(n)),
    };
    format!("What happens to {clients} to {target} {how}?")
}

/// Stops the load at Ctrl-C or SIGTERM and sets the flag; a second signal ends the
/// process at once. Without a handler, the kernel would drop both signals if
/// this is the first process of a container.
fn interruption(load: Arc<CommandSender>) -> Result<Arc<AtomicBool>> {
    let fail = |source| CommandError::Io { action: "watch for signals".to_owned(), source };
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(fail)?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(Exit::Interrupted as i32);
            }
            load.send(LoadCommand::Stop);
        }
    });
    Ok(interrupted)
}
