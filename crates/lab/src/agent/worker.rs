//! The agent as a process: `queuelab host`.

use std::io;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use worker::{Failure, Input, Inputs, Output, OutputError, Request};

use super::control::{AgentCommand, AgentProtocol};
use super::exit_turn::{self, EXIT_TURN};
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
                Some(Input::Signal(_)) => return Ok(()),
                // The lab is dead, and so are its other hosts. The lab itself removes a
                // host without waiting for its end.
                Some(Input::Closed) => {
                    await_turn(handler, &inputs);
                    return Ok(());
                }
                None => {
                    await_turn(handler, &inputs);
                    return Err(AgentError::NoHeartbeat);
                }
            }
        }
    })
}

/// Ends the workers, then waits for this host's turn to end, or a signal.
fn await_turn(handler: Handler, inputs: &Inputs<AgentCommand>) {
    drop(handler);
    let turn = std::env::var(EXIT_TURN).ok();
    inputs.wait_timeout(exit_turn::delay(turn.as_deref()));
}
