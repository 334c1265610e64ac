//! A suite: each of its scenarios, run one after the other.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use lab::LabError;
use scenario::Suite;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use super::{held, one};
use crate::cli::{BackendName, Changes, RunArguments};
use crate::commands::answer;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// What became of one of the suite's scenarios.
struct Ended {
    scenario: String,
    exit: Exit,
    trials: usize,
    took: Duration,
    /// Its run directory, or why there is none.
    left: std::result::Result<PathBuf, String>,
}

/// Runs each, whatever became of the ones before, unless the user wants an end:
/// then what had ended is told all the same. Each leaves a run directory of its
/// own.
pub(super) fn run(
    suite: &Suite,
    arguments: &RunArguments,
    backend: BackendName,
    interrupted: &AtomicBool,
) -> Result {
    let Changes { quick, set, only, repeat, seed } = &arguments.changes;
    if !set.is_empty() || !only.is_empty() {
        return Err(CommandError::Usage(format!(
            "failed to run {}: it is a suite, and --set and --only are of one scenario; its \
             scenarios are {}",
            suite.name,
            suite.suite.join(", ")
        )));
    }
    let (mut ended, mut interruption) = (Vec::new(), None);
    for (position, name) in suite.suite.iter().enumerate() {
        anstream::eprintln!("{} of {}: {name}", position + 1, suite.suite.len());
        let changes = Changes {
            quick: suite.quick || *quick,
            repeat: *repeat,
            seed: *seed,
            ..Changes::default()
        };
        let arguments = RunArguments {
            scenario: Some(name.clone()),
            changes,
            out: arguments.out.clone(),
            resume: None,
            backend: Some(backend),
        };
        let began = Instant::now();
        let end = one(&arguments, backend, interrupted);
        let took = began.elapsed();
        ended.push(match end {
            Err(error @ CommandError::Lab(LabError::Interrupted)) => {
                interruption = Some(error);
                break;
            }
            Err(error) => {
                let (exit, why) = (error.exit(), error.to_string());
                anstream::eprintln!("{:?}", miette::Report::new(error));
                Ended { scenario: name.clone(), exit, trials: 0, took, left: Err(why) }
            }
            Ok(end) => {
                let held = held(&end.trials);
                let exit = if held { Exit::Held } else { Exit::Failed };
                let (path, trials) = (end.path, end.trials.len());
                let run = report::Run::new(end.record, end.trials);
                if !held {
                    answer(&report::summary(&run))?;
                }
                if let Err(error) = crate::commands::report::write(&run, &path) {
                    // The trials are there: `queuelab report` makes it from them.
                    anstream::eprintln!("{:?}", miette::Report::new(error));
                }
                Ended { scenario: name.clone(), exit, trials, took, left: Ok(path) }
            }
        });
    }
    if !ended.is_empty() {
        answer(&format!("{}: {}\n\n{}", suite.name, suite.question, table(&ended)))?;
    }
    match interruption {
        Some(error) => Err(error),
        None => Ok(worst(&ended)),
    }
}

fn table(ended: &[Ended]) -> String {
    let mut builder = Builder::default();
    builder.push_record(["scenario", "trials", "took", "", "run directory"]);
    for Ended { scenario, exit, trials, took, left } in ended {
        let verdict = match exit {
            Exit::Held => "held",
            Exit::Failed => "FAILED",
            _ => "not run",
        };
        let left = match left {
            Ok(path) => path.display().to_string(),
            Err(why) => why.lines().next().unwrap_or_default().to_owned(),
        };
        let took = format!("{:.0} s", took.as_secs_f64());
        builder.push_record([scenario.clone(), trials.to_string(), took, verdict.into(), left]);
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(1..=2), Alignment::right());
    table.to_string()
}

/// What did not hold tells more than what could not be run.
fn worst(ended: &[Ended]) -> Exit {
    [Exit::Internal, Exit::Failed, Exit::Machine, Exit::Usage]
        .into_iter()
        .find(|exit| ended.iter().any(|ended| ended.exit == *exit))
        .unwrap_or(Exit::Held)
}
