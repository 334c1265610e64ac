//! The scripted probe: it samples once, with empty queues.

use probe::{ProbeCommand, ProbeEvent, ProbeProtocol, ProbeReport, ProbeResponse, ProbeStatus};
use run_record::ProbeSummary;

use super::state::{Shared, lock};
use super::worker::{Output, Scripted};
use crate::clock::Clock;

/// A probe.
#[derive(Debug)]
pub(super) struct FakeProbe {
    state: Shared,
    output: Output<ProbeProtocol>,
}

impl FakeProbe {
    /// Takes its first sample.
    pub(super) fn new(state: Shared, output: Output<ProbeProtocol>) -> Self {
        output.event(ProbeEvent::Sampling);
        Self { state, output }
    }

    fn status(&self) -> ProbeStatus {
        let at_ns = lock(&self.state).clock.now_ns();
        ProbeStatus { at_ns, connections_at_ns: at_ns, samples: 1, ..ProbeStatus::default() }
    }
}

impl Scripted<ProbeProtocol> for FakeProbe {
    fn handle(&mut self, id: Option<u64>, command: ProbeCommand) {
        match command {
            ProbeCommand::Status | ProbeCommand::Latest => {
                self.output.respond(id, ProbeResponse::Status(self.status()));
            }
            ProbeCommand::Stop => {
                let report =
                    ProbeSummary { samples: 1, state_samples: 1, ..ProbeSummary::default() };
                let report = ProbeReport { report, ..ProbeReport::default() };
                self.output.event(ProbeEvent::Done(Box::new(report)));
                let at_ns = lock(&self.state).clock.now_ns();
                self.output.end("exit status: 0", at_ns);
            }
        }
    }
}
