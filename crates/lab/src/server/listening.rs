//! Finds out what a program listens on, before a scenario can name its port.

use linux_net::Sysctl;
use program_server::{
    ADDRESS, CommandServer, ProgramCommand, ProgramConfig, ProgramEvent, ProgramListener,
    ProgramProtocol,
};
use scenario::{CellSettings, Server};
use worker::{Client, RESPONSE_TIMEOUT, config_arguments};

use crate::backend::{BackendKind, NoServer, Purpose, Role, Testbed, TestbedSpec};
use crate::error::{LabError, Result};

/// Starts a program in a testbed whose `net.core.somaxconn` is `somaxconn`, waits until it
/// listens on a port that clients can reach, and stops it: on the port of its settings, or on
/// any if that is 0. Returns everything that it listened on.
///
/// Call it before the process starts a thread, as [`crate::Session::prepare`].
///
/// # Errors
/// If the backend cannot run it, or it does not listen in its time: with the reason and the end
/// of its output.
pub fn program_listeners(
    backend: &dyn BackendKind,
    settings: &CommandServer,
    somaxconn: u32,
) -> Result<Vec<ProgramListener>> {
    backend.prepare_process()?;
    let backend = backend.connect(None)?;
    let server = Server::Command(Box::new(settings.clone()));
    backend.check_server(&server).map_err(|error| match error {
        NoServer::Missing(reason) | NoServer::Failed(reason) => LabError::Server(reason),
    })?;
    let somaxconn = (Sysctl::Somaxconn.name().to_owned(), somaxconn.to_string());
    let spec = TestbedSpec { server_sysctls: [somaxconn].into(), ..TestbedSpec::default() };
    let testbed = backend.testbed(&spec, Purpose::Preflight)?;
    listeners(testbed.as_ref(), settings, &CellSettings { server, ..CellSettings::default() })
}

fn listeners(
    testbed: &dyn Testbed,
    settings: &CommandServer,
    cell: &CellSettings,
) -> Result<Vec<ProgramListener>> {
    let mut values = cell.placeholders();
    values.insert(ADDRESS.to_owned(), testbed.addresses().server.to_string());
    let any_port = settings.port == 0;
    let config = ProgramConfig { settings: settings.clone(), values, any_port };
    let arguments = config_arguments::<ProgramProtocol>(&config);
    let mut client =
        Client::<ProgramProtocol>::new(testbed.start(Role::Server, "program", &arguments)?);
    let within = settings.ready.within + RESPONSE_TIMEOUT;
    let all = client.await_event("listening socket", within, |event| match event {
        ProgramEvent::Listening { reachable, .. } => Some(Ok(reachable)),
        ProgramEvent::Ended(_) => None,
    })?;
    client.send(ProgramCommand::Stop);
    client.await_event("last report", settings.stop.grace + RESPONSE_TIMEOUT, |event| {
        matches!(event, ProgramEvent::Ended(_)).then_some(Ok(()))
    })?;
    Ok(all)
}
