//! Runs a standalone load, and stores it as a run if requested.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use linux_net::Counters;
use load_generator::{CommandSender, CommandSource, LoadConfig, LoadEvent};
use run_record::{
    Backend, KernelRules, Machine, Overrides, RunDirectory, RunRecord, RunVerdict, SCHEMA_VERSION,
    ScenarioRecord, SysctlValues, Tool, TrialRecord, wall_time,
};
use serde_json::{Value, json};
use worker::Message;

use super::error::{Result, StandaloneError};
use super::observer::Observer;
use super::trial::StandaloneLoad;
use crate::machine;
use crate::trial::TrialOutput;
use crate::writer::Writer;

/// The scenario's name in stored runs: `DIR/load/<UTC time>/`.
const NAME: &str = "load";

/// A standalone load to run.
#[derive(Debug)]
pub struct StandaloneRequest<'a> {
    /// Its configuration; `hold` is ignored.
    pub config: &'a LoadConfig,
    /// The question that it answers, for the record.
    pub question: String,
    /// The directory for its run; `None` to store nothing.
    pub out: Option<&'a Path>,
    /// This program's version.
    pub tool: Tool,
}

/// A standalone load that ran to its end.
#[derive(Debug)]
pub struct FinishedLoad {
    /// The record of its run.
    pub record: RunRecord,
    /// Its only trial.
    pub trial: TrialRecord,
    /// The run's directory, if it was stored.
    pub path: Option<PathBuf>,
}

/// Runs a load against a server that is not the lab's. Of the server's side it knows what
/// the kernel shows in this network namespace. `interrupted` is true if a command of
/// `commands` stopped it early.
///
/// # Errors
/// If it has no result, or its run cannot be stored; then no directory remains.
pub fn run(
    request: &StandaloneRequest<'_>,
    commands: (Arc<CommandSender>, CommandSource),
    interrupted: &AtomicBool,
) -> Result<FinishedLoad> {
    let (sender, commands) = commands;
    let targets = request.config.destinations();
    let linger = request.config.settings.linger_after_decisions();
    // Dropping the sender would stop the load.
    let observer = Observer::start(targets, linger, Arc::clone(&sender));
    // The observer sends Go.
    let config = LoadConfig { hold: observer.is_some(), ..request.config.clone() };
    let mut record = record(&config, request);
    // Before the load, so that an unwritable directory is reported at once.
    let directory = request.out.map(|out| RunDirectory::create(out, &record)).transpose()?;
    let rows = scenario::Record { attempts: true, ..scenario::Record::default() };
    let mut writer = directory.map(|directory| Writer::new(directory, &rows));
    let output = match measure(&config, observer, commands, interrupted) {
        Ok(output) => output,
        Err(error) => {
            writer.into_iter().for_each(Writer::discard);
            return Err(error);
        }
    };
    if let Some(writer) = &mut writer {
        writer.append(&output)?;
        writer.finish(&mut record)?;
    } else {
        record.ended = Some(wall_time());
        record.verdict = Some(RunVerdict::new(&record, std::slice::from_ref(&output.record)));
    }
    let path = writer.map(|writer| writer.path().to_owned());
    Ok(FinishedLoad { record, trial: output.record, path })
}

/// Runs the load and measures the changes of this host's counters.
fn measure(
    config: &LoadConfig,
    observer: Option<Observer>,
    commands: CommandSource,
    interrupted: &AtomicBool,
) -> Result<TrialOutput> {
    let (started, began) = (wall_time(), Instant::now());
    let before = Counters::here()?;
    let on_decided = observer.as_ref().map(Observer::on_decided);
    let report = load_generator::run(config, Some(commands), &mut |message| {
        if let (Message::Event(LoadEvent::Decided { .. }), Some(decided)) = (message, &on_decided) {
            decided();
        }
    })?;
    if interrupted.load(Ordering::Relaxed) {
        return Err(StandaloneError::Interrupted);
    }
    let duration = began.elapsed();
    let ledger = observer.map(Observer::finish);
    let client = Counters::here()?.delta(&before);
    let load = StandaloneLoad { config, report: &report, ledger, client, started, duration };
    Ok(load.trial())
}

fn resolved(config: &LoadConfig) -> Value {
    let mut resolved = json!({
        "target": config.target,
        "framing": config.framing,
        "load": config.settings,
    });
    if !config.more_targets.is_empty() {
        resolved["more_targets"] = json!(config.more_targets);
    }
    resolved
}

fn record(config: &LoadConfig, request: &StandaloneRequest<'_>) -> RunRecord {
    // The server's sysctls are unknown.
    let watched = machine::watched_sysctls(std::iter::empty());
    let targets: Vec<_> = config.destinations().iter().map(ToString::to_string).collect();
    let sysctls =
        SysctlValues { client: machine::own_sysctls(&watched), ..SysctlValues::default() };
    RunRecord {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioRecord {
            name: NAME.to_owned(),
            question: request.question.clone(),
            resolved: resolved(config),
            overrides: Overrides::default(),
        },
        seed: 0,
        axes: Vec::new(),
        planned_trials: 1,
        retries: 0,
        disturbed_retries: 0,
        disturbance_thresholds: None,
        tool: request.tool.clone(),
        build: None,
        interleaved: None,
        machine: Machine::current(),
        // There is no testbed.
        backend: Backend {
            name: "standalone".to_owned(),
            version: None,
            details: format!("queuelab load against {}", targets.join(", ")),
        },
        sysctls,
        kernel_rules: KernelRules::default(),
        started: wall_time(),
        ended: None,
        resumed: Vec::new(),
        verdict: None,
    }
}

#[cfg(test)]
mod tests {
    use load_generator::{LoadSettings, command_channel};
    use run_record::Outcome;

    use super::*;

    /// A load on a port without a listener.
    fn run_refused(clients: u32, out: &Path, interrupted: bool) -> Result<FinishedLoad> {
        let settings = LoadSettings { clients, ..LoadSettings::default() };
        let target = ([127, 0, 0, 1], 1).into();
        let config = LoadConfig { hold: true, ..LoadConfig::new(settings, target) };
        let tool = Tool { version: "1.2.3".to_owned(), commit: None };
        let question = "What happens?".to_owned();
        let request = StandaloneRequest { config: &config, question, out: Some(out), tool };
        let (sender, commands) = command_channel().unwrap();
        run(&request, (Arc::new(sender), commands), &AtomicBool::new(interrupted))
    }

    fn runs(out: &Path) -> usize {
        std::fs::read_dir(out.join(NAME)).unwrap().count()
    }

    #[test]
    fn a_load_is_stored_as_a_run_of_one_trial() {
        let out = tempfile::tempdir().unwrap();
        let finished = run_refused(3, out.path(), false).unwrap();
        let path = finished.path.unwrap();
        let (record, trials) = RunDirectory::read(&path).unwrap();
        assert_eq!((record.scenario.question.as_str(), trials.len()), ("What happens?", 1));
        assert!(record.ended.is_some() && record.verdict == finished.record.verdict);
        assert_eq!(trials[0].outcomes.get(Outcome::Refused), 3);
        assert_eq!(runs(out.path()), 1);
    }

    #[test]
    fn a_load_without_a_result_stores_nothing() {
        let out = tempfile::tempdir().unwrap();
        let error = run_refused(3, out.path(), true).unwrap_err();
        assert!(matches!(error, StandaloneError::Interrupted), "{error}");
        let error = run_refused(0, out.path(), false).unwrap_err();
        assert!(matches!(error, StandaloneError::Load(_)), "{error}");
        assert_eq!(runs(out.path()), 0);
    }
}
