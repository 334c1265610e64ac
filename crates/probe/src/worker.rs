//! The probe in its own process: `queuelab probe`.

use std::io;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use worker::{Failure, Input, Inputs, Message, Output, OutputError, Request};

use crate::config::ProbeConfig;
use crate::control::{ProbeCommand, ProbeEvent, ProbeMessage, ProbeProtocol, ProbeResponse};
use crate::error::ProbeError;
use crate::prober::Prober;

/// Samples until it is stopped, and writes each [`ProbeMessage`] as a JSON line
/// to standard output: first `Sampling`, last `Done`; or `failed`.
///
/// SIGTERM and SIGINT stop it, and so do a [`ProbeCommand::Stop`] on standard
/// input and the end of standard input.
///
/// # Errors
/// The error that `failed` reports.
pub fn run_worker(config: &ProbeConfig) -> Result<(), ProbeError> {
    worker::serve(true, |output: Output<ProbeProtocol>| {
        let inputs = inputs(true)?;
        sample(config, &inputs, |message| Ok(output.write(message)?))
    })
}

/// Samples in this process: `on_message` gets a status each second. Ends after
/// `length`, by a signal, or when `on_message` fails.
///
/// # Errors
/// If the probe cannot start or continue; [`ProbeError::Channel`] with the error of
/// `on_message`.
pub fn run(
    config: &ProbeConfig,
    length: Option<Duration>,
    mut on_message: impl FnMut(&ProbeMessage) -> io::Result<()>,
) -> Result<(), ProbeError> {
    let inputs = inputs(false)?;
    let sender = inputs.sender();
    thread::spawn(move || request_each_second(&sender, length));
    sample(config, &inputs, |message| {
        on_message(message)
            .map_err(|source| ProbeError::Channel { what: "report a sample", source })
    })
}

fn inputs(controlled: bool) -> Result<Inputs<ProbeCommand>, ProbeError> {
    Inputs::new(&[SIGTERM, SIGINT], controlled)
        .map_err(|source| ProbeError::Channel { what: "catch signals", source })
}

fn sample(
    config: &ProbeConfig,
    inputs: &Inputs<ProbeCommand>,
    mut on_message: impl FnMut(&ProbeMessage) -> Result<(), ProbeError>,
) -> Result<(), ProbeError> {
    let mut prober = Prober::begin(config)?;
    on_message(&Message::Event(ProbeEvent::Sampling))?;
    loop {
        match inputs.wait_timeout(prober.wait()) {
            Some(Input::Request(Request { id, command })) => {
                let status = match command {
                    ProbeCommand::Status => prober.status()?,
                    ProbeCommand::Latest => prober.latest(),
                    ProbeCommand::Stop => break,
                };
                on_message(&Message::Response { id, response: ProbeResponse::Status(status) })?;
            }
            Some(Input::Invalid(failure)) => on_message(&Message::Failed(failure))?,
            Some(Input::Signal(_) | Input::Closed) => break,
            Some(Input::Heartbeat) | None => {}
        }
        prober.tick()?;
    }
    on_message(&Message::Event(ProbeEvent::Done(Box::new(prober.finish()?))))
}

fn request_each_second(sender: &Sender<Input<ProbeCommand>>, length: Option<Duration>) {
    const SECOND: Duration = Duration::from_secs(1);
    let mut remaining = length;
    loop {
        thread::sleep(remaining.map_or(SECOND, |remaining| remaining.min(SECOND)));
        remaining = remaining.map(|remaining| remaining.saturating_sub(SECOND));
        let is_over = remaining == Some(Duration::ZERO);
        let command = if is_over { ProbeCommand::Stop } else { ProbeCommand::Status };
        if sender.send(Input::Request(command.into())).is_err() || is_over {
            return;
        }
    }
}

impl From<&ProbeError> for Failure {
    fn from(error: &ProbeError) -> Self {
        Self { reason: error.to_string(), ..Self::default() }
    }
}

impl From<OutputError> for ProbeError {
    fn from(OutputError(source): OutputError) -> Self {
        Self::Channel { what: "write to standard output", source }
    }
}
