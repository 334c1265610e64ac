//! The server: bound to an address, then serving until its shutdown.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::connections;
use crate::guard::Guard;
use crate::limits::Limits;
use crate::router::router;
use crate::site::Site;

/// A server that listens, and serves once [`serve`](Self::serve) is called.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
}

/// The address cannot be listened on: a fragment that fits "failed to …".
#[derive(Debug, thiserror::Error)]
#[error("serve on {address}: {source}")]
pub struct BindError {
    /// The address that was requested.
    pub address: SocketAddr,
    /// Why not.
    pub source: std::io::Error,
}

impl Server {
    /// Listens on an address; port 0 takes a free port.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let failed = |source| BindError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, limits: Limits::default() })
    }

    /// The same server with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The address that it listens on, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the runs below a directory until `shutdown` completes. Requests in progress
    /// then get two seconds to end.
    pub async fn serve(self, runs: &Path, shutdown: impl Future<Output = ()>) {
        let site = Arc::new(Site::new(runs, self.limits));
        let router = router(site, Guard::new(self.address));
        connections::serve(self.listener, router, self.limits, shutdown).await;
    }
}
