//! The runs of a lesson, and what their laws predict.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use clap::Parser;
use course::AnsweringRun;
use indexmap::IndexMap;
use lab::{Finished, KernelFacts, RunRequest, Session, Target};
use lesson::{Lesson, Prediction, Question, is_in_cell};
use scenario::{AnyKernel, Document, Plan};

use crate::cli::{Cli, Command};
use crate::commands::run::{Interruption, Reporter, interruption};
use crate::commands::{plan, report};
use crate::error::{CommandError, Result};

/// Where runs are stored unless `--out` is given.
const RUNS: &str = "reports/runs";

/// Runs the runs of a lesson in this process, one after the other.
pub(super) struct Runner {
    out: PathBuf,
    interruption: Interruption,
}

impl Runner {
    /// Prepares this process. Call it before the process starts a thread.
    ///
    /// # Errors
    /// If the kernel refuses handlers of signals.
    pub(super) fn new(out: Option<&Path>) -> Result<Self> {
        plan::prepare_checks();
        let out = out.unwrap_or(Path::new(RUNS)).to_owned();
        Ok(Self { out, interruption: interruption()? })
    }

    /// Runs as `queuelab run` with these arguments does, and writes the report.
    ///
    /// # Errors
    /// If it cannot run, or was interrupted.
    pub(super) fn run(&self, arguments: &[String]) -> Result<AnsweringRun> {
        let session = Session::prepare(request(arguments, &self.out)?)?;
        let Interruption { interrupted, at_once } = &self.interruption;
        let mut reporter = Reporter::of_a_lesson(at_once.clone());
        let finished = session.run(interrupted, &mut reporter);
        // Until the next run there is nothing to end in order.
        at_once.store(true, Ordering::SeqCst);
        match finished? {
            Finished::Run(run) => {
                let run = AnsweringRun::new(run.path, run.record, run.trials);
                report::write(run.run(), run.path())?;
                Ok(run)
            }
            Finished::Pair { .. } | Finished::Suite(_) => Err(no_suite()),
        }
    }
}

/// Tests that the arguments of a lesson's runs name a scenario and cells of it.
///
/// # Errors
/// If they do not.
pub(super) fn check(lesson: &Lesson) -> Result<()> {
    let own = lesson.exercises.iter().filter_map(|exercise| exercise.run.as_ref());
    for arguments in std::iter::once(&lesson.run).chain(own) {
        plan_of(arguments)?;
    }
    Ok(())
}

/// What the laws of the exercises predict, by the names of the exercises: on the kernel of the
/// run.
///
/// # Errors
/// If a run is not that of a scenario.
pub(super) fn predicted(lesson: &Lesson, run: &AnsweringRun) -> Result<IndexMap<String, f64>> {
    let kernel = KernelFacts::of_run(run.recorded().record()).unwrap_or_default();
    let mut predicted = IndexMap::new();
    for exercise in &lesson.exercises {
        let Question { id, cell, prediction, .. } = &exercise.question;
        let Prediction::Law(law) = prediction else { continue };
        let plan = plan_of(exercise.run.as_ref().unwrap_or(&lesson.run))?;
        let laws = plan.cells.iter().find(|other| is_in_cell(&other.point, cell));
        let laws = laws.map(|cell| lab::predictions(&cell.settings, &kernel).predicted);
        let check = laws.into_iter().flatten().find(|check| check.id == *law);
        predicted.extend(check.map(|check| (id.clone(), check.predicted)));
    }
    Ok(predicted)
}

fn plan_of(arguments: &[String]) -> Result<Plan> {
    match request(arguments, Path::new(RUNS))?.target {
        Target::New { scenario, changes } => match scenario::load(&scenario)? {
            Document::Scenario(file) => Ok(file.plan(&changes, &AnyKernel)?),
            Document::Suite(_) => Err(no_suite()),
        },
        Target::Resume { .. } => unreachable!("a lesson has no such flag"),
    }
}

/// The request that `queuelab run` would make.
fn request(arguments: &[String], out: &Path) -> Result<RunRequest> {
    let start = ["queuelab", "run", "--out"].map(Into::into);
    let words = start.into_iter().chain([out.as_os_str().to_owned()]);
    let words = words.chain(arguments.iter().map(Into::into));
    match Cli::try_parse_from(words) {
        Ok(Cli { command: Command::Run(arguments) }) => Ok(arguments.request()),
        Ok(_) => unreachable!("the first word is the command"),
        Err(error) => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            Err(CommandError::Usage(format!(
                "failed to read the run of the lesson, `{}`: {line}",
                Lesson::command(arguments)
            )))
        }
    }
}

fn no_suite() -> CommandError {
    CommandError::Usage("failed to use the run of the lesson: it is a suite".to_owned())
}
