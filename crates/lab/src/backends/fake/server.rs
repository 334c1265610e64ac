//! The scripted server: it accepts the attempts that succeed in the script.

use std::net::SocketAddr;

use chat_server::{
    ServerCommand, ServerEvent, ServerProtocol, ServerReport, ServerResponse, ServerSettings,
    ServerStatus, Sigpipe,
};
use worker::metrics::ServerMetrics;

use super::state::{PORT, SERVER, Shared, lock};
use super::worker::{Output, Scripted};

use crate::clock::Clock;

/// A server.
#[derive(Debug)]
pub(super) struct FakeServer {
    state: Shared,
    output: Output<ServerProtocol>,
}

impl FakeServer {
    /// Starts to listen.
    pub(super) fn new(
        state: Shared,
        settings: ServerSettings,
        output: Output<ServerProtocol>,
    ) -> Self {
        let address = SocketAddr::new(SERVER, PORT);
        output.event(ServerEvent::Listening { address, pid: 1 });
        {
            let mut state = lock(&state);
            state.server = Some(settings);
            state.server_output = Some(output.clone());
        }
        Self { state, output }
    }

    fn report(&self) -> Box<ServerReport> {
        let state = lock(&self.state);
        let ended = state.clock.now_ns();
        Box::new(ServerReport {
            accepted: state.accepted.clone(),
            messages_ingested: state.messages,
            deliveries: state.deliveries,
            ingest_window_ns: (state.messages > 0).then_some((ended, ended)),
            metrics: ServerMetrics {
                most_clients: state.accepted.len() as u64,
                ..ServerMetrics::default()
            },
            ..ServerReport::default()
        })
    }
}

impl Scripted<ServerProtocol> for FakeServer {
    fn handle(&mut self, id: Option<u64>, command: ServerCommand) {
        if lock(&self.state).server.is_none() {
            // It has died.
            return;
        }
        match command {
            ServerCommand::Resume => {}
            ServerCommand::ReadDepths => self.output.respond(id, ServerResponse::ReadingDepths),
            ServerCommand::LetIn => self.output.respond(id, ServerResponse::LetIn),
            ServerCommand::Status => {
                let state = lock(&self.state);
                let status = ServerStatus {
                    accepted: state.accepted.len() as u64,
                    clients: 0,
                    messages_ingested: state.messages,
                    deliveries: state.deliveries,
                };
                self.output.respond(id, ServerResponse::Status(status));
            }
            ServerCommand::Report => self.output.respond(id, ServerResponse::Report(self.report())),
            ServerCommand::Stop => {
                self.output.event(ServerEvent::Stopped(self.report()));
                let at_ns = lock(&self.state).clock.now_ns();
                self.output.end("exit status: 0", at_ns);
            }
        }
    }
}

/// Ends the server as in the script. With the default disposition of SIGPIPE it announces
/// every connection before.
pub(super) fn die(state: &Shared, signal: &str) {
    let mut state = lock(state);
    let at_ns = state.clock.now_ns();
    let announces = state.server.take().is_some_and(|server| server.sigpipe == Sigpipe::Default);
    if let Some(output) = state.server_output.take() {
        if announces {
            for &connection in &state.accepted {
                output.event(ServerEvent::Accepted(connection));
            }
        }
        output.end(signal, at_ns);
    }
}
