//! How a running load is told something.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::LoadCommand;

/// A channel to a running load. Dropping the sender tells it to stop, so that
/// no load outlives whoever steers it.
///
/// # Errors
/// When the kernel gives no eventfd (EMFILE, ENFILE, ENOMEM).
pub fn command_channel() -> io::Result<(CommandSender, CommandSource)> {
    let wake = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
    let (sender, receiver) = mpsc::channel();
    let sender = CommandSender { sender: Some(sender), wake: Arc::clone(&wake) };
    Ok((sender, CommandSource { receiver, wake }))
}

/// The steering end of a [`command_channel`].
#[derive(Debug)]
pub struct CommandSender {
    /// None only while it is being dropped.
    sender: Option<mpsc::Sender<LoadCommand>>,
    wake: Arc<EventFd>,
}

impl CommandSender {
    /// Gives the load a command; nothing happens when it has ended already.
    pub fn send(&self, command: LoadCommand) {
        if let Some(sender) = &self.sender {
            // Only a load that has ended does not receive.
            let _ = sender.send(command);
            self.wake();
        }
    }

    fn wake(&self) {
        // EAGAIN: the load has 2^64 - 2 wake-ups waiting for it already.
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
    receiver: mpsc::Receiver<LoadCommand>,
    wake: Arc<EventFd>,
}

impl CommandSource {
    /// Readable when [`Self::next`] may have something new.
    pub(crate) fn fd(&self) -> impl AsFd + '_ {
        self.wake.as_fd()
    }

    /// Forgets the wake-ups so far; call it before [`Self::next`].
    pub(crate) fn clear_wake(&self) {
        let _ = self.wake.read();
    }

    /// The next command; [`LoadCommand::Stop`] once nobody can give any.
    pub(crate) fn next(&self) -> Option<LoadCommand> {
        match self.receiver.try_recv() {
            Ok(command) => Some(command),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(LoadCommand::Stop),
        }
    }
}
