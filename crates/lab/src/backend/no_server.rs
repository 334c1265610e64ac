//! Why a backend does not run the server of a scenario.

/// Why a backend does not run a server. The texts fit after "failed to".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoServer {
    /// This machine, or this kind of backend, does not have it: a suite goes on without it.
    Missing(String),
    /// It is there, or that could not be found out, and it cannot run: a failure.
    Failed(String),
}
