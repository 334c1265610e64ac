//! The files of a run directory, unchanged.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path as UrlPath, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use crate::site::Site;
use crate::{own_file, page};

/// A report may run its own script, in a sandbox: a file belongs to no origin, so one from
/// elsewhere can neither read the other pages nor send requests.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; sandbox allow-scripts";

/// The bytes of a file that are read at a time.
const CHUNK: usize = 64 << 10;

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
    let name = names.last().cloned().unwrap_or_default();
    let root = site.runs.clone();
    match site.lookups.run(move || open(&root, &names)).await {
        Ok(Some((file, length))) => {
            let headers = [
                (header::CONTENT_TYPE, content_type(&name).to_owned()),
                (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
                (header::CONTENT_LENGTH, length.to_string()),
            ];
            (headers, Body::from_stream(chunks(file, length))).into_response()
        }
        Ok(None) => page::not_found().into_response(),
        Err(error) => page::unreadable(&site.runs, &error).into_response(),
    }
}

/// A file and its length.
fn open(root: &Path, names: &[String]) -> io::Result<Option<(File, u64)>> {
    let Some(file) = own_file::open(root, names)? else { return Ok(None) };
    let length = file.metadata()?.len();
    Ok(Some((file, length)))
}

/// The first `length` bytes of a file: it may grow meanwhile. One chunk is in memory at a
/// time, and the next is read when the client has room for it.
fn chunks(file: File, length: u64) -> impl Stream<Item = io::Result<Bytes>> {
    let mut file = tokio::fs::File::from_std(file);
    file.set_max_buf_size(CHUNK);
    ReaderStream::with_capacity(file.take(length), CHUNK)
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
