//! Why a run could not go on.

use std::sync::atomic::{AtomicBool, Ordering};

use run_record::RunDirectoryError;
use worker::WorkerError;

use crate::backend::Backend;
use crate::backends::DockerError;
use crate::build::BuildError;

/// Why a run could not go on. What the trials found is never an error.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The machine does not give network namespaces.
    #[error(transparent)]
    Namespace(#[from] linux_net::NamespaceError),
    /// The hosts of a testbed could not be joined.
    #[error(transparent)]
    Link(#[from] linux_net::LinkError),
    /// A sysctl was refused, or did not read back as asked.
    #[error("{source}, in the {host} host")]
    Sysctl {
        /// `server` or `client`.
        host: &'static str,
        /// What the kernel said.
        source: linux_net::SysctlError,
    },
    /// A sysctl's name is none.
    #[error("failed to set a sysctl of the {host} host: {source}")]
    SysctlName {
        /// `server` or `client`.
        host: &'static str,
        /// What is wrong with it.
        source: linux_net::SysctlNameError,
    },
    /// The counters of a host could not be read.
    #[error("{source}, in the {host} host")]
    Counters {
        /// `server` or `client`.
        host: &'static str,
        /// Why it failed.
        source: linux_net::CountersError,
    },
    /// The sockets of a host, or the queue of its listener, could not be read.
    #[error(transparent)]
    AcceptQueue(linux_net::DiagError),
    /// A worker could not be started, failed, or broke the protocol.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// Too few files may be open.
    #[error(transparent)]
    OpenFiles(#[from] linux_net::OpenFilesError),
    /// The Docker engine, or something of it, failed.
    #[error(transparent)]
    Docker(#[from] DockerError),
    /// The run directory could not be written.
    #[error(transparent)]
    Record(#[from] RunDirectoryError),
    /// Another build of the program cannot be run.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// It failed with parts of another build in the hosts.
    #[error("{source}, with the parts of the build {build}")]
    OfBuild {
        /// Which.
        build: String,
        /// What failed.
        source: Box<LabError>,
    },
    /// The user ended the run.
    #[error("finish the run: it was interrupted")]
    Interrupted,
}

impl LabError {
    /// The sysctl whose value was refused: its host, its name, and why.
    pub(crate) fn refused_sysctl(&self) -> Option<(&'static str, String, String)> {
        match self {
            Self::Sysctl { host, source } => {
                let name = source.name()?.to_string();
                Some((*host, name, format!("failed to {source}")))
            }
            Self::Docker(DockerError::SysctlRefused { host, name, words }) => {
                Some((*host, name.clone(), format!("the Docker engine says: {words}")))
            }
            _ => None,
        }
    }

    /// The same, as the user must see it: what fails after an interruption fails
    /// because of it, and a failure with workers of another build names that build.
    pub(crate) fn attributed(self, backend: &dyn Backend, interrupted: &AtomicBool) -> Self {
        match (interrupted.load(Ordering::Relaxed), backend.build()) {
            (true, _) => Self::Interrupted,
            (false, Some(build)) => Self::OfBuild { build: build.name, source: Box::new(self) },
            (false, None) => self,
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, LabError>;
