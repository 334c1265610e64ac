//! The server as a process of its own: `queuelab server`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use crate::control::{ServerCommand, ServerEvent};
use crate::error::ServerError;
use crate::server::{Server, ServerHandle};
use crate::settings::{ServerSettings, Sigpipe};

/// Runs a server until it is told to stop, and prints each [`ServerEvent`] as
/// a JSON line on standard output: first `Listening`, last `Stopped`; or
/// `Failed` alone, when it cannot start.
///
/// SIGTERM and SIGINT stop it; SIGUSR1 asks for a report; SIGUSR2 lets in, where
/// `hold_acks` is set, and resumes.
/// With `control`, so do the [`ServerCommand`] lines on standard input, whose
/// end of file stops it too; a line that is none is answered by `Failed`.
///
/// Process-wide: takes over these signals, sets SIGPIPE's disposition as the
/// settings say, and raises the soft limit on open files to the hard one.
///
/// # Errors
/// What the `Failed` event said.
pub fn serve_part(settings: &ServerSettings, control: bool) -> Result<(), ServerError> {
    serve(settings, control, &mut |event, _| print(event)).inspect_err(|error| {
        // Where standard output itself is what failed, the caller still has
        // the error.
        let _ = print(&failed(error));
    })
}

fn failed(error: &ServerError) -> ServerEvent {
    ServerEvent::Failed { reason: error.to_string(), errno: error.errno() }
}

/// [`serve_part`] without control, for a caller that tells of the events in
/// its own way: `tell` gets each [`ServerEvent`], and the server to ask more of;
/// `Failed` only of what a running one could not do.
///
/// # Errors
/// Why the server could not start or go on.
pub fn serve_telling(
    settings: &ServerSettings,
    mut tell: impl FnMut(&ServerEvent, &ServerHandle),
) -> Result<(), ServerError> {
    serve(settings, false, &mut |event, handle| {
        tell(event, handle);
        Ok(())
    })
}

/// Says an event, or why it cannot be said.
type Tell<'a> = dyn FnMut(&ServerEvent, &ServerHandle) -> Result<(), ServerError> + 'a;

fn serve(settings: &ServerSettings, control: bool, tell: &mut Tell) -> Result<(), ServerError> {
    let mut inputs = Inputs::open(control, settings.hold_acks)?;
    set_sigpipe(match settings.sigpipe {
        Sigpipe::Ignore => SigHandler::SigIgn,
        Sigpipe::Default => SigHandler::SigDfl,
    })?;
    raise_open_files();
    let mut server = Server::bind(settings)?;
    if control && settings.sigpipe == Sigpipe::Default {
        // Nobody reading is told by the next event that matters.
        server.announce_accepts(|connection| drop(print(&ServerEvent::Accepted(connection))));
    }
    let address = server.local_address();
    let running = server.start()?;
    let handle = running.handle();
    let listening = ServerEvent::Listening { address, pid: std::process::id() };
    let served = tell(&listening, &handle).and_then(|()| obey(&mut inputs, &handle, tell));
    // Ending a connection under a thread that writes to it would raise the
    // signal too, and a clean end is no death.
    set_sigpipe(SigHandler::SigIgn)?;
    handle.stop();
    let report = running.join();
    served?;
    tell(&ServerEvent::Stopped(Box::new(report)), &handle)
}

/// Does what is asked until it is to stop.
fn obey(inputs: &mut Inputs, handle: &ServerHandle, tell: &mut Tell) -> Result<(), ServerError> {
    loop {
        for request in inputs.wait()? {
            match request {
                Ok(ServerCommand::Resume) => handle.resume(),
                Ok(ServerCommand::LetIn) => {
                    let answer = match handle.let_in() {
                        Ok(()) => ServerEvent::LetIn,
                        Err(error) => failed(&error),
                    };
                    tell(&answer, handle)?;
                }
                Ok(ServerCommand::Status) => tell(&handle.status(), handle)?,
                Ok(ServerCommand::Report) => {
                    tell(&ServerEvent::Report(Box::new(handle.report())), handle)?;
                }
                Ok(ServerCommand::Stop) => return Ok(()),
                Err(reason) => tell(&ServerEvent::Failed { reason, errno: None }, handle)?,
            }
        }
    }
}

/// A command, or why a line is none.
type Request = Result<ServerCommand, String>;

/// Where requests come from: signals and, where asked for, standard input.
struct Inputs {
    signals: SignalDelivery<UnixStream, SignalOnly>,
    /// SIGUSR2 lets in before it resumes.
    lets_in: bool,
    control: Option<ControlLines>,
}

