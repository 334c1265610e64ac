//! The programs that a run starts as servers: whether it may, and whether the backend can.

use scenario::Plan;

use super::error::{Result, SessionError};
use super::event::{Notice, Observer, SessionEvent};
use crate::backend::{Backend, NoServer};
use crate::error::LabError;

/// Checks that a run may start the servers of its plan and that the backend can, and announces
/// them. A file from elsewhere may name any program: then `allowed` is needed.
///
/// # Errors
/// [`SessionError::Request`] if it may not; [`SessionError::NoServer`] if the machine does not have
/// one.
pub(super) fn require(
    plan: &Plan,
    allowed: bool,
    backend: &dyn Backend,
    observer: &mut dyn Observer,
) -> Result<()> {
    let starts = plan.starts();
    if starts.is_empty() {
        return Ok(());
    }
    if !allowed && !plan.is_of_this_place() {
        return Err(SessionError::Request(format!(
            "run {}: it starts programs of the file {}, which is not in ./scenarios:\n    {}\n\
             if you trust that file, allow it with --allow-commands",
            plan.scenario.name,
            plan.path(),
            starts.join("\n    ")
        )));
    }
    for cell in &plan.cells {
        backend.check_server(&cell.settings.server).map_err(|error| match error {
            NoServer::Missing(reason) => SessionError::NoServer(reason),
            NoServer::Failed(reason) => LabError::Server(reason).into(),
        })?;
    }
    observer.event(SessionEvent::Notice(Notice::Starts(starts)));
    Ok(())
}
