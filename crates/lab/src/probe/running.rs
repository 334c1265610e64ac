//! The probe of a trial.

use chat_server::ServerSettings;
use linux_net::AddressFamily;

use super::{ProbeCommand, ProbeConfig, ProbeEvent, ProbeReport};
use crate::backend::{Role, Testbed};
use crate::error::{LabError, Result};
use crate::part::{PATIENCE, Part, config_arguments};

/// A probe at work in the server's host.
pub(crate) struct Probe {
    part: Part,
}

impl Probe {
    /// Starts it, one of so many `at_once`, and waits until it has taken a sample.
    pub(crate) fn start(
        testbed: &dyn Testbed,
        server: &ServerSettings,
        port: u16,
        timeline: bool,
        at_once: usize,
    ) -> Result<Self> {
        let family = AddressFamily::of(server.address);
        let config =
            ProbeConfig { port, family, timeline, ..ProbeConfig::default() }.beside_others(at_once);
        let arguments = config_arguments("probe", &config);
        let mut probe = Self { part: testbed.start(Role::Server, "probe", &arguments)? };
        probe.await_event("first sample", |event| {
            matches!(event, ProbeEvent::Sampling).then_some(())
        })?;
        Ok(probe)
    }

    /// Stops it: what it saw.
    pub(crate) fn stop(mut self) -> Result<ProbeReport> {
        self.part.tell(&ProbeCommand::Stop);
        self.await_event("last sample", |event| match event {
            ProbeEvent::Done(report) => Some(*report),
            _ => None,
        })
    }

    fn await_event<T>(
        &mut self,
        awaited: &'static str,
        wanted: impl Fn(ProbeEvent) -> Option<T>,
    ) -> Result<T> {
        self.part.await_event(awaited, PATIENCE, |event| match event {
            ProbeEvent::Failed { reason } => {
                Some(Err(LabError::PartFailed { part: "probe", reason }))
            }
            event => wanted(event).map(Ok),
        })
    }
}
