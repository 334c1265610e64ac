//! The browser for tests of pages, in this crate and in others.

use std::path::PathBuf;

/// The browser; `None` if there is none, which is a failure in CI.
pub(crate) fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|candidate| candidate.is_file());
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "CI needs a browser: `apt-get install chromium`"
    );
    if found.is_none() {
        eprintln!("NOT TESTED: no chromium on this machine to open the page with");
    }
    found
}
