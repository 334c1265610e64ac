//! The server of a trial: started, asked, stopped, or found dead.

use std::net::SocketAddr;

use chat_server::{
    AcceptedConnection, ServerCommand, ServerEvent, ServerReport, ServerSettings, Sigpipe,
};
use worker::{RESPONSE_TIMEOUT, Worker, WorkerError, config_arguments};

use crate::backend::{Role, Testbed};
use crate::error::Result;

/// A running server.
pub(crate) struct Server {
    worker: Worker,
    /// What it listens on, as the client sees it.
    pub(crate) address: SocketAddr,
    /// It tells of each connection as it accepts it.
    announces: bool,
    announced: Vec<AcceptedConnection>,
}

/// Why a server could not start.
pub(crate) struct Refused {
    /// In its own words.
    pub(crate) reason: String,
    /// The errno, where a system call failed.
    pub(crate) errno: Option<i32>,
}

/// How far a server is.
pub(crate) struct ServerStatus {
    /// Connections accepted and registered so far.
    pub(crate) accepted: u64,
    /// Clients that it serves now.
    pub(crate) threads: u64,
}

/// How a server ended.
pub(crate) enum ServerEnd {
    /// It was told to, and gave its figures.
    Stopped(Box<ServerReport>),
    /// By itself.
    Died {
        /// Its signal or exit code.
        status: String,
        /// CLOCK_MONOTONIC when that was noticed, nanoseconds.
        at_ns: u64,
        /// What it had accepted; none where that died with it.
        accepted: Option<Vec<AcceptedConnection>>,
    },
}

impl Server {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(testbed: &dyn Testbed, settings: &ServerSettings) -> Result<Self> {
        Self::launch(testbed, settings)?.map_err(|refused| {
            WorkerError::Failed { worker: "server", reason: refused.reason }.into()
        })
    }

    /// Starts it, and waits until it listens or says why it cannot.
    pub(crate) fn launch(
        testbed: &dyn Testbed,
        settings: &ServerSettings,
    ) -> Result<std::result::Result<Self, Refused>> {
        let arguments = config_arguments("server", settings);
        let mut worker = testbed.start(Role::Server, "server", &arguments)?;
        let listening =
            worker.await_event("listening socket", RESPONSE_TIMEOUT, |event| match event {
                ServerEvent::Listening { address, .. } => Some(Ok(Ok(address))),
                ServerEvent::Failed { reason, errno } => Some(Ok(Err(Refused { reason, errno }))),
                _ => None,
            })?;
        Ok(listening.map(|listening| Self {
            worker,
            address: SocketAddr::new(testbed.addresses().server, listening.port()),
            announces: settings.sigpipe == Sigpipe::Default,
            announced: Vec::new(),
        }))
    }

    /// Whether it has ended by itself.
    pub(crate) fn is_dead(&mut self) -> bool {
        self.worker.end().is_some()
    }

    /// Lets the ACKs in that it has held, unless it has died.
    pub(crate) fn let_in(&mut self) -> Result<()> {
        self.worker.send(&ServerCommand::LetIn);
        let answer = self.await_event("word that it has let the ACKs in", |event| match event {
            ServerEvent::LetIn => Some(Ok(())),
            ServerEvent::Failed { reason, .. } => {
                Some(Err(WorkerError::Failed { worker: "server", reason }))
            }
            _ => None,
        });
        match answer {
            Err(WorkerError::Exited { .. }) => Ok(()),
            answer => Ok(answer??),
        }
    }

    /// Lets it accept, when it was started paused.
    pub(crate) fn resume(&mut self) {
        self.worker.send(&ServerCommand::Resume);
    }

    /// How far it is; none when it has died.
    pub(crate) fn status(&mut self) -> Result<Option<ServerStatus>> {
        self.worker.send(&ServerCommand::Status);
        let status = self.await_event("status", |event| match event {
            ServerEvent::Status { accepted, threads, .. } => {
                Some(ServerStatus { accepted, threads })
            }
            _ => None,
        });
        match status {
            Err(WorkerError::Exited { .. }) => Ok(None),
            status => Ok(status.map(Some)?),
        }
    }

    /// Stops it, unless it is dead already.
    pub(crate) fn stop(mut self) -> Result<ServerEnd> {
        let died_before = self.worker.end().is_some();
        self.worker.send(&ServerCommand::Stop);
        let report = self.await_event("last report", |event| match event {
            ServerEvent::Stopped(report) => Some(report),
            _ => None,
        });
        match (report, self.worker.end().cloned()) {
            (Ok(report), _) if !died_before => Ok(ServerEnd::Stopped(report)),
            (Ok(_) | Err(WorkerError::Exited { .. }), Some(end)) => Ok(ServerEnd::Died {
                status: end.status,
                at_ns: end.at_ns,
                accepted: self.announces.then_some(self.announced),
            }),
            (Ok(report), None) => Ok(ServerEnd::Stopped(report)),
            (Err(error), _) => Err(error.into()),
        }
    }

    fn await_event<T>(
        &mut self,
        awaited: &'static str,
        mut wanted: impl FnMut(ServerEvent) -> Option<T>,
    ) -> worker::Result<T> {
        let announced = &mut self.announced;
        self.worker.await_event(awaited, RESPONSE_TIMEOUT, |event| match event {
            ServerEvent::Accepted(connection) => {
                announced.push(connection);
                None
            }
            event => wanted(event).map(Ok),
        })
    }
}
