//! A program as the server of a trial.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chat_server::ServerStatus;
use program_server::{
    ADDRESS, CommandServer, ProgramCommand, ProgramConfig, ProgramEvent, ProgramProtocol,
    ProgramResponse, ProgramStatus,
};
use scenario::CellSettings;
use worker::{Client, RESPONSE_TIMEOUT, WorkerError, config_arguments};

use super::end::ServerEnd;
use crate::backend::{Role, Testbed};
use crate::error::Result;

/// Time between two checks whether the trial must end, while a program becomes ready.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// A running program.
pub(crate) struct ProgramServer {
    client: Client<ProgramProtocol>,
    /// The address on which the client reaches it.
    pub(crate) address: SocketAddr,
    /// The longest time that it may take to stop.
    grace: Duration,
}

impl ProgramServer {
    /// Starts a program and waits until it is ready; `check` fails when the trial must end.
    pub(crate) fn start(
        testbed: &dyn Testbed,
        settings: &CommandServer,
        cell: &CellSettings,
        check: &dyn Fn() -> Result<()>,
    ) -> Result<Self> {
        let address = testbed.addresses().server;
        let mut values = cell.placeholders();
        values.insert(ADDRESS.to_owned(), address.to_string());
        let more_ports = cell.load.ports();
        let config =
            ProgramConfig { settings: settings.clone(), values, more_ports, any_port: false };
        let arguments = config_arguments::<ProgramProtocol>(&config);
        let mut client =
            Client::<ProgramProtocol>::new(testbed.start(Role::Server, "program", &arguments)?);
        let within = settings.ready.within + RESPONSE_TIMEOUT;
        let deadline = Instant::now() + within;
        loop {
            check()?;
            let listening = |event| match event {
                ProgramEvent::Listening { .. } => Some(Ok(())),
                ProgramEvent::Ended(_) => None,
            };
            match client.await_event("listening socket", CHECK_INTERVAL, listening) {
                Err(WorkerError::Timeout { .. }) if Instant::now() < deadline => {}
                ready => break ready?,
            }
        }
        let grace = settings.stop.grace;
        let address = SocketAddr::new(address, settings.port);
        Ok(Self { client, address, grace })
    }

    /// Whether the program has ended although it was not stopped.
    pub(crate) fn is_dead(&mut self) -> bool {
        self.client.end().is_some()
    }

    /// Continues the program if it was started paused.
    pub(crate) fn resume(&mut self) {
        self.client.send(ProgramCommand::Resume);
    }

    /// The connections that it has open, as a server's totals; `None` if it has ended.
    pub(crate) fn status(&mut self) -> Result<Option<ServerStatus>> {
        let status =
            self.client.request("status", ProgramCommand::Status, |response| match response {
                ProgramResponse::Status(status) => Some(status),
            });
        match status {
            Ok(status) => Ok(Some(status_of(status))),
            Err(WorkerError::Exited { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stops the program unless it has ended.
    pub(crate) fn stop(mut self) -> Result<ServerEnd> {
        self.client.send(ProgramCommand::Stop);
        let within = self.grace + RESPONSE_TIMEOUT;
        let report = self.client.await_event("last report", within, |event| match event {
            ProgramEvent::Ended(report) => Some(Ok(report)),
            ProgramEvent::Listening { .. } => None,
        })?;
        Ok(ServerEnd::Program(report))
    }
}

/// The open connections of a program, as a server's totals. Those that it has closed are not
/// known, and need not be awaited.
pub(super) fn status_of(status: ProgramStatus) -> ServerStatus {
    ServerStatus { accepted: status.open, clients: status.open, ..ServerStatus::default() }
}
