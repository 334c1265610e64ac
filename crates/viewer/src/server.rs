//! The server: bound to an address, then serving until its shutdown.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_server::{BindError, Limits};

use crate::router::router;
use crate::site::Site;

/// A server that listens, and serves once [`serve`](Self::serve) is called.
#[derive(Debug)]
pub struct Server {
    http: http_server::Server,
    events_lifetime: Duration,
}

impl Server {
    /// Listens on an address; port 0 takes a free port.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let http = http_server::Server::bind(address).await?;
        Ok(Self { http, events_lifetime: Duration::from_secs(600) })
    }

    /// The same server with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { http: self.http.with_limits(limits), ..self }
    }

    /// The same server, which sends the events of a run in progress this long on one
    /// connection; 10 minutes by default. A browser then connects again by itself, and others
    /// find room.
    #[must_use]
    pub fn with_events_lifetime(self, events_lifetime: Duration) -> Self {
        Self { events_lifetime, ..self }
    }

    /// The address that it listens on, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// Serves the runs below a directory until `shutdown` completes. Requests in progress
    /// then get two seconds to end.
    pub async fn serve(self, runs: &Path, shutdown: impl Future<Output = ()>) {
        let site = Arc::new(Site::new(runs, self.events_lifetime));
        self.http.serve(router(site), shutdown).await;
    }
}
