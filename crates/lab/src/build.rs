//! Another build of the program, whose workers run in the hosts instead of those of this
//! one.

use std::fs::{self, Metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::running;

/// How long a build may take to print its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);
/// What a build prints before its version.
const NAME: &str = "queuelab ";
/// Digits of the hash that identifies a build and is the tag of its image.
pub(crate) const HASH_DIGITS: usize = 16;

/// A build other than the running one.
#[derive(Debug, Clone)]
pub enum Build {
    /// An executable file.
    File(BuildFile),
    /// An image, by its name.
    Image(String),
}

impl Build {
    /// The build of that name: a file, or an image if the backend runs `images`.
    ///
    /// # Errors
    /// If the file is not a build of this program.
    pub fn find(name: &str, images: bool) -> Result<Self, BuildError> {
        let path = Path::new(name);
        match images && !path.exists() {
            true => Ok(Self::Image(name.to_owned())),
            false => Ok(Self::File(BuildFile::open(path)?)),
        }
    }
}

/// An executable file, as it was when it was opened.
#[derive(Debug, Clone)]
pub struct BuildFile {
    path: PathBuf,
    version: String,
    hash: String,
    identity: FileIdentity,
}

/// Identifies a file and its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileIdentity {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl FileIdentity {
    fn new(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl BuildFile {
    /// Reads a file, and runs it to get its version.
    ///
    /// # Errors
    /// If it cannot be run, or is another program.
    pub fn open(path: &Path) -> Result<Self, BuildError> {
        let unreadable = |source| BuildError::Unreadable { path: path.to_owned(), source };
        // A name without a slash would be searched in PATH.
        let path = &fs::canonicalize(path).map_err(unreadable)?;
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
            return Err(BuildError::NotExecutable { path: path.clone() });
        }
        let hash = hash(&fs::read(path).map_err(unreadable)?);
        let version = version(path)?;
        Ok(Self { path: path.clone(), version, hash, identity: FileIdentity::new(&metadata) })
    }

    /// The canonical path of the executable.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The running program.
    ///
    /// # Errors
    /// If its file cannot be read.
    pub fn running(version: &str) -> Result<run_record::Build, BuildError> {
        let path = running::path();
        let contents = running::contents()
            .map_err(|source| BuildError::Unreadable { path: path.clone(), source })?;
        Ok(run_record::Build {
            name: path.display().to_string(),
            hash: Some(hash(&contents)),
            version: Some(version.to_owned()),
        })
    }

    /// The build for the record of a run.
    pub(crate) fn record(&self) -> run_record::Build {
        run_record::Build {
            name: self.path.display().to_string(),
            hash: Some(self.hash.clone()),
            version: Some(self.version.clone()),
        }
    }

    /// A command that runs it.
    ///
    /// # Errors
    /// If the file has changed.
    pub(crate) fn command(&self) -> io::Result<Command> {
        match FileIdentity::new(&fs::metadata(&self.path)?) == self.identity {
            true => Ok(Command::new(&self.path)),
            false => Err(io::Error::other(format!(
                "{} has changed since the run began; name a copy that is not rebuilt",
                self.path.display()
            ))),
        }
    }
}

/// A build cannot run.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no such file, or it cannot be read.
    #[error("run the build {}: {source}", path.display())]
    Unreadable {
        /// The path of the missing or unreadable file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It is not an executable file.
    #[error("run the build {}: it is not an executable file", path.display())]
    NotExecutable {
        /// The path of the file.
        path: PathBuf,
    },
    /// It is not this program.
    #[error(
        "run the build {}: it is not a queuelab executable: with --version, it {behaviour}",
        path.display()
    )]
    NotQueuelab {
        /// The path of the executable.
        path: PathBuf,
        /// What it printed for `--version`, or how it ended.
        behaviour: String,
    },
}

/// The first digits of the SHA-256 of a file's contents.
pub(crate) fn hash(contents: &[u8]) -> String {
    let mut hash: String =
        Sha256::digest(contents).iter().map(|byte| format!("{byte:02x}")).collect();
    hash.truncate(HASH_DIGITS);
    hash
}

