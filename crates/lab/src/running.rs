//! The running executable, though another build may have taken its name.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What it is for the kernel, by whatever name, or none.
const ITSELF: &str = "/proc/self/exe";

/// Its path, as a person knows it: for messages.
pub(crate) fn path() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| ITSELF.into())
}

/// Opens it.
pub(crate) fn open() -> io::Result<File> {
    File::open(ITSELF)
}

/// What is in it.
pub(crate) fn contents() -> io::Result<Vec<u8>> {
    fs::read(ITSELF)
}

/// A command that runs it: by its path while that is its own, for `ps` and `top`
/// show the name; else as the kernel has it open. A run goes on while its binary
/// is built anew, and no part of it is another build's.
pub(crate) fn command() -> Command {
    Command::new(named_by(&path()))
}

/// The path if it names the running executable.
fn named_by(path: &Path) -> &Path {
    let place = |metadata: Metadata| (metadata.dev(), metadata.ino());
    match (fs::metadata(path).map(place), fs::metadata(ITSELF).map(place)) {
        (Ok(named), Ok(itself)) if named == itself => path,
        _ => Path::new(ITSELF),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_names_another_file_is_not_run() {
        let own = std::env::current_exe().unwrap();
        assert_eq!(named_by(&own), own);
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join("copy");
        assert_eq!(named_by(&copy), Path::new(ITSELF), "there is no such file");
        fs::copy(&own, &copy).unwrap();
        assert_eq!(named_by(&copy), Path::new(ITSELF), "alike, and another");
    }
}
