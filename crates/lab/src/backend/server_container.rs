//! The container of an image that is the server of a trial.

use program_server::ProgramStatus;
use worker::metrics::ProgramReport;

use super::error::Result;

/// A container whose program is the server of a trial. Dropping it removes it.
pub trait ServerContainer {
    /// Whether it has ended although it was not stopped.
    fn is_dead(&self) -> bool;

    /// Continues it if it was started paused.
    ///
    /// # Errors
    /// If the backend fails.
    fn resume(&self) -> Result<()>;

    /// The connections that it has open; `None` if it has ended.
    ///
    /// # Errors
    /// If they cannot be listed.
    fn status(&self) -> Result<Option<ProgramStatus>>;

    /// Stops it, unless it has ended, and removes it.
    ///
    /// # Errors
    /// If the backend fails.
    fn stop(self: Box<Self>) -> Result<ProgramReport>;
}
