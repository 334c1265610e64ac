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
use run_record::RunDirectoryError;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use crate::page;
use crate::run_folder::folder_below;
use crate::site::Site;

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
        Err(error) => page::unreadable(&error).into_response(),
    }
}

/// The file with these names and its length. `None` if there is no such file, or it is not one
/// of a run: a link of either kind could lead anywhere, and a pipe or device could keep its
/// reader waiting.
fn open(root: &Path, names: &[String]) -> Result<Option<(File, u64)>, RunDirectoryError> {
    let [folders @ .., name] = names else { return Ok(None) };
    let open = || -> Result<_, RunDirectoryError> {
        let Some(folder) = folder_below(root, folders)? else { return Ok(None) };
        let Some(file) = folder.read(name)? else { return Ok(None) };
        Ok(file.metadata().ok().map(|found| (file, found.len())))
    };
    match open() {
        Err(error) if error.is_refusal() => Ok(None),
        opened => opened,
    }
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use nix::sys::stat::Mode;

    use super::*;

    #[test]
    fn only_regular_files_with_one_name_below_the_root_are_opened() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("runs");
        let run = root.join("smoke/2026");
        fs::create_dir_all(run.join("charts")).unwrap();
        fs::create_dir_all(place.path().join("secret/2026")).unwrap();
        let secret = place.path().join("secret/2026/key");
        fs::write(&secret, "secret").unwrap();
        fs::write(run.join("run.json"), "{}").unwrap();
        fs::write(run.join("charts/a.svg"), "<svg/>").unwrap();
        symlink(place.path().join("secret"), root.join("link")).unwrap();
        symlink(&secret, run.join("link")).unwrap();
        symlink(place.path().join("secret/2026"), run.join("linked")).unwrap();
        fs::hard_link(&secret, run.join("hard")).unwrap();
        nix::unistd::mkfifo(&run.join("pipe"), Mode::S_IRWXU).unwrap();
        let _socket = UnixListener::bind(run.join("socket")).unwrap();
        let read = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut contents = String::new();
            open(&root, &names).unwrap()?.0.read_to_string(&mut contents).unwrap();
            Some(contents)
        };
        assert_eq!(read(&["smoke", "2026", "run.json"]).unwrap(), "{}");
        assert_eq!(read(&["smoke", "2026", "charts", "a.svg"]).unwrap(), "<svg/>");
        let long = "a".repeat(300);
        for names in [
            &["smoke", "2026", "link"][..],
            &["smoke", "2026", "linked", "key"],
            &["smoke", "2026", "hard"],
            &["smoke", "2026", "pipe"],
            &["smoke", "2026", "socket"],
            &["smoke", "2026", "charts"],
            &["smoke", "2026", "none"],
            &["smoke", "2026", &long],
            &["smoke", "2026", ".."],
            &["smoke", "2026", "..", "file"],
            &["smoke", "2026", "charts/a.svg"],
            &["smoke", "2026", "../2026/run.json"],
            &["smoke", "2026", "run.json\0"],
            &["smoke", "", "run.json"],
            &["smoke", "2026", "run.json", "x"],
            &["..", "secret", "2026", "key"],
            &["link", "2026", "key"],
            &[],
        ] {
            assert!(read(names).is_none(), "{names:?}");
        }
        // A device, where this user may look at one.
        let devices = Path::new("/dev");
        assert!(open(devices, &["zero".to_owned()]).unwrap().is_none());
    }
}
