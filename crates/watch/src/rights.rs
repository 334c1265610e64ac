//! The rights of this process.

use std::ffi::CString;
use std::io;

use nix::unistd::{User, setgroups, setresgid, setresuid};

use crate::error::WatchError;

/// Takes the rights of a user, for every thread and for good.
///
/// # Errors
/// If there is no such user, or this process may not.
pub(crate) fn take_rights_of(name: &str) -> Result<(), WatchError> {
    let none = || WatchError::NoUser(name.to_owned());
    CString::new(name).map_err(|_| none())?;
    let user = User::from_name(name).ok().flatten().ok_or_else(none)?;
    let take = || {
        setgroups(&[user.gid])?;
        setresgid(user.gid, user.gid, user.gid)?;
        setresuid(user.uid, user.uid, user.uid)
    };
    let refused = |errno: nix::Error| WatchError::Rights {
        user: name.to_owned(),
        source: io::Error::from(errno),
    };
    take().map_err(refused)
}
