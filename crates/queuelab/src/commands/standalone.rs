//! A standalone load: prints its results, and stores a run if requested.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use lab::{LabError, StandaloneLoad};
use linux_net::Counters;
use load_generator::{CommandSource, ConnectPattern, LoadCommand, LoadConfig, command_channel};
use run_record::{
    AttemptRow, KernelRules, Overrides, RunDirectory, RunRecord, SCHEMA_VERSION, ScenarioRecord,
    TrialRecord,
};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::print_output;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// The scenario's name in stored runs: `DIR/load/<UTC time>/`.
const NAME: &str = "load";

/// Runs the load, prints its result, and stores a run below `out`.
pub(crate) fn run_standalone(config: &LoadConfig, out: Option<&Path>) -> Result {
    // There is no controller to send `go`.
    let config = LoadConfig { hold: false, ..config.clone() };
    let mut record = record(&config);
    // Before the load, so that an unwritable directory is reported at once.
    let mut directory = out.map(|out| RunDirectory::create(out, &record)).transpose()?;
    let (trial, attempts) = measure(&config).inspect_err(|_| {
        if let Some(directory) = &directory {
            // It is empty and stays empty.
            let _ = std::fs::remove_dir_all(directory.path());
        }
    })?;
    if let Some(directory) = &mut directory {
        directory.write_attempts(trial.id, &attempts)?;
        directory.append(&trial)?;
        directory.finish(&mut record)?;
    }
    let held = trial.held();
    let run = report::Run::new(record, vec![trial]);
    print_output(&report::standalone(&run))?;
    if let Some(path) = directory.as_ref().map(RunDirectory::path) {
        super::report::write(&run, path)?;
        let report = path.join("report.html");
        print_output(&format!(
            "\nRun directory: {}\nReport: {}",
            path.display(),
            report.display()
        ))?;
    }
    Ok(if held { Exit::Held } else { Exit::Failed })
}

/// Runs the load and measures the changes of this host's counters.
fn measure(config: &LoadConfig) -> Result<(TrialRecord, Vec<AttemptRow>)> {
    let (commands, interrupted) = interruption()?;
    let (started, began) = (Timestamp::now(), Instant::now());
    let before = counters()?;
    let report = load_generator::run(config, Some(commands), &mut |_| {});
    let report = report.map_err(CommandError::Load)?;
    if interrupted.load(Ordering::Relaxed) {
        anstream::eprintln!("interrupted: the partial results are discarded");
        return Err(LabError::Interrupted.into());
    }
    let client = counters()?.delta(&before);
    let duration = began.elapsed();
    Ok(StandaloneLoad { config, report: &report, client, started, duration }.trial())
}

fn counters() -> Result<Counters> {
    let here = Counters::here();
    Ok(here?)
}

fn record(config: &LoadConfig) -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioRecord {
            name: NAME.to_owned(),
            question: question(config),
            resolved: json!({
                "target": config.target,
                "framing": config.framing,
                "load": config.settings,
            }),
            overrides: Overrides::default(),
        },
        seed: 0,
        axes: Vec::new(),
        planned_trials: 1,
        retries: 0,
        tool: crate::tool::tool(),
        build: None,
        interleaved: None,
        machine: lab::describe_machine(),
        backend: lab::standalone_backend(config),
        sysctls: lab::standalone_sysctls(),
        kernel_rules: KernelRules::default(),
        started: Timestamp::now(),
        ended: None,
        resumed: Vec::new(),
        verdict: None,
    }
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
