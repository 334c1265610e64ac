//! The agent as a process: `queuelab host`.

use std::io;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use worker::{Failure, Input, Inputs, Output, OutputError, Request};

use super::control::AgentProtocol;
use super::handler::Handler;

/// Time without a line after which the agent assumes that the lab is dead. An
/// engine that was killed does not close the standard input of its containers.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(60);

/// The agent ends before the lab stops it. Each message fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Standard output could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The signals could not be caught.
    #[error("catch signals: {0}")]
    Signals(#[source] io::Error),
    /// The lab is dead or was frozen.
    #[error("reach the lab: no heartbeat for {} s; exiting", HEARTBEAT_TIMEOUT.as_secs())]
    NoHeartbeat,
}

impl From<&AgentError> for Failure {
    fn from(error: &AgentError) -> Self {
        Self { reason: error.to_string(), ..Self::default() }
    }
}

/// Serves as a host's agent until standard input ends. SIGTERM and SIGINT end it
/// too: the kernel drops signals to the first process of a host that does not
/// handle them.
///
/// # Errors
/// If standard output cannot be written, if signals cannot be caught, or if the
/// lab stops sending heartbeats.
pub fn run_worker() -> Result<(), AgentError> {
    worker::serve(true, |output: Output<AgentProtocol>| {
        let inputs = Inputs::new(&[SIGTERM, SIGINT], true).map_err(AgentError::Signals)?;
        let mut handler = Handler::new(output);
        loop {
            match inputs.wait_timeout(HEARTBEAT_TIMEOUT) {
                Some(Input::Request(Request { id, command })) => {
                    let result = handler.handle(command);
                    // A request without an id needs no response.
                    if id.is_some() {
                        match result {
                            Ok(response) => output.respond(id, response)?,
                            Err(reason) => output.fail(Failure { id, reason, errno: None })?,
                        }
                    }
                }
                Some(Input::Invalid(failure)) => output.fail(failure)?,
                Some(Input::Heartbeat) => {}
                Some(Input::Signal(_) | Input::Closed) => return Ok(()),
                None => return Err(AgentError::NoHeartbeat),
            }
        }
    })
}
