//! The paths of the server.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::exporter::Exporter;
use crate::format::Format;

/// `/metrics`, and `/`, which names it.
pub fn router(exporter: Exporter) -> Router {
    Router::new()
        .route("/", get(async || "The metrics of queuelab watch, for Prometheus: /metrics\n"))
        .route("/metrics", get(metrics))
        .fallback(async || (StatusCode::NOT_FOUND, "The metrics are at /metrics\n"))
        .with_state(Arc::new(exporter))
}

async fn metrics(State(exporter): State<Arc<Exporter>>, headers: HeaderMap) -> impl IntoResponse {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let format = Format::accepted(&accepted.collect::<Vec<_>>().join(","));
    let headers = [(header::CONTENT_TYPE, format.content_type()), (header::VARY, "Accept")];
    (headers, exporter.text(format).to_string())
}
