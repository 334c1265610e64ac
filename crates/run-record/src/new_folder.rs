//! A new directory below an output directory: it appears with its files in it, or not at all.

use std::fs::File;
use std::path::Path;

use jiff::Timestamp;
use nix::errno::Errno;

use crate::error::{RunDirectoryError, io_error};
use crate::file_name::check_file_name;
use crate::folder::Folder;
use crate::run_name::RunName;
use crate::unfinished::{self, hidden_name, planned_name};

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// Directories that appear together.
pub(crate) struct NewFolders<const N: usize> {
    /// The directory of the scenario or suite.
    pub(crate) parent: Folder,
    /// The directories, in the order of their suffixes.
    pub(crate) folders: [Folder; N],
}

/// Creates `ROOT/NAME/<UTC time><suffix>/` for each suffix, with a name that is after those of
/// the earlier ones: of two created in the same second, the second one has `-2` after the time.
/// `fill` writes the files: it gets the directories, which have other names until it returns,
/// and their names.
///
/// # Errors
/// If NAME is not a name, or a directory or a file cannot be written. Then none of the
/// directories remains.
pub(crate) fn create<const N: usize, T>(
    root: &Path,
    name: &str,
    started: Timestamp,
    suffixes: [&str; N],
    mut fill: impl FnMut(&[Folder; N], &[String; N]) -> Result<T>,
) -> Result<(NewFolders<N>, T)> {
    let invalid = |reason| RunDirectoryError::InvalidName { name: name.to_owned(), reason };
    check_file_name(name).map_err(invalid)?;
    let root = Folder::create_all(root)?;
    let is_new = !root.has(name);
    let parent = root.create_folder(name)?;
    // What cannot be removed takes a name, and nothing else.
    let _ = unfinished::remove_from(&parent, false);
    let present = parent.names()?;
    let earlier = present.iter().map(|name| planned_name(name).unwrap_or(name));
    let first = RunName::after(earlier, started);
    let created = std::iter::successors(Some(first), |name| Some(name.next())).find_map(|stem| {
        let names = suffixes.map(|suffix| format!("{stem}{suffix}"));
        create_named(&parent, names, &mut fill).transpose()
    });
    let created = created.expect("an endless sequence finds a free name or fails");
    if created.is_err() && is_new {
        // Another run of the scenario may have begun.
        let _ = root.remove_empty_folder(name);
    }
    let (folders, filled) = created?;
    Ok((NewFolders { parent, folders }, filled))
}

/// `None` if a name is in use.
fn create_named<const N: usize, T>(
    parent: &Folder,
    names: [String; N],
    fill: &mut impl FnMut(&[Folder; N], &[String; N]) -> Result<T>,
) -> Result<Option<([Folder; N], T)>> {
    if names.iter().any(|name| parent.has(name)) {
        return Ok(None);
    }
    let partial = names.each_ref().map(|name| hidden_name(name));
    let mut folders = Vec::with_capacity(N);
    let mut locks = Vec::with_capacity(N);
    let mut undo = Undo { parent, names: Vec::new() };
    for name in &partial {
        match parent.create_new_folder(name) {
            // Another process, which begins too, took it for that of a killed one.
            Ok(None) => return Ok(None),
            Ok(Some(folder)) => {
                let lock = locked(parent, name, &folder).inspect_err(|_| {
                    let _ = parent.remove_empty_folder(name);
                });
                // Another process may have removed it before it was locked.
                let Some(lock) = lock? else { return Ok(None) };
                undo.names.push(name.clone());
                folders.push(folder);
                locks.push(lock);
            }
            // Of another process, which begins at this moment or was killed there.
            Err(RunDirectoryError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::AlreadyExists =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    }
    let folders: [Folder; N] = folders.try_into().expect("one for each name");
    let filled = fill(&folders, &names)?;
    for (partial, name) in partial.iter().zip(&names) {
        match parent.rename_folder(partial, name) {
            Ok(()) => undo.renamed(partial, name),
            // Created meanwhile.
            Err(Errno::ENOTEMPTY | Errno::EEXIST | Errno::ENOTDIR) => return Ok(None),
            Err(error) => return Err(io_error("create", &parent.path_of(name), error.into())),
        }
    }
    drop(locks);
    parent.sync()?;
    undo.names.clear();
    let mut names = names.iter();
    let folders = folders.map(|folder| folder.renamed(parent, names.next().expect("a name each")));
    Ok(Some((folders, filled)))
}

/// The lock of a directory that was created; `None` if another process removes it.
fn locked(parent: &Folder, name: &str, folder: &Folder) -> Result<Option<File>> {
    Ok(folder.try_lock()?.filter(|lock| parent.is(name, lock)))
}

/// Removes the directories that were created, unless the list is cleared.
struct Undo<'a> {
    parent: &'a Folder,
    names: Vec<String>,
}

impl Undo<'_> {
    fn renamed(&mut self, from: &str, to: &str) {
        for name in self.names.iter_mut().filter(|name| *name == from) {
            to.clone_into(name);
        }
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = self.parent.remove_folder(name);
        }
    }
}
