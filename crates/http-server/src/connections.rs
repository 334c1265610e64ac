//! The connections: each is served by a task, a limited number at a time.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

use crate::limits::Limits;

/// How long requests in progress may take after the shutdown began.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest head of a request, bytes: names of runs and browsers' headers take about a
/// kilobyte. A longer one gets a 431 (414 if its target alone is longer than 65,534).
const MAX_HEAD: usize = 16 << 10;

/// The bytes that a connection buffers, per direction.
const BUFFER: usize = 64 << 10;

/// Serves connections until `shutdown` completes; requests in progress then get
/// [`DRAIN_TIMEOUT`] to end.
pub(crate) async fn serve(
    mut listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let free = Arc::new(Semaphore::new(limits.connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_header_size(MAX_HEAD)
        .max_buf_size(BUFFER);
    let served = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, _) = tokio::select! {
            // Retries when the process has no descriptor left.
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut shutdown => break,
        };
        let Ok(permit) = Arc::clone(&free).try_acquire_owned() else {
            refuse(&stream);
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let stream = TokioIo::new(with_timeout(stream, limits.stall_timeout));
        let connection = served.watch(http.serve_connection(stream, service));
        tokio::spawn(async move {
            // A client that went away, was too slow or sent no HTTP is no concern of ours.
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, served.shutdown()).await;
}

/// A stream that fails when its client takes no data for this long.
fn with_timeout(stream: TcpStream, timeout: Duration) -> Pin<Box<TimeoutStream<TcpStream>>> {
    // The kernel keeps less of what a client does not take, and notices sooner that it takes
    // some of it.
    let _ = SockRef::from(&stream).set_tcp_notsent_lowat(BUFFER as u32);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(timeout));
    Box::pin(stream)
}

/// Answers 503, as far as this can be done without waiting.
fn refuse(stream: &TcpStream) {
    let text = "Too many connections are open; close one and try again.\n";
    let response = format!(
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let _ = stream.try_write(response.as_bytes());
}
