//! The load in its own process: `queuelab load`.

use std::io::{self, BufRead};

use worker::{Failure, Input, Message, Output, OutputError, read_inputs};

use crate::commands::{CommandSender, command_channel};
use crate::config::LoadConfig;
use crate::control::{LoadCommand, LoadEvent, LoadProtocol};
use crate::error::LoadError;
use crate::run::run;

/// Runs a load and writes each [`LoadMessage`](crate::control::LoadMessage) as a JSON line
/// to standard output; the last one is [`LoadEvent::Done`] or `failed`.
///
/// A `controlled` load also reads [`LoadCommand`]s from standard input, whose end
/// stops it. Otherwise it does not wait for [`LoadConfig::hold`].
///
/// # Errors
/// The error that `failed` reports: one of [`run`], or that the report could not
/// be written. Attempts that failed are not an error.
pub fn run_worker(config: &LoadConfig, controlled: bool) -> Result<(), LoadError> {
    worker::serve(controlled, |output: Output<LoadProtocol>| {
        // If the reader has gone, the end of standard input stops the load.
        let mut on_message = |message| drop(output.write(&message));
        let report = if controlled {
            let (sender, source) =
                command_channel().map_err(LoadError::system("listen to commands"))?;
            std::thread::spawn(move || forward(io::stdin().lock(), &sender, output));
            run(config, Some(source), &mut on_message)?
        } else {
            run(config, None, &mut on_message)?
        };
        Ok(output.write(&Message::Event(LoadEvent::Done(Box::new(report))))?)
    })
}

/// Forwards the requests of `input` to the load until it ends, which stops the
/// load.
fn forward(input: impl BufRead, sender: &CommandSender, output: Output<LoadProtocol>) {
    read_inputs(input, |input| {
        match input {
            Input::Request(request) => sender.send(request),
            Input::Invalid(failure) => return output.fail(failure).is_ok(),
            Input::Heartbeat | Input::Signal(_) => {}
            Input::Closed => return false,
        }
        true
    });
    sender.send(LoadCommand::Stop);
}

impl From<&LoadError> for Failure {
    fn from(error: &LoadError) -> Self {
        Self { reason: error.to_string(), ..Self::default() }
    }
}

impl From<OutputError> for LoadError {
    fn from(OutputError(source): OutputError) -> Self {
        Self::System { what: "write to standard output", source }
    }
}

#[cfg(test)]
mod tests {
    use worker::Request;

    use super::*;

    fn forwarded(input: &str) -> Vec<Request<LoadCommand>> {
        let (sender, source) = command_channel().expect("an eventfd");
        forward(input.as_bytes(), &sender, Output::new());
        std::iter::from_fn(|| source.next()).collect()
    }

    #[test]
    fn the_end_of_standard_input_stops_the_load() {
        let stop: Request<_> = LoadCommand::Stop.into();
        assert_eq!(forwarded(""), std::slice::from_ref(&stop));
        let status = Request { id: Some(3), command: LoadCommand::Status };
        let lines = "{\"command\":\"go\"}\n\nsing\n{\"id\":3,\"command\":\"status\"}\n";
        assert_eq!(forwarded(lines), [LoadCommand::Go.into(), status, stop]);
    }
}
