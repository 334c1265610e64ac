//! The server of a trial: the lab's chat server, another program or an image.

mod chat;
mod end;
mod image;
mod listening;
mod program;

use std::net::SocketAddr;

use chat_server::ServerStatus;
use scenario::{CellSettings, Server};

use crate::backend::Testbed;
use crate::error::Result;

pub(crate) use self::chat::ChatServer;
pub(crate) use self::end::ServerEnd;
use self::image::ContainerServer;
pub use self::listening::server_listeners;
use self::program::ProgramServer;

/// A running server.
pub(crate) enum RunningServer<'a> {
    /// The lab's own.
    Chat(ChatServer),
    /// Another program.
    Program(ProgramServer),
    /// A container of an image.
    Image(ContainerServer<'a>),
}

impl<'a> RunningServer<'a> {
    /// Starts the server of a cell and waits until it listens; `check` fails when the trial must
    /// end.
    pub(crate) fn start(
        testbed: &'a dyn Testbed,
        cell: &CellSettings,
        check: &dyn Fn() -> Result<()>,
    ) -> Result<Self> {
        match &cell.server {
            Server::Chat(settings) => ChatServer::start(testbed, settings).map(Self::Chat),
            Server::Command(settings) => {
                ProgramServer::start(testbed, settings, cell, check).map(Self::Program)
            }
            Server::Image(settings) => {
                ContainerServer::start(testbed, settings, cell, check).map(Self::Image)
            }
        }
    }

    /// The address on which the client reaches it.
    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Self::Chat(server) => server.address,
            Self::Program(server) => server.address,
            Self::Image(server) => server.address,
        }
    }

    /// Whether the server has ended although it was not stopped.
    pub(crate) fn is_dead(&mut self) -> bool {
        match self {
            Self::Chat(server) => server.is_dead(),
            Self::Program(server) => server.is_dead(),
            Self::Image(server) => server.is_dead(),
        }
    }

    /// Releases the ACKs that a chat server holds, unless it has exited.
    pub(crate) fn release_acks(&mut self) -> Result<()> {
        match self {
            Self::Chat(server) => server.release_acks(),
            Self::Program(_) | Self::Image(_) => Ok(()),
        }
    }

    /// Lets a chat server read the depth of its accept queue after each accept(2).
    pub(crate) fn read_depths(&mut self) -> Result<()> {
        match self {
            Self::Chat(server) => server.read_depths(),
            Self::Program(_) | Self::Image(_) => Ok(()),
        }
    }

    /// Lets the server accept if it was started paused.
    pub(crate) fn resume(&mut self) -> Result<()> {
        match self {
            Self::Chat(server) => server.resume(),
            Self::Program(server) => server.resume(),
            Self::Image(server) => server.resume()?,
        }
        Ok(())
    }

    /// The server's totals so far, for another server those of its open connections; `None` if it
    /// has exited.
    pub(crate) fn status(&mut self) -> Result<Option<ServerStatus>> {
        match self {
            Self::Chat(server) => server.status(),
            Self::Program(server) => server.status(),
            Self::Image(server) => server.status(),
        }
    }

    /// Stops the server unless it has exited.
    pub(crate) fn stop(self) -> Result<ServerEnd> {
        match self {
            Self::Chat(server) => server.stop(),
            Self::Program(server) => server.stop(),
            Self::Image(server) => server.stop(),
        }
    }
}
