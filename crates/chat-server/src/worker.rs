//! The server in its own process: `queuelab server`.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use worker::{Failure, Input, Inputs, Message, Output, OutputError, Request};

use crate::control::{ServerCommand, ServerEvent, ServerMessage, ServerProtocol, ServerResponse};
use crate::error::ServerError;
use crate::server::{Server, ServerHandle};
use crate::settings::ServerSettings;
use crate::sigpipe::Sigpipe;

/// Runs a server until it is stopped, and writes each [`ServerMessage`] as a JSON line to
/// standard output: first `Listening`, last `Stopped`; or only `failed` if it cannot
/// start.
///
/// SIGTERM and SIGINT stop it; SIGUSR1 requests a report; SIGUSR2 lets in, if `hold_acks`
/// is set, and resumes. A `controlled` server also reads [`ServerCommand`]s from standard
/// input, whose end stops it.
///
/// Process-wide: handles these signals, sets the disposition of SIGPIPE of the settings,
/// raises the soft limit on open files to the hard one, and lets malloc(3) use one arena if
/// the address space is limited.
///
/// # Errors
/// The error that `failed` reports.
pub fn run_worker(settings: &ServerSettings, controlled: bool) -> Result<(), ServerError> {
    worker::serve(controlled, |output: Output<ServerProtocol>| {
        run(settings, controlled, &mut |message, _| Ok(output.write(&message)?))
    })
}

/// Like [`run_worker`], but not controlled, and `on_message` gets the messages and a
/// handle of the server. `Failed` reports only failures of a running server.
///
/// # Errors
/// If the server cannot start or go on.
pub fn serve(
    settings: &ServerSettings,
    mut on_message: impl FnMut(ServerMessage, &ServerHandle),
) -> Result<(), ServerError> {
    run(settings, false, &mut |message, handle| {
        on_message(message, handle);
        Ok(())
    })
}

type OnMessage<'a> = dyn FnMut(ServerMessage, &ServerHandle) -> Result<(), ServerError> + 'a;

fn run(
    settings: &ServerSettings,
    controlled: bool,
    on_message: &mut OnMessage,
) -> Result<(), ServerError> {
    // Before the first thread.
    linux_net::spare_address_space();
    let inputs = Inputs::new(&[SIGTERM, SIGINT, SIGUSR1, SIGUSR2], controlled)
        .map_err(|source| ServerError::Channel { what: "catch signals", source })?;
    set_sigpipe(match settings.sigpipe {
        Sigpipe::Ignore => SigHandler::SigIgn,
        Sigpipe::Default => SigHandler::SigDfl,
    })?;
    raise_open_files();
    let mut server = Server::bind(settings)?;
    if controlled && settings.sigpipe == Sigpipe::Default {
        // If the reader has gone, writing the next message fails.
        server.announce_accepts(|connection| {
            let _ = Output::<ServerProtocol>::new().event(ServerEvent::Accepted(connection));
        });
    }
    let address = server.local_address();
    let running = server.start()?;
    let handle = running.handle();
    let listening = ServerEvent::Listening { address, pid: std::process::id() };
    let served = on_message(Message::Event(listening), &handle)
        .and_then(|()| handle_inputs(&inputs, settings.hold_acks, &handle, on_message));
    // Ending a connection while a thread writes to it would raise the signal
    // too, but this stop is clean.
    set_sigpipe(SigHandler::SigIgn)?;
    handle.stop();
    let report = running.join();
    served?;
    on_message(Message::Event(ServerEvent::Stopped(Box::new(report))), &handle)
}

/// Handles requests and signals until one stops the server.
fn handle_inputs(
    inputs: &Inputs<ServerCommand>,
    holds_acks: bool,
    handle: &ServerHandle,
    on_message: &mut OnMessage,
) -> Result<(), ServerError> {
    loop {
        let requests: Vec<Request<_>> = match inputs.wait() {
            Input::Request(request) => vec![request],
            Input::Signal(SIGUSR1) => vec![ServerCommand::Report.into()],
            Input::Signal(SIGUSR2) if holds_acks => {
                vec![ServerCommand::LetIn.into(), ServerCommand::Resume.into()]
            }
            Input::Signal(SIGUSR2) => vec![ServerCommand::Resume.into()],
            Input::Signal(_) | Input::Closed => return Ok(()),
            Input::Invalid(failure) => {
                on_message(Message::Failed(failure), handle)?;
                continue;
            }
            Input::Heartbeat => continue,
        };
        for Request { id, command } in requests {
            let response = match command {
                ServerCommand::Resume => {
                    handle.resume();
                    continue;
                }
                ServerCommand::LetIn => handle.let_in().map(|()| ServerResponse::LetIn),
                ServerCommand::ReadDepths => {
                    handle.read_depths();
                    Ok(ServerResponse::ReadingDepths)
                }
                ServerCommand::Status => Ok(ServerResponse::Status(handle.status())),
                ServerCommand::Report => Ok(ServerResponse::Report(Box::new(handle.report()))),
                ServerCommand::Stop => return Ok(()),
            };
            let message = match response {
                Ok(response) => Message::Response { id, response },
                Err(error) => Message::Failed(Failure { id, ..Failure::from(&error) }),
            };
            on_message(message, handle)?;
        }
    }
}

impl From<&ServerError> for Failure {
    fn from(error: &ServerError) -> Self {
        Self { id: None, reason: error.to_string(), errno: error.errno() }
    }
}

impl From<OutputError> for ServerError {
    fn from(OutputError(source): OutputError) -> Self {
        Self::Channel { what: "write to standard output", source }
    }
}

fn set_sigpipe(handler: SigHandler) -> Result<(), ServerError> {
    #[expect(unsafe_code, reason = "nix has no safe way to set a disposition")]
    // SAFETY: neither SIG_DFL nor SIG_IGN runs any code of this process.
    let set = unsafe { signal(Signal::SIGPIPE, handler) };
    set.map(drop)
        .map_err(|errno| ServerError::Channel { what: "set SIGPIPE", source: errno.into() })
}

/// A thousand clients need more than the usual soft limit. If it cannot be
/// raised, accept(2) fails with EMFILE, which the report counts.
fn raise_open_files() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
