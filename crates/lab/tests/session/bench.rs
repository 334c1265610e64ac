//! A folder with scenarios and runs, and sessions in it.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use lab::{
    Against, FakeKind, FakeScript, Finished, FinishedRun, Notice, Observer, RunRequest, Session,
    SessionError, SessionEvent, StoppedRun, Target,
};
use run_record::{RunDirectory, RunRecord, SuiteDirectory, Tool, TrialRecord, Verdict};
use tempfile::TempDir;

/// A folder with scenarios and runs.
pub(crate) struct Bench {
    folder: TempDir,
}

/// The events and the result of a session.
pub(crate) struct SessionLog {
    pub(crate) result: Result<Finished, SessionError>,
    /// Trial and retry, in the order in which they started.
    pub(crate) started: Vec<(u32, u32)>,
    /// Trial and retry, in the order in which they ended.
    pub(crate) finished: Vec<(u32, u32)>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) stopped: Option<StoppedRun>,
    /// Trials started when the first one ended.
    pub(crate) started_before_first_end: usize,
    /// Scenarios of a suite, and the verdict on each that was completed.
    pub(crate) members: Vec<(String, Option<Verdict>)>,
}

/// When the user interrupts a session.
#[derive(Clone, Copy)]
pub(crate) enum Interrupt {
    Never,
    /// When this number of trials has started.
    AtTrial(usize),
    /// Before the session starts.
    Before,
}

/// A script written as JSON.
pub(crate) fn script(json: &str) -> FakeScript {
    serde_json::from_str(json).unwrap()
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path().join("runs")
    }

    /// Writes a scenario: five clients, and what `more` adds. Returns its path.
    pub(crate) fn scenario(&self, name: &str, more: &str) -> String {
        let yaml = format!(
            "name: {name}\nquestion: Does it hold?\nload: {{ clients: 5, messages: 2 }}\n{more}"
        );
        self.file(name, &yaml)
    }

    pub(crate) fn file(&self, name: &str, yaml: &str) -> String {
        let path = self.path().join(format!("{name}.yaml"));
        fs::write(&path, yaml).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn request(&self, scenario: &str) -> RunRequest {
        RunRequest {
            target: Target::New {
                scenario: scenario.to_owned(),
                changes: scenario::Overrides { seed: Some(7), ..Default::default() },
            },
            backend: None,
            against: None,
            allow_commands: false,
            retries: 0,
            disturbed_retries: 0,
            out: self.out(),
            tool: Tool { version: "1.2.3".to_owned(), commit: None },
        }
    }

    pub(crate) fn retrying(&self, scenario: &str, retries: u32) -> RunRequest {
        RunRequest { retries, ..self.request(scenario) }
    }

    pub(crate) fn resume(&self, run: &Path) -> RunRequest {
        let target = Target::Resume { run: run.to_owned(), scenario: None, allow_large: false };
        RunRequest { target, ..self.request("") }
    }

    pub(crate) fn against(&self, build: &Path) -> Option<Against> {
        Some(Against { build: build.to_str().unwrap().to_owned(), min_repetitions: 4 })
    }

    /// Runs a session to its end.
    pub(crate) fn run(&self, script: FakeScript, request: RunRequest) -> SessionLog {
        self.run_until(script, request, Interrupt::Never)
    }

    /// Runs a session until the user interrupts it.
    pub(crate) fn run_until(
        &self,
        script: FakeScript,
        request: RunRequest,
        interrupt: Interrupt,
    ) -> SessionLog {
        let backend: &'static FakeKind = Box::leak(Box::new(FakeKind::new(script)));
        let interrupted = AtomicBool::new(matches!(interrupt, Interrupt::Before));
        let mut recorder =
            Recorder { interrupt, interrupted: &interrupted, events: RefCell::default() };
        let session = Session::prepare_with(request, backend);
        let result = session.and_then(|session| session.run(&interrupted, &mut recorder));
        let events = recorder.events.into_inner();
        SessionLog {
            result,
            started: events.started,
            finished: events.finished,
            notices: events.notices,
            stopped: events.stopped,
            started_before_first_end: events.started_before_first_end,
            members: events.members,
        }
    }

    /// The run directories, in the order of their names.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let entries = |path: &Path| -> Vec<PathBuf> {
            let entries = fs::read_dir(path).map(|entries| entries.map(|e| e.unwrap().path()));
            entries.map(Iterator::collect).unwrap_or_default()
        };
        let mut runs: Vec<_> = entries(&self.out()).iter().flat_map(|path| entries(path)).collect();
        runs.retain(|path| !SuiteDirectory::exists_at(path));
        runs.sort();
        runs
    }

    /// The only run directory, read.
    pub(crate) fn only_run(&self) -> (PathBuf, RunRecord, Vec<TrialRecord>) {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        let (record, trials) = RunDirectory::read(&runs[0]).unwrap();
        (runs[0].clone(), record, trials)
    }
}

impl SessionLog {
    /// The session's only run.
    pub(crate) fn run(self) -> FinishedRun {
        match self.result.unwrap() {
            Finished::Run(run) => *run,
            other => panic!("{other:?}"),
        }
    }

    /// The session's error, as shown to a user.
    pub(crate) fn error(&self) -> String {
        match &self.result {
            Err(SessionError::Scenario(errors)) => {
                errors.problems().iter().map(|problem| format!("{problem}\n")).collect()
            }
            Err(error) => error.to_string(),
            Ok(finished) => panic!("{finished:?}"),
        }
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.result.as_ref().is_err_and(SessionError::is_interruption)
    }
}

/// The verdict on a run that has ended.
pub(crate) fn verdict(run: &FinishedRun) -> Verdict {
    run.record.verdict.as_ref().expect("the run has ended").verdict
}

/// Trial and retry of each record.
pub(crate) fn ids(trials: &[TrialRecord]) -> Vec<(u32, u32)> {
    trials.iter().map(|trial| (trial.id, trial.retry)).collect()
}

#[derive(Default)]
struct Events {
    started: Vec<(u32, u32)>,
    finished: Vec<(u32, u32)>,
    notices: Vec<Notice>,
    stopped: Option<StoppedRun>,
    started_before_first_end: usize,
    members: Vec<(String, Option<Verdict>)>,
}

struct Recorder<'a> {
    interrupt: Interrupt,
    interrupted: &'a AtomicBool,
    events: RefCell<Events>,
}

impl Observer for Recorder<'_> {
    fn event(&mut self, event: SessionEvent<'_>) {
        let events = self.events.get_mut();
        match event {
            SessionEvent::TrialStarted { trial, .. } => {
                events.started.push((trial.id, trial.retry));
                if matches!(self.interrupt, Interrupt::AtTrial(at) if at == events.started.len()) {
                    self.interrupted.store(true, Ordering::Relaxed);
                }
            }
            SessionEvent::TrialFinished(record) => {
                if events.finished.is_empty() {
                    events.started_before_first_end = events.started.len();
                }
                events.finished.push((record.id, record.retry));
            }
            SessionEvent::Notice(notice) => events.notices.push(notice),
            SessionEvent::RunStopped(stopped) => events.stopped = Some(stopped),
            SessionEvent::MemberStarted { scenario, .. } => {
                events.members.push((scenario.to_owned(), None));
            }
            SessionEvent::MemberFinished(run) => {
                events.members.last_mut().unwrap().1 = Some(verdict(&run));
            }
            SessionEvent::MemberFailed { .. }
            | SessionEvent::MemberSkipped { .. }
            | SessionEvent::Planned
            | SessionEvent::RunStarted { .. }
            | SessionEvent::RunFinished => {}
        }
    }
}
