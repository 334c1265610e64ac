//! `queuelab run`: runs a scenario, a suite, or two builds alternately.

mod arguments;
mod reporter;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub(crate) use arguments::RunArguments;
use command_output::{PairResult, Shown};
use lab::{Finished, FinishedRun, FinishedSuite, LabError, Session};
use report::Detail;
use run_record::Verdict;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

pub(crate) use self::reporter::Reporter;
use super::run_result::{run_result, suite_result};
use super::{compare, print_document, print_output, print_text, screen};
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Runs a session and prints its results.
pub(crate) fn run(arguments: &RunArguments) -> Result {
    // First: a backend may need a process that has started no thread.
    let session = Session::prepare(arguments.request())?;
    let Interruption { interrupted, at_once } = interruption()?;
    let mut reporter = Reporter::new(arguments, at_once);
    match session.run(&interrupted, &mut reporter)? {
        Finished::Run(run) => {
            let exit = run_exit(&run);
            print_run(*run, arguments)?;
            Ok(exit)
        }
        Finished::Pair { new, baseline } => print_pair(arguments, *new, *baseline),
        Finished::Suite(suite) => print_suite(&suite, &reporter, arguments),
    }
}

/// The exit code of a run, by its verdict.
pub(crate) fn run_exit(run: &FinishedRun) -> Exit {
    match run.record.verdict.as_ref().map(|verdict| verdict.verdict) {
        // A run ends with all its trials.
        None | Some(Verdict::Failed | Verdict::Incomplete) => Exit::Failed,
        Some(Verdict::Inconclusive) => Exit::Undecided,
        Some(Verdict::Held | Verdict::HeldOnRetry | Verdict::NotChecked) => Exit::Held,
    }
}

/// Prints the results of a run, and writes its report if that is wanted. The results come
/// first, because they need no write permission; if that fails, the report is written all the
/// same.
fn print_run(finished: FinishedRun, arguments: &RunArguments) -> Result<report::Run> {
    let run = report::Run::new(finished.record, finished.trials);
    let (path, detail) = (finished.path, arguments.detail());
    if arguments.json {
        write_report(&run, &path, arguments)?;
        print_document(&Shown::Run(Box::new(run_result(&run, &path))))?;
        return Ok(run);
    }
    let text = report::terminal(&run, Some(&path), screen(), detail);
    let printed = print_text(&text.body);
    write_report(&run, &path, arguments)?;
    printed?;
    let directory = path.display();
    let mut places = format!("Run directory: {directory}");
    if !arguments.no_report {
        places += &format!("\nReport: {}", path.join("report.html").display());
    }
    if detail != Detail::Full {
        places += &format!("\nEverything: queuelab show {directory}");
    }
    print_output("")?;
    print_text(&text.end)?;
    super::report::print_places(&format!("\n{places}"))?;
    Ok(run)
}

fn write_report(run: &report::Run, path: &Path, arguments: &RunArguments) -> Result<()> {
    if arguments.no_report { Ok(()) } else { super::report::write(run, path) }
}

/// Prints this build's run, and compares it with the other build's.
fn print_pair(arguments: &RunArguments, new: FinishedRun, baseline: FinishedRun) -> Result {
    let path = baseline.path;
    let baseline = report::Run::new(baseline.record, baseline.trials);
    write_report(&baseline, &path, arguments)?;
    let criteria = arguments.criteria.criteria();
    if arguments.json {
        let new_path = new.path;
        let new = report::Run::new(new.record, new.trials);
        write_report(&new, &new_path, arguments)?;
        let (comparison, exit) = compare::json_of_runs(&baseline, &new, &criteria);
        let (new, baseline) = (run_result(&new, &new_path), run_result(&baseline, &path));
        print_document(&Shown::Pair(Box::new(PairResult { new, baseline, comparison })))?;
        return Ok(exit);
    }
    let new = print_run(new, arguments)?;
    super::report::print_places(&format!("Baseline: {}\n", path.display()))?;
    compare::compare_runs(&baseline, &new, &criteria)
}

fn print_suite(suite: &FinishedSuite, reporter: &Reporter, arguments: &RunArguments) -> Result {
    let written = report::Suite::read(&suite.path)?;
    let printed = match arguments.json {
        true => Ok(Exit::Held),
        false => print_text(&written.summary(screen())),
    };
    if !arguments.no_report {
        super::report::write_suite(&written, &suite.path)?;
    }
    if arguments.json {
        print_document(&Shown::Suite(suite_result(&written, &suite.path)))?;
        let exit = if suite.is_interrupted { Exit::Interrupted } else { reporter.worst_exit() };
        return Ok(exit);
    }
    // The terminal may have ended, which is the interruption.
    if suite.is_interrupted {
        return Err(LabError::Interrupted.into());
    }
    printed.map(|_| reporter.worst_exit())
}

/// What Ctrl-C, SIGTERM and the end of the terminal do.
pub(crate) struct Interruption {
    /// Becomes true at the first one; a second one ends the process at once, and the kernel
    /// ends its workers and namespaces with it.
    pub(crate) interrupted: Arc<AtomicBool>,
    /// Whether the first one already ends the process: while it plans, there is nothing to
    /// end in order.
    pub(crate) at_once: Arc<AtomicBool>,
}

/// Watches for these signals.
///
/// # Errors
/// If the kernel refuses the handlers.
pub(crate) fn interruption() -> Result<Interruption> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let at_once = Arc::new(AtomicBool::new(true));
    // `nohup` lets a run outlive its terminal: a handler would undo that.
    let hang_up = (!is_ignored(SIGHUP)).then_some(SIGHUP);
    for signal in [SIGINT, SIGTERM].into_iter().chain(hang_up) {
        let code = Exit::Interrupted as i32;
        let end_if = |flag: &Arc<AtomicBool>| {
            signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(flag))
        };
        end_if(&at_once)
            .and_then(|_| end_if(&interrupted))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&interrupted)))
            .map_err(|source| CommandError::Io {
                action: "watch for signals".to_owned(),
                source,
            })?;
    }
    Ok(Interruption { interrupted, at_once })
}

/// Whether the program that started this one lets it ignore a signal.
pub(super) fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
