//! Prints what a session reports while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lab::{Notice, Observer, SessionEvent, StoppedRun};
use report::{Detail, Run};

use super::RunArguments;
use crate::commands::report as report_command;
use crate::error::{CommandError, Result};
use crate::exit::Exit;
use crate::output::{print_message, print_text, screen};
use crate::progress::{self, Progress, ProgressDetail};

/// Prints events, and collects the exit codes of a suite's scenarios.
pub(crate) struct Reporter {
    progress: Option<Box<dyn Progress>>,
    member_exits: Vec<Exit>,
    /// Whether it writes the report of each scenario of a suite.
    writes_reports: bool,
    /// How much of the results it prints.
    detail: Detail,
    /// Whether standard output is for a document.
    prints_json: bool,
    /// How much of the progress it prints.
    progress_detail: ProgressDetail,
    /// Whether it prints which programs a run starts.
    announces: bool,
    /// Whether an interruption ends the process at once.
    at_once: Arc<AtomicBool>,
}

impl Reporter {
    pub(super) fn new(arguments: &RunArguments, at_once: Arc<AtomicBool>) -> Self {
        Self {
            progress: None,
            member_exits: Vec::new(),
            writes_reports: !arguments.no_report,
            detail: arguments.detail(),
            prints_json: arguments.json,
            progress_detail: arguments.progress(),
            announces: true,
            at_once,
        }
    }

    /// Of one run, whose program and results its caller prints.
    pub(crate) fn of_a_run(at_once: Arc<AtomicBool>) -> Self {
        Self {
            progress: None,
            member_exits: Vec::new(),
            writes_reports: false,
            detail: Detail::Answer,
            prints_json: false,
            progress_detail: ProgressDetail::Usual,
            announces: false,
            at_once,
        }
    }

    /// Of a run in a lesson, whose results its caller prints.
    pub(crate) fn of_a_lesson(at_once: Arc<AtomicBool>) -> Self {
        Self { announces: true, ..Self::of_a_run(at_once) }
    }

    /// The exit code of a suite. A failed check outranks a scenario that could not
    /// be run, and that one whose trials were disturbed.
    pub(super) fn worst_exit(&self) -> Exit {
        [Exit::Internal, Exit::Failed, Exit::Machine, Exit::Usage, Exit::Undecided]
            .into_iter()
            .find(|exit| self.member_exits.contains(exit))
            .unwrap_or(Exit::Held)
    }
}

impl Observer for Reporter {
    fn event(&mut self, event: SessionEvent<'_>) {
        match event {
            SessionEvent::MemberStarted { scenario, position, total } => {
                print_message(&format!("{} of {total}: {scenario}", position + 1));
            }
            SessionEvent::Planned => self.at_once.store(false, Ordering::SeqCst),
            SessionEvent::Notice(Notice::Starts(_)) if !self.announces => {}
            SessionEvent::Notice(notice) => print_notice(notice),
            SessionEvent::RunStarted { planned, done } => {
                self.progress = Some(progress::progress(planned, done, self.progress_detail));
            }
            SessionEvent::TrialStarted { cell, .. } => {
                if let Some(progress) = &mut self.progress {
                    progress.trial_started(cell);
                }
            }
            SessionEvent::TrialFinished(record) => {
                if let Some(progress) = &mut self.progress {
                    progress.trial_finished(record);
                }
            }
            SessionEvent::RunFinished => self.progress = None,
            SessionEvent::RunStopped(stopped) => {
                self.progress = None;
                print_stopped(&stopped);
            }
            SessionEvent::MemberFinished(finished) => {
                let finished = *finished;
                let exit = super::run_exit(&finished);
                let run = Run::new(finished.record, finished.trials);
                if exit != Exit::Held && !self.prints_json {
                    let text = report::terminal(&run, Some(&finished.path), screen(), self.detail);
                    print_if_error(print_text(&text.body));
                }
                // The trials are recorded: `queuelab report` can make the files again.
                if self.writes_reports {
                    print_if_error(report_command::write(&run, &finished.path));
                }
                self.member_exits.push(exit);
            }
            SessionEvent::MemberSkipped { reason } => {
                print_message(&format!("skipped: {reason}"));
            }
            SessionEvent::MemberFailed { error, trials_failed } => {
                self.member_exits.extend(trials_failed.then_some(Exit::Failed));
                let error = CommandError::from(error);
                self.member_exits.push(error.exit());
                error.print();
            }
        }
    }
}

fn print_if_error<T>(result: Result<T>) {
    if let Err(error) = result {
        error.print();
    }
}

fn print_notice(notice: Notice) {
    match notice {
        Notice::RepetitionsRaised { from, to, trials } => print_message(&format!(
            "each cell has {to} repetitions of each build instead of {from}, {trials} trials in \
             total, because fewer are inconclusive (override with --repeat)"
        )),
        Notice::Starts(programs) => {
            print_message(&format!("starts: {}", programs.join("\n        ")));
        }
        Notice::InterruptedBeforeStart => {
            print_message("interrupted before the first trial: no run directory was created");
        }
    }
}

/// Prints how many trials of a stopped run are saved, and how to resume it.
fn print_stopped(stopped: &StoppedRun) {
    let StoppedRun { is_interrupted, recorded, planned, directories, against } = stopped;
    let reason = if *is_interrupted { "interrupted" } else { "stopped" };
    let places: Vec<_> = directories.iter().map(|path| path.display().to_string()).collect();
    let flags = against.as_ref().map_or(String::new(), |build| format!(" --against {build}"));
    print_message(&format!(
        "{reason}: {recorded} of {planned} trials are saved in {}\n\
         resume with: queuelab run --resume {}{flags}",
        places.join(" and "),
        places[0]
    ));
}
