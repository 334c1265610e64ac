//! The probe of a trial.

use std::time::{Duration, Instant};

use chat_server::ServerSettings;
use linux_net::AddressFamily;
use worker::{RESPONSE_TIMEOUT, Worker, WorkerError, config_arguments};

use super::{ProbeCommand, ProbeConfig, ProbeEvent, ProbeReport, ProbeStatus};
use crate::backend::{Role, Testbed};
use crate::error::Result;

/// A probe at work in the server's host.
pub(crate) struct Probe {
    worker: Worker,
    /// When it was asked for what it saw last.
    asked: Option<Instant>,
    /// Whether it still owes an answer.
    owes: bool,
    /// Its last words, or what made it impossible to hear them, where they came
    /// before it was told to stop.
    end: Option<Result<ProbeReport>>,
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
        let worker = testbed.start(Role::Server, "probe", &arguments)?;
        let mut probe = Self { worker, asked: None, owes: false, end: None };
        probe.await_event("first sample", |event| {
            matches!(event, ProbeEvent::Sampling).then_some(())
        })?;
        Ok(probe)
    }

    /// What it has answered since the last call; and asks it again, where it has
    /// answered and was asked longer than `interval` ago. It neither waits nor
    /// fails: what goes wrong is told at the end.
    pub(crate) fn latest(&mut self, interval: Duration) -> Option<ProbeStatus> {
        let mut latest = None;
        while self.end.is_none() {
            match self.worker.event(Duration::ZERO) {
                Ok(None) => break,
                Ok(Some(ProbeEvent::Sampling)) => {}
                Ok(Some(ProbeEvent::Status(status))) => {
                    self.owes = false;
                    latest = Some(status);
                }
                Ok(Some(ProbeEvent::Failed { reason })) => {
                    self.end = Some(Err(WorkerError::Failed { worker: "probe", reason }.into()));
                }
                Ok(Some(ProbeEvent::Done(report))) => self.end = Some(Ok(*report)),
                Err(error) => self.end = Some(Err(error.into())),
            }
        }
        let is_time = self.asked.is_none_or(|asked| asked.elapsed() >= interval);
        if self.end.is_none() && !self.owes && is_time {
            self.worker.send(&ProbeCommand::Latest);
            (self.asked, self.owes) = (Some(Instant::now()), true);
        }
        latest
    }

    /// Stops it: what it saw.
    pub(crate) fn stop(mut self) -> Result<ProbeReport> {
        if let Some(end) = self.end.take() {
            return end;
        }
        self.worker.send(&ProbeCommand::Stop);
        Ok(self.await_event("last sample", |event| match event {
            ProbeEvent::Done(report) => Some(*report),
            _ => None,
        })?)
    }

    fn await_event<T>(
        &mut self,
        awaited: &'static str,
        wanted: impl Fn(ProbeEvent) -> Option<T>,
    ) -> worker::Result<T> {
        self.worker.await_event(awaited, RESPONSE_TIMEOUT, |event| match event {
            ProbeEvent::Failed { reason } => {
                Some(Err(WorkerError::Failed { worker: "probe", reason }))
            }
            event => wanted(event).map(Ok),
        })
    }
}
