//! Errors as the user sees them: printed once, with a hint.

use chat_server::ServerError;
use command_output::{Failure, FailureDetail};
use course::CourseError;
use lab::{BackendError, BackendErrorKind, LabError, SessionError, StandaloneError, WorkerError};
use lesson::LessonError;
use miette::Diagnostic;
use run_record::RunDirectoryError;
use watch_screen::ScreenError;

use crate::backend_name::user_backends;
use crate::commands::check;
use crate::exit::Exit;
use crate::shown::Shown;

/// What went wrong with a command.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum CommandError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Scenario(#[from] scenario::ScenarioErrors),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Find(#[from] scenario::FindError),
    #[error("{0}")]
    Usage(String),
    #[error("failed to {}", with_cause(.0))]
    Lesson(#[from] LessonError),
    #[error("failed to {0}")]
    Lab(#[from] LabError),
    #[error("{0}")]
    NoServer(String),
    #[error("failed to {0}")]
    Record(#[from] RunDirectoryError),
    #[error("failed to {0}")]
    Counters(#[from] linux_net::CountersError),
    #[error("failed to {0}")]
    OpenFiles(#[from] linux_net::OpenFilesError),
    #[error("failed to {0}")]
    Threads(#[from] linux_net::ThreadsError),
    #[error(
        "failed to {0}; check the name, or use an address instead (only /etc/hosts and the DNS \
         servers of /etc/resolv.conf are asked)"
    )]
    Resolve(#[from] linux_net::ResolveError),
    #[error("failed to {0}")]
    Sockets(#[from] linux_net::DiagError),
    #[error(
        "failed to find a listener on port {0} in this network namespace; start the server, or \
         run this in the server's namespace"
    )]
    NotListening(u16),
    #[error("failed to run the server: {0}")]
    Server(ServerError),
    #[error("failed to run the load: {0}")]
    Load(load_generator::LoadError),
    #[error("failed to {0}")]
    Probe(probe::ProbeError),
    #[error("failed to {0}")]
    Watch(#[from] watch::WatchError),
    #[error("failed to show the screen: {0}")]
    Screen(#[from] ScreenError),
    #[error("failed to {0}")]
    Program(program_server::ProgramError),
    #[error("failed to {0}")]
    Agent(lab::AgentError),
    #[error("failed to {action}: {source}")]
    Io { action: String, source: std::io::Error },
}

impl CommandError {
    /// A hint that the error itself cannot have: the other backends, or where runs are.
    fn help(&self) -> Option<String> {
        match self {
            Self::Lab(LabError::Backend(error)) => other_backends(error),
            Self::Record(RunDirectoryError::NotARun(_) | RunDirectoryError::NotASuite(_)) => Some(
                "name the directory of a run, such as reports/runs/<scenario>/<time>".to_owned(),
            ),
            Self::Lesson(LessonError::Unknown { help, .. }) => Some(help.clone()),
            _ => None,
        }
    }

    /// Prints the error to standard error, with a hint.
    pub(crate) fn print(self) {
        match &self {
            Self::Scenario(errors) => Shown::problems(errors),
            Self::Find(error) => Shown::with_causes(error),
            // These messages already contain their sources; printing the chain would
            // repeat them.
            error => Shown::new(&error.to_string(), error.help()),
        }
        .print();
    }

    /// The error as a document.
    pub(crate) fn failure(&self) -> Failure {
        let mut message = self.to_string();
        let mut help = self.help();
        let mut problems = Vec::new();
        match self {
            Self::Scenario(errors) => problems = check::problems(errors),
            Self::Find(error) => {
                help = Diagnostic::help(error).map(|help| help.to_string());
                if let Some(cause) = std::error::Error::source(error) {
                    message += &format!(": {cause}");
                }
            }
            _ => {}
        }
        let exit_code = self.exit() as u8;
        Failure { error: FailureDetail { exit_code, message, help, problems } }
    }

    /// The code to exit with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Scenario(_) | Self::Find(_) | Self::Lesson(_) | Self::Usage(_) => Exit::Usage,
            Self::Load(load_generator::LoadError::Settings(_)) => Exit::Usage,
            Self::Server(ServerError::Protocol(_) | ServerError::Settings { .. }) => Exit::Usage,
            Self::Probe(
                probe::ProbeError::IntervalTooShort { .. }
                | probe::ProbeError::IntervalTooLong { .. }
                | probe::ProbeError::CpuShare { .. },
            ) => Exit::Usage,
            Self::Lab(
                LabError::Build(_)
                | LabError::Backend(BackendError { kind: BackendErrorKind::UnknownBuild, .. }),
            ) => Exit::Usage,
            // A build whose workers use another version of the protocol.
            Self::Lab(error) if is_incompatible(error) => Exit::Usage,
            Self::Lab(LabError::Interrupted) => Exit::Interrupted,
            Self::Lab(LabError::Worker(WorkerError::InvalidMessage { .. })) => Exit::Internal,
            Self::Record(RunDirectoryError::Io { .. }) => Exit::Machine,
            Self::Watch(watch::WatchError::NoUser(_)) => Exit::Usage,
            Self::Screen(ScreenError::NotATerminal | ScreenError::DumbTerminal) => Exit::Usage,
            Self::Record(_) => Exit::Usage,
            Self::Lab(_)
            | Self::Counters(_)
            | Self::OpenFiles(_)
            | Self::Threads(_)
            | Self::Resolve(_)
            | Self::Sockets(_)
            | Self::NotListening(_)
            | Self::Server(_)
            | Self::Load(_)
            | Self::Probe(_)
            | Self::Watch(_)
            | Self::Screen(_)
            | Self::Program(_)
            | Self::NoServer(_)
            | Self::Agent(_)
            | Self::Io { .. } => Exit::Machine,
        }
    }
}

impl From<SessionError> for CommandError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Scenario(errors) => Self::Scenario(errors),
            SessionError::Find(error) => Self::Find(error),
            error @ SessionError::Request(_) => Self::Usage(error.to_string()),
            error @ SessionError::NoServer(_) => Self::NoServer(error.to_string()),
            SessionError::Directory(error) => Self::Record(error),
            SessionError::Run(error) => Self::Lab(error),
        }
    }
}

