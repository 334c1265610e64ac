//! Directories of runs that were killed while their first files were written.
//!
//! A directory has a hidden name until its files are in it. The process that writes them has
//! locked it: one that can be locked has no process. Of two interleaved runs one may have its
//! name already: then the files of both are complete, and the other one gets its name too.

use std::path::{Path, PathBuf};

use crate::error::RunDirectoryError;
use crate::folder::Folder;
use crate::run_name::{BASELINE, RunName};

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// The name of a directory while its files are written. Lists of runs do not show it.
pub(crate) fn hidden_name(name: &str) -> String {
    format!(".{name}.partial")
}

/// The name that a directory with a hidden name was to have.
pub(crate) fn planned_name(hidden: &str) -> Option<&str> {
    let name = hidden.strip_prefix('.')?.strip_suffix(".partial")?;
    RunName::parse(name).map(|_| name)
}

/// Removes the directories that killed runs and suites left below an output directory, and
/// returns their paths; with `dry_run`, only finds them. A run that begins removes those of
/// its scenario.
///
/// # Errors
/// If one cannot be removed, or a directory cannot be read.
pub fn remove_unfinished(root: &Path, dry_run: bool) -> Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    if !root.exists() {
        return Ok(removed);
    }
    let root = Folder::open(root)?;
    for name in root.names()? {
        // Anything else than a directory is not of a run.
        if let Ok(Some(parent)) = root.folder(&name) {
            removed.extend(remove_from(&parent, dry_run)?);
        }
    }
    removed.sort();
    Ok(removed)
}

/// The same in the directory of one scenario or suite.
pub(crate) fn remove_from(parent: &Folder, dry_run: bool) -> Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for name in parent.names()? {
        let Some(planned) = planned_name(&name) else { continue };
        let Ok(Some(folder)) = parent.folder(&name) else { continue };
        let Some(lock) = folder.try_lock()? else { continue };
        // Its process may have given it its name before it could be locked.
        if !parent.is(&name, &lock) {
            continue;
        }
        if parent.has(&interleaved_name(planned))
            && (dry_run || parent.rename_folder(&name, planned).is_ok())
        {
            continue;
        }
        if !dry_run {
            parent.remove_folder(&name)?;
        }
        removed.push(parent.path_of(&name));
    }
    Ok(removed)
}

/// The name of the run that a run with this name may be interleaved with.
fn interleaved_name(name: &str) -> String {
    match name.strip_suffix(BASELINE) {
        Some(new) => new.to_owned(),
        None => format!("{name}-base"),
    }
}
