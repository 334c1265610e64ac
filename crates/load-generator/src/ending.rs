//! How an attempt ends, and who ends it.

use std::io;
use std::mem::MaybeUninit;

use linux_net::monotonic_ns;
use socket2::Socket;
use worker::metrics::EndedBy;

use crate::client::{End, State};
use crate::control::Ending;
use crate::error::{LoadError, errno_name};
use crate::generator::Generator;
use crate::roles::Role;

impl Generator<'_> {
    /// Ends an attempt and closes its socket, so that its ending is final.
    pub(crate) fn end(&mut self, client: usize, ending: Ending, error: Option<&io::Error>) {
        let server_closes = self.server_closes();
        let ended = &mut self.clients[client];
        match ended.state {
            State::NotStarted | State::Connecting => self.undecided -= 1,
            State::Open => {
                self.open -= 1;
                self.open_slow_readers -= u64::from(ended.role == Role::SlowReader);
                self.unwritten -= u64::from(!self.schedules[client].is_written());
                let mut part = self.receivers.part_of(client);
                let receiver = part.receiver(client);
                receiver.socket = None;
                if !ended.answered && !receiver.answered {
                    ended.answered = has_answer(ended.socket());
                }
                drop(part);
                self.matrix.leave(client);
            }
            State::Ended => unreachable!("an attempt ends once"),
        }
        let usual = || usual_end(ending, error.is_some(), server_closes);
        let ended_by = ended.ended_by.unwrap_or_else(usual);
        if let Some(error) = error {
            *self.metrics.errors.entry(errno_name(error)).or_default() += 1;
        }
        ended.state = State::Ended;
        ended.socket = None;
        ended.out = Vec::new();
        ended.end = Some(End {
            ending,
            ended_by,
            errno: error.and_then(io::Error::raw_os_error),
            at_ns: monotonic_ns(),
        });
        self.ended += 1;
        if self.config.settings.is_closed_loop() {
            self.plan_next_start();
        }
    }

    /// Ends an attempt with the ending of `error`.
    ///
    /// # Errors
    /// [`LoadError::Testbed`] for an error that is not an ending.
    pub(crate) fn fail(
        &mut self,
        client: usize,
        what: &'static str,
        error: io::Error,
    ) -> Result<(), LoadError> {
        let Some(ending) = crate::client::ending_of(&error) else {
            return Err(LoadError::Testbed {
                what,
                target: self.clients[client].destination.address,
                attempt: client as u32,
                source: error,
            });
        };
        self.end(client, ending, Some(&error));
        Ok(())
    }
}

/// Whether data waits to be read. The end of file does not count: a socket that was reset
/// has one too once its error has been read.
fn has_answer(socket: &Socket) -> bool {
    let mut byte = [MaybeUninit::uninit()];
    matches!(socket.peek(&mut byte), Ok(1..))
}

/// Who ends an attempt that ends in this way, with or without an error of a system call, if
/// the load records nothing else.
fn usual_end(ending: Ending, is_error: bool, server_closes: bool) -> EndedBy {
    match ending {
        Ending::Finished if server_closes => EndedBy::Server,
        Ending::Finished | Ending::SelfConnected => EndedBy::Client,
        Ending::Refused | Ending::Reset => EndedBy::Reset,
        Ending::TimedOut if is_error => EndedBy::ClientKernel,
        Ending::TimedOut => EndedBy::ConnectDeadline,
        Ending::NoPort => EndedBy::ClientKernel,
        Ending::Unfinished => EndedBy::FinishDeadline,
        Ending::ClosedByServer => EndedBy::Server,
    }
}