impl From<CourseError> for CommandError {
    fn from(error: CourseError) -> Self {
        match error {
            CourseError::Lesson(error) => Self::Lesson(error),
            CourseError::Record(error) => Self::Record(error),
            error @ (CourseError::Answers { .. } | CourseError::Text(_)) => {
                Self::Usage(format!("failed to {error}"))
            }
        }
    }
}

/// The message of an error of a lesson, with its cause.
fn with_cause(error: &LessonError) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

impl From<StandaloneError> for CommandError {
    fn from(error: StandaloneError) -> Self {
        match error {
            StandaloneError::Directory(error) => Self::Record(error),
            StandaloneError::Counters(error) => Self::Counters(error),
            StandaloneError::Load(error) => Self::Load(error),
            StandaloneError::Interrupted => Self::Lab(LabError::Interrupted),
        }
    }
}

/// Names the other backends if this one is unavailable.
fn other_backends(error: &BackendError) -> Option<String> {
    let BackendErrorKind::Unavailable { backend } = error.kind else { return None };
    let others: Vec<_> = user_backends()
        .filter(|other| other.name() != backend)
        .map(|other| format!("`--backend {}` ({})", other.name(), other.description()))
        .collect();
    let others = others.join(", ");
    Some(format!("try {others}; `queuelab doctor` checks what this machine can run"))
}

fn is_incompatible(error: &LabError) -> bool {
    match error {
        LabError::WithBuild { source, .. } => is_incompatible(source),
        LabError::Worker(WorkerError::Incompatible { .. }) => true,
        _ => false,
    }
}

pub(crate) type Result<T = Exit> = std::result::Result<T, CommandError>;

#[cfg(test)]
mod tests {
    use super::*;

    fn help(kind: BackendErrorKind) -> Option<String> {
        let error = BackendError::from_message("create a host: not allowed").with_kind(kind);
        CommandError::from(LabError::from(error)).help()
    }

    #[test]
    fn an_unavailable_backend_has_a_hint_with_the_other_backends() {
        for (backend, other) in [("netns", "docker"), ("docker", "netns")] {
            let help = help(BackendErrorKind::Unavailable { backend }).unwrap();
            assert!(help.contains(&format!("--backend {other}")), "{help}");
            assert!(!help.contains(&format!("--backend {backend}")), "{help}");
        }
        assert_eq!(help(BackendErrorKind::Failed), None);
        assert_eq!(CommandError::Usage("wrong".to_owned()).help(), None);
    }

    #[test]
    fn a_directory_without_a_run_has_a_hint_with_the_place_of_runs() {
        let error = CommandError::from(RunDirectoryError::NotARun("scenarios".into()));
        assert!(error.help().unwrap().contains("reports/runs"));
    }
}
