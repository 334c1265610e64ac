//! The files of a run's directory, as they are.

use std::sync::Arc;

use axum::extract::{Path as UrlPath, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::site::Site;
use crate::{page, runs};

/// A report has a script of its own. What a file may do is bounded all the same:
/// in a sandbox it belongs to no site, so that one which somebody else has made
/// can neither read the other pages nor send anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; sandbox allow-scripts";

/// A file of a run.
pub(crate) async fn file(
    State(site): State<Arc<Site>>,
    UrlPath(names): UrlPath<[String; 3]>,
) -> Response {
    response(site, names.into()).await
}

/// A file in a folder of a run.
pub(crate) async fn file_in_folder(
    State(site): State<Arc<Site>>,
    UrlPath(names): UrlPath<[String; 4]>,
) -> Response {
    response(site, names.into()).await
}

/// The file with these names below the runs' directory, one for each folder on
/// the way.
async fn response(site: Arc<Site>, names: Vec<String>) -> Response {
    page::answered(move || match runs::read(&site.runs, &names) {
        Ok(Some(contents)) => {
            let kind = kind(names.last().map_or("", String::as_str));
            let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)];
            (headers, contents).into_response()
        }
        Ok(None) => page::not_found().into_response(),
        Err(error) => page::unreadable(&site.runs, &error).into_response(),
    })
    .await
}

/// What a browser takes a file for; what it need not show as a page is text.
fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        _ => "text/plain; charset=utf-8",
    }
}
