//! The probe of a trial.

use std::time::{Duration, Instant};

use probe::{
    ProbeCommand, ProbeConfig, ProbeEvent, ProbeProtocol, ProbeReport, ProbeResponse, ProbeStatus,
};
use worker::{Client, Message, RESPONSE_TIMEOUT, WorkerError, config_arguments};

use crate::backend::{Role, Testbed};
use crate::error::Result;

/// A running probe in the server's host.
pub(crate) struct Probe {
    client: Client<ProbeProtocol>,
    /// When its latest sample was requested last.
    requested: Option<Instant>,
    /// Whether the response is outstanding.
    is_outstanding: bool,
    /// The probe's report or error, if it arrived before the probe was stopped.
    end: Option<worker::Result<ProbeReport>>,
}

impl Probe {
    /// Starts a probe, one of `at_once`, and waits until it has taken a sample.
    pub(crate) fn start(
        testbed: &dyn Testbed,
        config: ProbeConfig,
        at_once: usize,
    ) -> Result<Self> {
        let arguments = config_arguments::<ProbeProtocol>(&config.shared_by(at_once));
        let mut client = Client::new(testbed.start(Role::Server, "probe", &arguments)?);
        client.await_event("first sample", RESPONSE_TIMEOUT, |event| {
            matches!(event, ProbeEvent::Sampling).then_some(Ok(()))
        })?;
        Ok(Self { client, requested: None, is_outstanding: false, end: None })
    }

    /// The probe's latest sample, if a response has arrived since the last call. Requests
    /// the next one if none is outstanding and the last request is older than
    /// `interval`. Never blocks; [`Probe::stop`] returns errors.
    pub(crate) fn latest(&mut self, interval: Duration) -> Option<ProbeStatus> {
        let mut latest = None;
        while self.end.is_none() {
            match self.client.message(Duration::ZERO) {
                Ok(None) => break,
                Ok(Some(Message::Response { response: ProbeResponse::Status(status), .. })) => {
                    self.is_outstanding = false;
                    latest = Some(status);
                }
                Ok(Some(Message::Failed(failure))) => {
                    self.end = Some(Err(WorkerError::Failed {
                        worker: "probe",
                        reason: failure.reason,
                        errno: failure.errno,
                    }));
                }
                Ok(Some(Message::Event(ProbeEvent::Done(report)))) => self.end = Some(Ok(*report)),
                Ok(Some(Message::Event(ProbeEvent::Sampling) | Message::Started(_))) => {}
                Err(error) => self.end = Some(Err(error)),
            }
        }
        let is_due = self.requested.is_none_or(|requested| requested.elapsed() >= interval);
        if self.end.is_none() && !self.is_outstanding && is_due {
            self.client.send(ProbeCommand::Latest);
            (self.requested, self.is_outstanding) = (Some(Instant::now()), true);
        }
        latest
    }

    /// Lets the probe scan the sockets now, and waits until it has. [`Probe::stop`] returns
    /// errors.
    pub(crate) fn scan(&mut self) {
        if self.end.is_some() {
            return;
        }
        let response = self.client.request("sample", ProbeCommand::Status, Some);
        self.end = response.err().map(Err);
        self.is_outstanding = false;
    }

    /// Stops the probe; returns its report.
    pub(crate) fn stop(mut self) -> Result<ProbeReport> {
        if let Some(end) = self.end.take() {
            return Ok(end?);
        }
        self.client.send(ProbeCommand::Stop);
        let report =
            self.client.await_event("last sample", RESPONSE_TIMEOUT, |event| match event {
                ProbeEvent::Done(report) => Some(Ok(*report)),
                ProbeEvent::Sampling => None,
            })?;
        Ok(report)
    }
}
