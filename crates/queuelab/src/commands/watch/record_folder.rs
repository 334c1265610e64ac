//! The directory of a recording.

use std::io;
use std::os::unix::fs::lchown;
use std::path::Path;

use run_record::{Folder, RunDirectoryError};
use watch::{WatchError, find_user};

use crate::error::CommandError;

/// Opens the directory of a recording, and creates it and its parents if necessary. It is called
/// before the rights of `user` are taken, so a new one is given to that user, who need not have
/// access to its parents.
///
/// # Errors
/// If it cannot be created or opened, there is no such user, or this process may not give it away.
pub(super) fn open(directory: &Path, user: Option<&str>) -> Result<Folder, CommandError> {
    let Some(name) = user else { return Ok(Folder::create_all(directory)?) };
    let refused = |source| WatchError::Rights { user: name.to_owned(), source };
    let user = find_user(name)?;
    if let Some(parent) = directory.parent() {
        Folder::create_all(parent)?;
    }
    match std::fs::create_dir(directory) {
        Ok(()) => lchown(directory, Some(user.uid), Some(user.gid)).map_err(|source| {
            // It is empty.
            let _ = std::fs::remove_dir(directory);
            refused(source)
        })?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(source) => {
            let path = directory.to_owned();
            return Err(RunDirectoryError::Io { action: "create", path, source }.into());
        }
    }
    Ok(Folder::open(directory)?)
}

/// The error of a recording that cannot be created: with what to do, if `user` may not write
/// into the directory.
pub(super) fn refusal(error: RunDirectoryError, user: Option<&str>) -> CommandError {
    match (error, user) {
        (RunDirectoryError::Io { path, source, .. }, Some(user))
            if source.kind() == io::ErrorKind::PermissionDenied =>
        {
            CommandError::Usage(format!(
                "user {user} may not write {}: name a directory that does not exist, which is \
                 then given to this user, or one of this user",
                path.display()
            ))
        }
        (error, _) => error.into(),
    }
}
