//! The worker's side of the protocol: reads requests, writes messages.

use std::io::{self, BufRead, Write};
use std::marker::PhantomData;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;
use signal_hook::iterator::Signals;

use crate::message::{Failure, Message, Protocol, Request, Started, parse_request};

/// Something that a worker reacts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<C> {
    /// A request.
    Request(Request<C>),
    /// A line that is not a request; to be reported with [`Output::fail`].
    Invalid(Failure),
    /// A blank line: the controller is still there.
    Heartbeat,
    /// A signal was received.
    Signal(i32),
    /// Standard input has ended: a controlled worker ends too.
    Closed,
}

/// Runs a worker on its standard output: writes `started` if it is controlled,
/// then the messages that `body` writes, and `failed` if `body` returns an error.
///
/// # Errors
/// The error of `body`, or of writing the first line.
pub fn serve<P: Protocol, X: From<OutputError>>(
    controlled: bool,
    body: impl FnOnce(Output<P>) -> Result<(), X>,
) -> Result<(), X>
where
    for<'a> Failure: From<&'a X>,
{
    let output = Output::<P>::new();
    let served = match controlled {
        true => output.write(&Message::Started(Started::new(P::NAME))).map_err(X::from),
        false => Ok(()),
    };
    served.and_then(|()| body(output)).inspect_err(|error| {
        // If standard output is what failed, the caller still has the error.
        let _ = output.write(&Message::Failed(Failure::from(error)));
    })
}

/// A worker cannot write to its standard output.
#[derive(Debug, thiserror::Error)]
#[error("write to standard output: {0}")]
pub struct OutputError(#[from] pub io::Error);

/// Writes a worker's messages to its standard output, each with one write(2).
#[derive(Debug)]
pub struct Output<P>(PhantomData<fn() -> P>);

impl<P> Clone for Output<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Output<P> {}

impl<P: Protocol> Default for Output<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Protocol> Output<P> {
    /// This process's standard output.
    pub fn new() -> Self {
        Self(PhantomData)
    }

    /// Writes a message.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn write(&self, message: &Message<P::Response, P::Event>) -> Result<(), OutputError> {
        let mut line = serde_json::to_vec(message).expect("a message is plain data");
        line.push(b'\n');
        let mut output = io::stdout().lock();
        output.write_all(&line)?;
        Ok(output.flush()?)
    }

    /// Writes an event.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn event(&self, event: P::Event) -> Result<(), OutputError> {
        self.write(&Message::Event(event))
    }

    /// Writes the response to a request.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn respond(&self, id: Option<u64>, response: P::Response) -> Result<(), OutputError> {
        self.write(&Message::Response { id, response })
    }

    /// Reports a request or a line that failed.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn fail(&self, failure: Failure) -> Result<(), OutputError> {
        self.write(&Message::Failed(failure))
    }
}

/// The inputs of a worker, in the order in which they arrived. Threads collect them, so
/// that a worker with its own schedule can wait with a timeout.
#[derive(Debug)]
pub struct Inputs<C> {
    receiver: Receiver<Input<C>>,
    sender: Sender<Input<C>>,
}

impl<C: DeserializeOwned + Send + 'static> Inputs<C> {
    /// Handles these signals and, if the worker is controlled, reads standard input.
    ///
    /// # Errors
    /// If the signals cannot be caught.
    pub fn new(signals: &[i32], controlled: bool) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let mut signals = Signals::new(signals)?;
        let signalled = sender.clone();
        thread::spawn(move || {
            for signal in signals.forever() {
                let _ = signalled.send(Input::Signal(signal));
            }
        });
        if controlled {
            let lines = sender.clone();
            thread::spawn(move || {
                read_inputs(io::stdin().lock(), |input| lines.send(input).is_ok());
            });
        }
        Ok(Self { receiver, sender })
    }

    /// Sends further inputs, for example from a clock.
    pub fn sender(&self) -> Sender<Input<C>> {
        self.sender.clone()
    }

    /// Waits for the next input.
    pub fn wait(&self) -> Input<C> {
        self.receiver.recv().unwrap_or(Input::Closed)
    }

    /// Waits for the next input, at most for `timeout`.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Input<C>> {
        match self.receiver.recv_timeout(timeout) {
            Ok(input) => Some(input),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Input::Closed),
        }
    }
}

/// Passes each line of `input` to `handle` until `handle` returns false; at the
/// end of the input, [`Input::Closed`].
pub fn read_inputs<C: DeserializeOwned>(
    input: impl BufRead,
    mut handle: impl FnMut(Input<C>) -> bool,
) {
    // Bytes, so that a line that is not UTF-8 gets a response too.
    for line in input.split(b'\n').map_while(Result::ok) {
        let continues = handle(match parse_request(&line) {
            Some(Ok(request)) => Input::Request(request),
            Some(Err(failure)) => Input::Invalid(failure),
            None => Input::Heartbeat,
        });
        if !continues {
            return;
        }
    }
    handle(Input::Closed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_requests_heartbeats_or_invalid_and_their_end_closes() {
        let mut inputs = Vec::new();
        let text = "{\"id\":1,\"go\":true}\n\nsing\n{\"go\":false}";
        read_inputs::<serde_json::Map<_, _>>(text.as_bytes(), |input| {
            inputs.push(input);
            true
        });
        let [Input::Request(first), Input::Heartbeat, Input::Invalid(failure), last, Input::Closed] =
            &inputs[..]
        else {
            panic!("{inputs:?}")
        };
        assert_eq!((first.id, &first.command["go"]), (Some(1), &true.into()));
        assert!(failure.reason.starts_with("read the command `sing`: "), "{failure:?}");
        assert!(matches!(last, Input::Request(Request { id: None, .. })), "{last:?}");
    }

    #[test]
    fn reading_stops_when_the_handler_does() {
        let mut count = 0;
        read_inputs::<serde_json::Value>("1\n2\n3\n".as_bytes(), |_| {
            count += 1;
            count < 2
        });
        assert_eq!(count, 2);
    }
}
