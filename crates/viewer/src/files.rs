//! The files of a run directory, unchanged.

use std::sync::Arc;

use axum::extract::{Path as UrlPath, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::site::Site;
use crate::{page, run_index};

/// A report may run its own script, in a sandbox: a file belongs to no origin, so one from
/// elsewhere can neither read the other pages nor send requests.
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

/// A file in a directory of a run.
pub(crate) async fn file_in_folder(
    State(site): State<Arc<Site>>,
    UrlPath(names): UrlPath<[String; 4]>,
) -> Response {
    response(site, names.into()).await
}

/// The file with these names: those of the directories below the runs, then its own.
async fn response(site: Arc<Site>, names: Vec<String>) -> Response {
    page::from_files(move || match run_index::read_file(&site.runs, &names) {
        Ok(Some(contents)) => {
            let kind = content_type(names.last().map_or("", String::as_str));
            let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)];
            (headers, contents).into_response()
        }
        Ok(None) => page::not_found().into_response(),
        Err(error) => page::unreadable(&site.runs, &error).into_response(),
    })
    .await
}

/// The content type by the extension; everything that is not a page or an image is text.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("xml") => "application/xml",
        _ => "text/plain; charset=utf-8",
    }
}
