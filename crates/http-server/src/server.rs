//! The server: bound to an address, then serving until its shutdown.

use std::net::SocketAddr;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;

use crate::connections;
use crate::guard::{self, Guard};
use crate::limits::Limits;

/// A server that listens, and serves once [`serve`](Self::serve) is called.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
    any_host: bool,
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
        Ok(Self { listener, address, limits: Limits::default(), any_host: false })
    }

    /// The same server with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same server, which answers requests for any host unless it listens on a loopback
    /// address: for programs of other machines, which reach it by names that it does not know.
    /// Without this it answers only those for addresses of its machine, so that a page of
    /// another site cannot read what it shows (DNS rebinding).
    #[must_use]
    pub fn for_other_machines(self) -> Self {
        let any_host = !self.address.ip().to_canonical().is_loopback();
        Self { any_host, ..self }
    }

    /// The address that it listens on, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves GET and HEAD requests until `shutdown` completes. Requests in progress then get
    /// two seconds to end.
    pub async fn serve(self, router: Router, shutdown: impl Future<Output = ()>) {
        let guard = Guard::new(self.address, self.any_host);
        let router = router.layer(from_fn_with_state(guard, guard::check));
        connections::serve(self.listener, router, self.limits, shutdown).await;
    }
}
