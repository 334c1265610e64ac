//! The scripted load.

use std::time::Duration;

use load_generator::{
    LoadCommand, LoadConfig, LoadEvent, LoadProtocol, LoadReport, LoadResponse, LoadStatus,
};
use nix::sys::signal::{Signal, raise};

use super::server;
use super::state::{Shared, lock};
use super::worker::{Output, Scripted};
use crate::clock::Clock;

/// A load.
#[derive(Debug)]
pub(super) struct FakeLoad {
    state: Shared,
    output: Output<LoadProtocol>,
    started_ns: u64,
}

impl FakeLoad {
    /// Starts all attempts at the same time.
    pub(super) fn new(state: Shared, config: &LoadConfig, output: Output<LoadProtocol>) -> Self {
        let events = lock(&state).events.clone();
        let started_ns = lock(&state).clock.now_ns();
        if events.interrupts {
            raise(Signal::SIGINT).expect("a process may signal itself");
        }
        if let Some(reason) = events.load_fails {
            output.fail(reason);
        } else if !events.hangs {
            let mut state_now = lock(&state);
            state_now.connect(config);
            state_now.clock.sleep(Duration::from_millis(events.load_ms));
            let established = state_now.established();
            let failed = state_now.attempts.len() as u64 - established;
            drop(state_now);
            if let Some(signal) = &events.server_dies {
                server::die(&state, signal);
            }
            output.event(LoadEvent::Decided { established, failed });
        }
        Self { state, output, started_ns }
    }

    fn report(&self) -> Box<LoadReport> {
        let state = lock(&self.state);
        let ended_ns = state.clock.now_ns();
        Box::new(LoadReport {
            attempts: state.attempts.clone(),
            messages_written: state.messages,
            deliveries: state.deliveries,
            started_ns: self.started_ns,
            ended_ns,
            chat_window_ns: (state.messages > 0).then_some((self.started_ns, ended_ns)),
            ..LoadReport::default()
        })
    }
}

impl Scripted<LoadProtocol> for FakeLoad {
    fn handle(&mut self, id: Option<u64>, command: LoadCommand) {
        match command {
            LoadCommand::Status => {
                let state = lock(&self.state);
                let status = LoadStatus {
                    established: state.established(),
                    bytes_written: 0,
                    messages_written: state.messages,
                };
                self.output.respond(id, LoadResponse::Status(status));
            }
            LoadCommand::Go | LoadCommand::Stop => {
                self.output.event(LoadEvent::Done(self.report()));
                let at_ns = lock(&self.state).clock.now_ns();
                self.output.end("exit status: 0", at_ns);
            }
        }
    }
}
