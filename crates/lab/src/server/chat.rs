//! The lab's chat server in a trial.

use std::net::SocketAddr;

use chat_server::{
    ServerCommand, ServerEvent, ServerProtocol, ServerResponse, ServerSettings, ServerStatus,
    Sigpipe,
};
use worker::{Client, RESPONSE_TIMEOUT, WorkerError, config_arguments};

use super::end::ServerEnd;
use crate::backend::{Role, Testbed};
use crate::error::Result;

/// A running chat server.
pub(crate) struct ChatServer {
    client: Client<ServerProtocol>,
    /// The address on which the client reaches it.
    pub(crate) address: SocketAddr,
    /// The worker, which announces each connection that it accepts.
    announces: bool,
}

impl ChatServer {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(testbed: &dyn Testbed, settings: &ServerSettings) -> Result<Self> {
        let arguments = config_arguments::<ServerProtocol>(settings);
        let mut client =
            Client::<ServerProtocol>::new(testbed.start(Role::Server, "server", &arguments)?);
        let listening =
            client.await_event("listening socket", RESPONSE_TIMEOUT, |event| match event {
                ServerEvent::Listening { address, .. } => Some(Ok(address)),
                _ => None,
            })?;
        Ok(Self {
            client,
            address: SocketAddr::new(testbed.addresses().server, listening.port()),
            announces: settings.sigpipe == Sigpipe::Default,
        })
    }

    /// Whether the server has exited although it was not stopped.
    pub(crate) fn is_dead(&mut self) -> bool {
        self.client.end().is_some()
    }

    /// Releases the ACKs that the server holds, unless it has exited.
    pub(crate) fn release_acks(&mut self) -> Result<()> {
        let response = self.client.request("response to let_in", ServerCommand::LetIn, Some);
        match response {
            Ok(_) | Err(WorkerError::Exited { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Lets the server read the depth of its accept queue after each accept(2).
    pub(crate) fn read_depths(&mut self) -> Result<()> {
        Ok(self
            .client
            .request("response to read_depths", ServerCommand::ReadDepths, |_| Some(()))?)
    }

    /// Lets the server accept if it was started paused.
    pub(crate) fn resume(&mut self) {
        self.client.send(ServerCommand::Resume);
    }

    /// The server's totals so far; `None` if it has exited.
    pub(crate) fn status(&mut self) -> Result<Option<ServerStatus>> {
        let status =
            self.client.request("status", ServerCommand::Status, |response| match response {
                ServerResponse::Status(status) => Some(status),
                _ => None,
            });
        match status {
            Ok(status) => Ok(Some(status)),
            Err(WorkerError::Exited { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stops the server unless it has exited.
    pub(crate) fn stop(mut self) -> Result<ServerEnd> {
        let died_before = self.client.end().is_some();
        self.client.send(ServerCommand::Stop);
        let mut announced = Vec::new();
        let report =
            self.client.await_event("last report", RESPONSE_TIMEOUT, |event| match event {
                ServerEvent::Stopped(report) => Some(Ok(report)),
                ServerEvent::Accepted(connection) => {
                    announced.push(connection);
                    None
                }
                ServerEvent::Listening { .. } => None,
            });
        match (report, self.client.end().cloned()) {
            (Ok(report), _) if !died_before => Ok(ServerEnd::Stopped(report)),
            (Ok(_) | Err(WorkerError::Exited { .. }), Some(end)) => Ok(ServerEnd::Died {
                status: end.status,
                at_ns: end.at_ns,
                accepted: self.announces.then_some(announced),
            }),
            (Ok(report), None) => Ok(ServerEnd::Stopped(report)),
            (Err(error), _) => Err(error.into()),
        }
    }
}
