//! Finding and reading files: a path, `./scenarios`, or built into this program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use suggest::nearest;

use crate::limits::MAX_FILE_BYTES;
use crate::text::{listed, shortened};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../scenarios");
const FOLDER: &str = "scenarios";
/// The end of the path of a built-in file, for people.
const BUILT_IN: &str = " (built in)";

/// The text of a scenario or suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name of the file without its extension.
    pub name: String,
    /// The path for error messages.
    pub path: String,
    /// The YAML.
    pub text: String,
}

impl Source {
    /// Whether it is a file of `./scenarios` or built in.
    pub(crate) fn is_of_this_place(&self) -> bool {
        let folder = |path: &Path| path.canonicalize().ok();
        let own = Path::new(&self.path).parent().and_then(folder);
        let is_built_in = || embedded(&self.name).is_some_and(|built_in| built_in == *self);
        is_built_in() || (own.is_some() && own == folder(Path::new(FOLDER)))
    }
}

/// A scenario could not be found or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum FindError {
    /// No scenario has that name.
    #[error("there is no scenario `{name}`")]
    Unknown {
        /// The unknown name.
        name: String,
        /// The names that exist.
        #[help]
        help: String,
    },
    /// It is a device, a pipe, a socket or a directory.
    #[error("failed to read {path}: it is not a regular file")]
    NotAFile {
        /// The file.
        path: String,
        /// What to do.
        #[help]
        help: &'static str,
    },
    /// It is larger than any scenario.
    #[error("failed to read {path}: it is larger than {MAX_FILE_BYTES} bytes")]
    #[diagnostic(help("a scenario has a few kilobytes; is it the right file?"))]
    TooLarge {
        /// The file.
        path: String,
    },
    /// Its file could not be read.
    #[error("failed to read {path}")]
    Unreadable {
        /// The file.
        path: String,
        /// The cause.
        source: io::Error,
    },
}

/// Reads the file of that name or at that path; [`crate::load`] describes the lookup.
pub(crate) fn find(name_or_path: &str) -> Result<Source, FindError> {
    let path = Path::new(name_or_path);
    if name_or_path.contains('/') || is_yaml(path) {
        return read(path);
    }
    let here = Path::new(FOLDER).join(format!("{name_or_path}.yaml"));
    if here.exists() {
        return read(&here);
    }
    embedded(name_or_path).ok_or_else(|| unknown(name_or_path))
}

/// Every file that has a name, sorted by name: those in `./scenarios`, and the
/// built-in ones that they do not replace.
pub(crate) fn named() -> Vec<Source> {
    let mut sources: BTreeMap<String, Source> =
        built_in().filter_map(|name| Some((name.clone(), embedded(&name)?))).collect();
    for path in files_here() {
        if let Ok(source) = read(&path) {
            sources.insert(source.name.clone(), source);
        }
    }
    sources.into_values().collect()
}

fn built_in() -> impl Iterator<Item = String> {
    EMBEDDED.files().filter_map(|file| stem(file.path()))
}

fn files_here() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(FOLDER).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect()
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

fn stem(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_string_lossy().into_owned())
}

/// Reads a file, but no more of it than a scenario can have. Opening a pipe would wait for
/// its writer, and a device may have no end.
fn read(path: &Path) -> Result<Source, FindError> {
    let shown = path.display().to_string();
    let unreadable = |source| FindError::Unreadable { path: shown.clone(), source };
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = file.map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        let help = "write the scenario to a file, and name that";
        return Err(FindError::NotAFile { path: shown, help });
    }
    let mut text = String::new();
    let limit = MAX_FILE_BYTES as u64 + 1;
    file.take(limit).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() > MAX_FILE_BYTES {
        return Err(FindError::TooLarge { path: shown });
    }
    Ok(Source { name: stem(path).unwrap_or_default(), path: shown, text })
}

fn embedded(name: &str) -> Option<Source> {
    let file = EMBEDDED.get_file(format!("{name}.yaml"))?;
    Some(Source {
        name: name.to_owned(),
        path: format!("{FOLDER}/{name}.yaml{BUILT_IN}"),
        text: file.contents_utf8()?.to_owned(),
    })
}

fn unknown(name: &str) -> FindError {
    let names: BTreeSet<String> =
        built_in().chain(files_here().iter().filter_map(|path| stem(path))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let list = format!("there are {}; a path to a file works too", listed(&names));
    let help = match nearest(name, names.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`? {list}"),
        None => list,
    };
    FindError::Unknown { name: shortened(name).into_owned(), help }
}
