//! The users of this machine.

use std::fs;
use std::io;

/// A user of /etc/passwd, or only a number.
///
/// getpwnam(3) loads other sources of users (LDAP, systemd) as shared libraries, which a static
/// program cannot: it crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalUser {
    /// The number of the user.
    pub uid: u32,
    /// The number of the user's group; that of the user, for one that is only a number.
    pub gid: u32,
}

impl LocalUser {
    /// Finds a user by name or number; `None` if /etc/passwd has none of that name.
    ///
    /// # Errors
    /// If /etc/passwd cannot be read.
    pub fn find(name: &str) -> io::Result<Option<Self>> {
        Ok(find_in(&fs::read_to_string("/etc/passwd")?, name))
    }
}

fn find_in(passwd: &str, name: &str) -> Option<LocalUser> {
    let users = passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        Some((name, LocalUser { uid, gid: fields.next()?.parse().ok()? }))
    });
    // A name of digits is a name first, as for chown(1).
    let by_name = users.clone().find(|(its, _)| *its == name);
    let number = name.parse().ok();
    let by_number = || users.clone().find(|(_, user)| Some(user.uid) == number);
    let found = by_name.or_else(by_number).map(|(_, user)| user);
    found.or_else(|| number.map(|uid| LocalUser { uid, gid: uid }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name_and_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n# comment\nbroken:x\n\
                      www-data:x:33:34::/var/www:/usr/sbin/nologin\n100:x:5:6::/:\n";
        let user = |uid, gid| Some(LocalUser { uid, gid });
        for (name, found) in [
            ("root", user(0, 0)),
            ("www-data", user(33, 34)),
            ("33", user(33, 34)),
            ("100", user(5, 6)),
            ("1234", user(1234, 1234)),
            ("broken", None),
            ("www", None),
            ("", None),
            ("-1", None),
            ("root:x", None),
        ] {
            assert_eq!(find_in(passwd, name), found, "{name}");
        }
        assert_eq!(LocalUser::find("root").unwrap(), user(0, 0));
        assert_eq!(LocalUser::find("no-such-user").unwrap(), None);
    }
}