/// What an executable prints for `--version`.
fn version(path: &Path) -> Result<String, BuildError> {
    let other = |behaviour| BuildError::NotQueuelab { path: path.to_owned(), behaviour };
    let mut child = Command::new(path)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| BuildError::Unreadable { path: path.to_owned(), source })?;
    let output = child.stdout.take().expect("it was piped");
    // Only one line is read: a process that writes more gets SIGPIPE, and one that does
    // not close the pipe is not waited for.
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(output.take(200)).read_line(&mut line);
        let _ = sender.send(line);
    });
    let deadline = Instant::now() + VERSION_TIMEOUT;
    let ended = loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            Ok(ended) => break ended,
            Err(_) => break None,
        }
    };
    let Some(status) = ended else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(other(format!("did not end within {} s", VERSION_TIMEOUT.as_secs())));
    };
    let remaining = deadline.saturating_duration_since(Instant::now());
    let line = lines.recv_timeout(remaining).unwrap_or_default();
    match line.lines().next().unwrap_or_default() {
        line if status.success() && line.starts_with(NAME) => {
            Ok(line[NAME.len()..].trim().to_owned())
        }
        _ if !status.success() => Err(other(format!("ended with {status}"))),
        "" => Err(other("printed nothing".to_owned())),
        line => Err(other(format!("printed `{line}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(folder: &Path, text: &str) -> PathBuf {
        let (written, path) = (folder.join("text"), folder.join("build"));
        fs::write(&written, text).unwrap();
        // By another process, because a file that this one has open for writing cannot be
        // executed, and a child of another test may inherit it.
        let copy = Command::new("install").arg("-m755").args([&written, &path]).status();
        assert!(copy.unwrap().success());
        path
    }

    #[test]
    fn a_build_names_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = script(folder.path(), "#!/bin/sh\necho queuelab 9.8.7\n");
        let build = BuildFile::open(&path).unwrap();
        let record = build.record();
        assert_eq!(record.version.as_deref(), Some("9.8.7"));
        assert_eq!(record.hash.map(|hash| hash.len()), Some(HASH_DIGITS));
        assert!(build.command().is_ok());

        script(folder.path(), "#!/bin/sh\necho queuelab 9.8.8\n");
        let error = build.command().unwrap_err().to_string();
        assert!(error.contains("has changed since the run began"), "{error}");
    }

    #[test]
    fn another_program_is_refused_with_what_it_printed() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |path: &Path| BuildFile::open(path).unwrap_err().to_string();
        assert!(refusal(Path::new("/bin/true")).contains("it printed `true"));
        assert!(refusal(Path::new("/bin/false")).contains("it ended with exit status: 1"));
        assert!(refusal(folder.path()).contains("not an executable file"));
        assert!(refusal(&folder.path().join("none")).contains("No such file"));
        let endless = script(folder.path(), "#!/bin/sh\nexec yes queue\n");
        let error = refusal(&endless);
        assert!(error.contains("it ended with signal: 13"), "{error}");
        // A child of the build leaves the pipe open, until this test is done with it.
        let (held, ended) = (folder.path().join("held"), folder.path().join("ended"));
        fs::write(&held, "").unwrap();
        let child = "#!/bin/sh\ncd \"${0%/*}\"\n\
                     (while [ -e held ]; do sleep 0.05; done; touch ended) &\necho queuelab 7\n";
        let with_child = script(folder.path(), child);
        assert!(BuildFile::open(&with_child).is_ok());
        fs::remove_file(held).unwrap();
        while !ended.exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_name_that_is_not_a_file_is_an_image_if_the_backend_runs_images() {
        assert!(matches!(Build::find("queuelab:latest", true), Ok(Build::Image(_))));
        assert!(matches!(
            Build::find("queuelab:latest", false),
            Err(BuildError::Unreadable { .. })
        ));
        assert!(matches!(Build::find("/bin/true", true), Err(BuildError::NotQueuelab { .. })));
    }
}
