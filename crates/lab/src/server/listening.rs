//! Finds out what a server listens on, before a scenario can name its port.

use std::time::Duration;

use indexmap::IndexMap;
use linux_net::Sysctl;
use program_server::{
    ADDRESS, CommandServer, ImageServer, ProgramCommand, ProgramConfig, ProgramEvent,
    ProgramListener, ProgramProtocol,
};
use scenario::{CellSettings, Server};
use worker::{Client, RESPONSE_TIMEOUT, config_arguments};

use crate::backend::{BackendKind, Needs, NoServer, Purpose, Role, Testbed, TestbedSpec};
use crate::error::{LabError, Result};

/// How long an image is awaited at a time.
const AWAITED: Duration = Duration::from_secs(1);

/// Starts a server that is not the lab's own in a testbed whose `net.core.somaxconn` is
/// `somaxconn`, waits until it listens on a port that clients can reach, and stops it: on the port
/// of its settings, or on any if that is 0. Returns everything that it listened on and that clients
/// can reach.
///
/// Call it before the process starts a thread, as [`crate::Session::prepare`].
///
/// # Errors
/// If the backend cannot run it, or it does not listen in its time: with the reason and the end
/// of its output.
pub fn server_listeners(
    backend: &dyn BackendKind,
    server: &Server,
    somaxconn: u32,
) -> Result<Vec<ProgramListener>> {
    backend.prepare_process()?;
    let backend = backend.connect(None)?;
    backend.check_server(server).map_err(|error| match error {
        NoServer::Missing(reason) | NoServer::Failed(reason) => LabError::Server(reason),
    })?;
    backend.reserve(&Needs { clients: 1, ..Needs::default() })?;
    let cell = CellSettings { server: server.clone(), ..CellSettings::default() };
    let somaxconn = (Sysctl::Somaxconn.name().to_owned(), somaxconn.to_string());
    let spec =
        TestbedSpec { server_sysctls: [somaxconn].into(), ..TestbedSpec::from_settings(&cell) };
    let testbed = backend.testbed(&spec, Purpose::Preflight)?;
    let mut values = cell.placeholders();
    values.insert(ADDRESS.to_owned(), testbed.addresses().server.to_string());
    match server {
        Server::Command(settings) => of_program(testbed.as_ref(), settings, values),
        Server::Image(settings) => of_image(testbed.as_ref(), settings, &values),
        Server::Chat(_) => {
            Err(LabError::Server("try the lab's own server: its port is a setting".to_owned()))
        }
    }
}

fn of_program(
    testbed: &dyn Testbed,
    settings: &CommandServer,
    values: IndexMap<String, String>,
) -> Result<Vec<ProgramListener>> {
    let any_port = settings.port == 0;
    let config =
        ProgramConfig { settings: settings.clone(), values, more_ports: Vec::new(), any_port };
    let arguments = config_arguments::<ProgramProtocol>(&config);
    let mut client =
        Client::<ProgramProtocol>::new(testbed.start(Role::Server, "program", &arguments)?);
    let within = settings.ready.within + RESPONSE_TIMEOUT;
    let reachable = client.await_event("listening socket", within, |event| match event {
        ProgramEvent::Listening { reachable, .. } => Some(Ok(reachable)),
        ProgramEvent::Ended(_) => None,
    })?;
    client.send(ProgramCommand::Stop);
    client.await_event("last report", settings.stop.grace + RESPONSE_TIMEOUT, |event| {
        matches!(event, ProgramEvent::Ended(_)).then_some(Ok(()))
    })?;
    Ok(reachable)
}

fn of_image(
    testbed: &dyn Testbed,
    settings: &ImageServer,
    values: &IndexMap<String, String>,
) -> Result<Vec<ProgramListener>> {
    let mut container = testbed.start_image(settings, &[], values)?;
    while !container.await_ready(AWAITED)? {}
    let reachable = container.listeners()?;
    container.stop()?;
    Ok(reachable)
}