impl Inputs {
    fn open(control: bool, lets_in: bool) -> Result<Self, ServerError> {
        let signals = UnixStream::pair()
            .and_then(|(read, write)| {
                let wanted = [SIGTERM, SIGINT, SIGUSR1, SIGUSR2];
                SignalDelivery::with_pipe(read, write, SignalOnly, wanted)
            })
            .map_err(|source| ServerError::Channel { what: "catch signals", source })?;
        let control = control.then(ControlLines::open).transpose()?;
        Ok(Self { signals, lets_in, control })
    }

    /// Waits for something to come; the requests in it.
    fn wait(&mut self) -> Result<Vec<Request>, ServerError> {
        let mut fds = vec![PollFd::new(self.signals.get_read().as_fd(), PollFlags::POLLIN)];
        if let Some(control) = &self.control {
            fds.push(PollFd::new(control.input.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => {
                return Err(ServerError::Channel {
                    what: "wait for requests",
                    source: errno.into(),
                });
            }
        }
        // POLLHUP alone is an end of file that read(2) will tell.
        let control_ready = fds.get(1).is_some_and(|fd| fd.any().unwrap_or(true));
        let mut requests: Vec<Request> = Vec::new();
        for signal in self.signals.pending() {
            match signal {
                SIGUSR1 => requests.push(Ok(ServerCommand::Report)),
                SIGUSR2 => {
                    requests.extend(self.lets_in.then_some(Ok(ServerCommand::LetIn)));
                    requests.push(Ok(ServerCommand::Resume));
                }
                _ => requests.push(Ok(ServerCommand::Stop)),
            }
        }
        if let Some(control) = self.control.as_mut().filter(|_| control_ready) {
            control.read(&mut requests)?;
        }
        Ok(requests)
    }
}

/// Standard input, cut into lines. Not std's own buffered one, in which a line
/// could wait where poll(2) does not see it.
struct ControlLines {
    input: File,
    pending: Vec<u8>,
}

impl ControlLines {
    fn open() -> Result<Self, ServerError> {
        let input = io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|source| ServerError::Channel { what: "open standard input", source })?;
        Ok(Self { input: input.into(), pending: Vec::new() })
    }

    /// One read(2); an end of file is a `Stop`.
    fn read(&mut self, requests: &mut Vec<Request>) -> Result<(), ServerError> {
        let mut chunk = [0; 4096];
        let count = match self.input.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(source) => {
                return Err(ServerError::Channel { what: "read standard input", source });
            }
        };
        self.pending.extend_from_slice(&chunk[..count]);
        while let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            requests.extend(parse(&line));
        }
        if count == 0 {
            requests.extend(parse(&std::mem::take(&mut self.pending)));
            requests.push(Ok(ServerCommand::Stop));
        }
        Ok(())
    }
}

/// The request in a line; none in an empty one.
fn parse(line: &[u8]) -> Option<Request> {
    let line = line.trim_ascii();
    (!line.is_empty()).then(|| {
        serde_json::from_slice(line).map_err(|error| {
            format!("read the command `{}`: {error}", String::from_utf8_lossy(line))
        })
    })
}

/// One line, one write(2).
fn print(event: &ServerEvent) -> Result<(), ServerError> {
    let mut line = serde_json::to_vec(event).expect("an event has only what JSON has");
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)
        .and_then(|()| out.flush())
        .map_err(|source| ServerError::Channel { what: "write to standard output", source })
}

fn set_sigpipe(handler: SigHandler) -> Result<(), ServerError> {
    #[expect(unsafe_code, reason = "nix has no safe way to set a disposition")]
    // SAFETY: neither SIG_DFL nor SIG_IGN runs any code of this process.
    let set = unsafe { signal(Signal::SIGPIPE, handler) };
    set.map(drop)
        .map_err(|errno| ServerError::Channel { what: "set SIGPIPE", source: errno.into() })
}

/// A thousand clients need more than the usual soft limit. Where it cannot be
/// raised, accept(2) will say EMFILE, and the report how often.
fn raise_open_files() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_a_reason_that_names_it() {
        assert_eq!(parse(b"{\"command\":\"resume\"}\r\n"), Some(Ok(ServerCommand::Resume)));
        assert_eq!(parse(b" \n"), None);
        let reason = parse(b"{\"command\":\"dance\"}\n").expect("a line").expect_err("no command");
        assert!(reason.starts_with("read the command `{\"command\":\"dance\"}`: "), "{reason}");
        assert!(parse(b"\xff\n").expect("a line").is_err());
    }
}
