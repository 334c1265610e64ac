//! An error as a person sees it: once, at the top, with the way out.

use chat_server::ServerError;
use lab::{DockerError, LabError, SessionError, WorkerError};
use linux_net::{Attempt, NamespaceError, Refusal};
use miette::Diagnostic;

use crate::exit::Exit;

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
    #[error("failed to {0}")]
    Lab(#[from] LabError),
    #[error("failed to {0}")]
    Record(#[from] run_record::RunDirectoryError),
    #[error("failed to {0}")]
    Namespace(#[from] NamespaceError),
    #[error("failed to {0}")]
    OpenFiles(#[from] linux_net::OpenFilesError),
    #[error("failed to {0}")]
    Sockets(#[from] linux_net::DiagError),
    #[error(
        "failed to find a listener on port {0}: nothing in this network namespace listens there; \
         is its server running, and in this one?"
    )]
    NotListening(u16),
    #[error("failed to run the server: {0}")]
    Server(ServerError),
    #[error("failed to run the load: {0}")]
    Load(load_generator::LoadError),
    #[error("failed to {0}")]
    Probe(lab::ProbeError),
    #[error("failed to {action}: {source}")]
    Io { action: String, source: std::io::Error },
}

impl CommandError {
    /// What the error's own words cannot know: another way to do what was
    /// asked.
    pub(crate) fn help(&self) -> Option<&'static str> {
        if let Self::Lab(LabError::Docker(error)) = self {
            use DockerError::{Absent, Forbidden, NotLocal, Silent};
            let is_out_of_reach =
                matches!(error, Absent { .. } | Silent { .. } | Forbidden { .. } | NotLocal { .. });
            return is_out_of_reach.then_some(
                "a run with `--backend netns` needs no Docker engine; `queuelab doctor` says what \
                 this machine can run",
            );
        }
        let (Self::Namespace(error) | Self::Lab(LabError::Namespace(error))) = self else {
            return None;
        };
        let NamespaceError::Refused { attempt, refusal } = error else { return None };
        // Containers need network namespaces as well: where the machine has
        // none, they are no way out.
        let has_none = matches!(refusal, Refusal::NetworkNamespacesOff)
            || (*attempt == Attempt::NetworkNamespace && *refusal == Refusal::NotBuilt);
        (!has_none).then_some(
            "`--backend docker` needs no user namespace, but a Docker engine; `queuelab doctor` \
             says what this machine can run",
        )
    }

    /// The code to exit with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Scenario(_) | Self::Find(_) | Self::Usage(_) => Exit::Usage,
            Self::Load(load_generator::LoadError::Settings(_)) => Exit::Usage,
            Self::Server(ServerError::Protocol(_) | ServerError::Settings { .. }) => Exit::Usage,
            Self::Probe(
                lab::ProbeError::IntervalTooShort { .. }
                | lab::ProbeError::IntervalTooLong { .. }
                | lab::ProbeError::CpuShare { .. },
            ) => Exit::Usage,
            Self::Lab(LabError::Build(_) | LabError::Docker(DockerError::NoImage { .. })) => {
                Exit::Usage
            }
            Self::Lab(LabError::Interrupted) => Exit::Interrupted,
            Self::Lab(LabError::Worker(WorkerError::InvalidMessage { .. })) => Exit::Internal,
            Self::Record(run_record::RunDirectoryError::Io { .. }) => Exit::Machine,
            Self::Record(_) => Exit::Usage,
            Self::Lab(_)
            | Self::Namespace(_)
            | Self::OpenFiles(_)
            | Self::Sockets(_)
            | Self::NotListening(_)
            | Self::Server(_)
            | Self::Load(_)
            | Self::Probe(_)
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
            SessionError::Directory(error) => Self::Record(error),
            SessionError::Run(error) => Self::Lab(error),
        }
    }
}

pub(crate) type Result<T = Exit> = std::result::Result<T, CommandError>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_a_way_out_where_they_could_run() {
        let help = |attempt, refusal| {
            CommandError::from(NamespaceError::Refused { attempt, refusal }).help()
        };
        use Attempt::{NetworkNamespace, UserNamespace};
        for (attempt, refusal) in [
            (UserNamespace, Refusal::UserNamespacesOff),
            (UserNamespace, Refusal::NotBuilt),
            (NetworkNamespace, Refusal::AppArmor),
        ] {
            assert!(help(attempt, refusal).unwrap().contains("--backend docker"));
        }
        for refusal in [Refusal::NetworkNamespacesOff, Refusal::NotBuilt] {
            assert_eq!(help(NetworkNamespace, refusal), None);
        }
        assert_eq!(CommandError::Usage("wrong".to_owned()).help(), None);
    }

    #[test]
    fn namespaces_are_a_way_out_where_no_engine_can_be_used() {
        let help = |error| CommandError::from(LabError::Docker(error)).help();
        let forbidden = DockerError::Forbidden { socket: "/run/docker.sock".to_owned() };
        assert!(help(forbidden).unwrap().contains("--backend netns"));
        assert_eq!(help(DockerError::NoSubnet), None);
    }
}
