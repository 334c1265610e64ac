//! The paths of the server.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::exporter::Exporter;
use crate::format::Format;

/// From one scrape to the next at least, of all clients together: a client that asks without a
/// pause waits, instead of using a CPU.
pub const PACE: Duration = Duration::from_millis(50);

struct Scrapes {
    exporter: Exporter,
    /// When the next one may be answered. It is locked while one waits for that, so the others
    /// wait in their order, and one that gives up leaves no gap.
    next: Mutex<Instant>,
}

/// `/metrics`, and `/`, which names it.
pub fn router(exporter: Exporter) -> Router {
    Router::new()
        .route("/", get(async || "The metrics of queuelab watch, for Prometheus: /metrics\n"))
        .route("/metrics", get(metrics))
        .fallback(async || (StatusCode::NOT_FOUND, "The metrics are at /metrics\n"))
        .with_state(Arc::new(Scrapes { exporter, next: Mutex::new(Instant::now()) }))
}

async fn metrics(State(scrapes): State<Arc<Scrapes>>, headers: HeaderMap) -> impl IntoResponse {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let format = Format::accepted(&accepted.collect::<Vec<_>>().join(","));
    let headers = [(header::CONTENT_TYPE, format.content_type()), (header::VARY, "Accept")];
    let mut next = scrapes.next.lock().await;
    sleep_until(*next).await;
    *next = Instant::now() + PACE;
    drop(next);
    (headers, scrapes.exporter.text(format).to_string())
}
