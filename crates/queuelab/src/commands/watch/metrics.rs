//! `--metrics`: serves what a watch sees for Prometheus.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;

use http_server::{Limits, Server};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use watch::Watch;
use watch_metrics::Exporter;

use crate::commands::bind_error::bind_error;
use crate::error::CommandError;

/// Connections at the same time: of a few Prometheus servers and people.
const CONNECTIONS: usize = 32;

/// An address with a port, or only a port.
pub(super) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let of_port = || text.parse().map(|port: u16| (Ipv4Addr::LOCALHOST, port).into());
    text.parse().or_else(|_| of_port()).map_err(|_| {
        "expected an IP address with a port, such as 127.0.0.1:9464, or a port of 127.0.0.1"
            .to_owned()
    })
}

/// A server that listens, and does not serve yet.
#[derive(Debug)]
pub(super) struct MetricsServer {
    runtime: Runtime,
    server: Server,
}

/// Serves until it is dropped.
#[derive(Debug)]
pub(super) struct Serving {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MetricsServer {
    pub(super) fn bind(address: SocketAddr) -> Result<Self, CommandError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(cannot_serve)?;
        let server = runtime.block_on(Server::bind(address));
        let server = server.map_err(|error| bind_error(error, "--metrics"))?;
        let limits = Limits { connections: CONNECTIONS, ..Limits::default() };
        Ok(Self { runtime, server: server.with_limits(limits).for_other_machines() })
    }

    /// The address that it listens on, with the port that was chosen.
    pub(super) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Serves in a thread. A snapshot is only taken when a client asks for one.
    pub(super) fn start(self, watch: Arc<Watch>) -> Result<Serving, CommandError> {
        let router = watch_metrics::router(Exporter::new(move || watch.snapshot()));
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = move || {
            // An error is that the other side was dropped, which stops it too.
            let stopped = async { drop(stopped.await) };
            self.runtime.block_on(self.server.serve(router, stopped));
        };
        let thread = std::thread::Builder::new().name("metrics".to_owned()).spawn(serve);
        Ok(Serving { stop: Some(stop), thread: Some(thread.map_err(cannot_serve)?) })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic has been printed.
            let _ = thread.join();
        }
    }
}

fn cannot_serve(source: std::io::Error) -> CommandError {
    CommandError::Io { action: "serve the metrics".to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_one_of_the_loopback_address() {
        let parsed = |text: &str| parse_address(text).map(|address| address.to_string());
        assert_eq!(parsed("9464"), Ok("127.0.0.1:9464".to_owned()));
        assert_eq!(parsed("0.0.0.0:9464"), Ok("0.0.0.0:9464".to_owned()));
        assert_eq!(parsed("[::1]:9464"), Ok("[::1]:9464".to_owned()));
        for wrong in ["", "127.0.0.1", ":9464", "localhost:9464", "65536", "-1", "x"] {
            assert!(parsed(wrong).unwrap_err().contains("such as 127.0.0.1:9464"), "{wrong}");
        }
    }
}
