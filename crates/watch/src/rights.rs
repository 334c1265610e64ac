//! The rights of this process.

use std::io;

use linux_net::LocalUser;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

use crate::error::WatchError;

/// Finds the user whose rights a watch takes.
///
/// # Errors
/// If there is no such user.
pub fn find_user(name: &str) -> Result<LocalUser, WatchError> {
    let refused = |source| WatchError::Rights { user: name.to_owned(), source };
    LocalUser::find(name).map_err(refused)?.ok_or_else(|| WatchError::NoUser(name.to_owned()))
}

/// Takes the rights of a user, for every thread and for good.
///
/// # Errors
/// If there is no such user, or this process may not.
pub(crate) fn take_rights_of(name: &str) -> Result<(), WatchError> {
    let user = find_user(name)?;
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let take = || {
        setgroups(&[gid])?;
        setresgid(gid, gid, gid)?;
        setresuid(uid, uid, uid)
    };
    let refused = |errno| WatchError::Rights { user: name.to_owned(), source: errno };
    take().map_err(|errno: nix::Error| refused(io::Error::from(errno)))
}
