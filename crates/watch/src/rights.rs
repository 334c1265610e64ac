//! The rights of this process.

use std::io;

use linux_net::LocalUser;
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

use crate::error::WatchError;

/// Takes the rights of a user, for every thread and for good.
///
/// # Errors
/// If there is no such user, or this process may not.
pub(crate) fn take_rights_of(name: &str) -> Result<(), WatchError> {
    let refused = |source| WatchError::Rights { user: name.to_owned(), source };
    let user = LocalUser::find(name).map_err(refused)?;
    let user = user.ok_or_else(|| WatchError::NoUser(name.to_owned()))?;
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let take = || {
        setgroups(&[gid])?;
        setresgid(gid, gid, gid)?;
        setresuid(uid, uid, uid)
    };
    take().map_err(|errno| refused(io::Error::from(errno)))
}
