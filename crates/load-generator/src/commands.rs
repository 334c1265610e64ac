//! The commands to a running load.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};

use nix::sys::eventfd::{EfdFlags, EventFd};
use worker::Request;

use crate::control::LoadCommand;

/// A channel to a running load. Dropping the sender stops the load.
///
/// # Errors
/// If the kernel creates no eventfd (EMFILE, ENFILE, ENOMEM).
pub fn command_channel() -> io::Result<(CommandSender, CommandSource)> {
    let wake = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
    let (sender, receiver) = mpsc::channel();
    let sender = CommandSender { sender: Some(sender), wake: Arc::clone(&wake) };
    Ok((sender, CommandSource { receiver, wake }))
}

/// The controller's end of a [`command_channel`].
#[derive(Debug)]
pub struct CommandSender {
    /// `None` only while it is being dropped.
    sender: Option<mpsc::Sender<Request<LoadCommand>>>,
    wake: Arc<EventFd>,
}

impl CommandSender {
    /// Sends the load a request, or a command without an id. Does nothing if the
    /// load has ended.
    pub fn send(&self, request: impl Into<Request<LoadCommand>>) {
        if let Some(sender) = &self.sender {
            // Only a load that has ended does not receive.
            let _ = sender.send(request.into());
            self.wake();
        }
    }

    fn wake(&self) {
        // EAGAIN: 2^64 - 2 wake-ups are already pending.
        let _ = self.wake.write(1);
    }
}

impl Drop for CommandSender {
    fn drop(&mut self) {
        // The channel first, so that the load finds it closed when it wakes.
        self.sender = None;
        self.wake();
    }
}

/// The load's end of a [`command_channel`].
#[derive(Debug)]
pub struct CommandSource {
    receiver: mpsc::Receiver<Request<LoadCommand>>,
    wake: Arc<EventFd>,
}

impl CommandSource {
    /// Readable when [`Self::next`] may have something new.
    pub(crate) fn fd(&self) -> impl AsFd + '_ {
        self.wake.as_fd()
    }

    /// Clears the pending wake-ups; call it before [`Self::next`].
    pub(crate) fn clear_wake(&self) {
        let _ = self.wake.read();
    }

    /// The next request; [`LoadCommand::Stop`] once the sender has been dropped.
    pub(crate) fn next(&self) -> Option<Request<LoadCommand>> {
        match self.receiver.try_recv() {
            Ok(request) => Some(request),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(LoadCommand::Stop.into()),
        }
    }
}
