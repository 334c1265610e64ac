//! The container of an image that is the server of a trial.

use std::time::Duration;

use program_server::{ProgramListener, ProgramStatus};
use worker::metrics::ProgramReport;

use super::error::Result;

/// A container whose program is the server of a trial. Dropping it removes it.
pub trait ServerContainer {
    /// Waits until it is ready, and pauses it then if that was requested; whether it is, at the
    /// latest after `at_most`.
    ///
    /// # Errors
    /// If it has ended, or had its time to become ready: with the reason and the end of its
    /// output.
    fn await_ready(&mut self, at_most: Duration) -> Result<bool>;

    /// What clients can reach of what the processes of its host listen on.
    ///
    /// # Errors
    /// If the listeners cannot be listed.
    fn listeners(&self) -> Result<Vec<ProgramListener>>;

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
