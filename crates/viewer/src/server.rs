//! The server: bound to an address, then serving until its shutdown.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::guard::Guard;
use crate::router::router;
use crate::site::Site;

/// How long requests in progress may take after the shutdown began.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// A server that listens, and serves once [`serve`](Self::serve) is called.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// Why the runs cannot be served: a fragment that fits "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("serve on {address}: {source}")]
    Bind {
        /// The address that was requested.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The server stopped by itself.
    #[error("serve: {0}")]
    Serve(std::io::Error),
}

impl Server {
    /// Listens on an address; port 0 takes a free port.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn bind(address: SocketAddr) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// The address that it listens on, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the runs below a directory until `shutdown` completes. Requests in
    /// progress then get [`DRAIN_TIMEOUT`] to end.
    ///
    /// # Errors
    /// If the server stops by itself.
    pub async fn serve(
        self,
        runs: &Path,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let (stopping, stopped) = oneshot::channel();
        let graceful = async move {
            shutdown.await;
            let _ = stopping.send(());
        };
        let drained = async {
            // Without a sender the server has ended, and this is not waited for.
            let _ = stopped.await;
            tokio::time::sleep(DRAIN_TIMEOUT).await;
        };
        let router = router(Arc::new(Site::new(runs)), Guard::new(self.address));
        let server = axum::serve(self.listener, router).with_graceful_shutdown(graceful);
        tokio::select! {
            served = server => served.map_err(ServeError::Serve),
            () = drained => Ok(()),
        }
    }
}
