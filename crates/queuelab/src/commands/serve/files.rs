//! The files of a run's directory, as they are.

use std::path::Path;
use std::sync::Arc;

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{HEADERS, html, pages, runs};

/// A report has a script of its own. What a file may do is bounded all the same:
/// in a sandbox it belongs to no site, so that one which somebody else has made
/// can neither read the other pages nor send anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; sandbox allow-scripts";

/// The file with these names below `root`, one for each folder on the way.
pub(super) async fn response(root: Arc<Path>, names: Vec<String>) -> Response {
    let kind = kind(names.last().map_or("", String::as_str));
    let found = tokio::task::spawn_blocking(move || {
        let place = root.display().to_string();
        runs::read(&root, &names).map_err(|error| (place, error))
    });
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    match found.await {
        Ok(Ok(Some(contents))) => (headers, contents).into_response(),
        Ok(Ok(None)) => (StatusCode::NOT_FOUND, HEADERS, html(&pages::not_found())).into_response(),
        Ok(Err((place, error))) => {
            let page = pages::unreadable(Path::new(&place), &error);
            (StatusCode::INTERNAL_SERVER_ERROR, HEADERS, html(&page)).into_response()
        }
        // A panic, which has been printed.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What a browser takes a file for; what it need not show as a page is text.
fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        _ => "text/plain; charset=utf-8",
    }
}
