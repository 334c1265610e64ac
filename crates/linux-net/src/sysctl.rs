//! Sysctls of a network namespace: their scope, written and read back.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};

use nix::unistd::{AccessFlags, access};
use serde::{Deserialize, Serialize};

use crate::kernel_names::Sysctl;
use crate::namespace::NetworkNamespace;
use crate::refusal::NamespaceError;
use crate::sysctl_name::SysctlName;

/// The scope of a sysctl on the running kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SysctlScope {
    /// Every network namespace has its own.
    PerNamespace,
    /// The whole machine shares it: the lab never writes it.
    Global,
    /// This kernel has no sysctl of that name.
    Unknown,
    /// It cannot be determined, and why.
    CannotTell(String),
}

/// A sysctl of a namespace could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SysctlError {
    /// The namespace could not be entered.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// The namespace is the one that this process started in.
    #[error("write {name}: refused, because this is the host's own namespace")]
    HostNamespace {
        /// The sysctl.
        name: SysctlName,
    },
    /// The sysctl is the whole machine's.
    #[error("write {name}: refused, because this kernel has one value for the whole machine")]
    Global {
        /// The sysctl.
        name: SysctlName,
    },
    /// Nothing can be written here.
    #[error("set {name}: /proc/sys is mounted read-only here, as in most containers")]
    ReadOnly {
        /// The sysctl.
        name: SysctlName,
    },
    /// The namespace has no such sysctl.
    #[error("find {name}: this kernel has no such sysctl, or the interface does not exist")]
    Unknown {
        /// The sysctl.
        name: SysctlName,
    },
    /// The kernel refused the value.
    #[error("set {name} to `{value}`: {source}")]
    Refused {
        /// The sysctl.
        name: SysctlName,
        /// The value that was written.
        value: String,
        /// The error of the system call; EINVAL if the value is out of range.
        source: io::Error,
    },
    /// The kernel accepted the value and changed it.
    #[error("set {name} to `{requested}`: the kernel changed it to `{effective}`")]
    Changed {
        /// The sysctl.
        name: SysctlName,
        /// The value that was written.
        requested: String,
        /// The value that was read back.
        effective: String,
    },
    /// The value could not be read.
    #[error("read {name}: {source}")]
    Read {
        /// The sysctl.
        name: SysctlName,
        /// The error of the system call.
        source: io::Error,
    },
}

impl SysctlError {
    /// The sysctl, if the error is about one.
    pub fn name(&self) -> Option<&SysctlName> {
        match self {
            Self::Namespace(_) => None,
            Self::HostNamespace { name }
            | Self::Global { name }
            | Self::ReadOnly { name }
            | Self::Unknown { name }
            | Self::Refused { name, .. }
            | Self::Changed { name, .. }
            | Self::Read { name, .. } => Some(name),
        }
    }
}

/// The scopes of these sysctls on the running kernel, determined in a new namespace.
/// Nothing is written. A name of one interface is looked up at the loopback.
pub fn sysctl_scopes(names: &[SysctlName]) -> Vec<SysctlScope> {
    match NetworkNamespace::create().and_then(|fresh| fresh.sysctl_scopes(names)) {
        Ok(scopes) => scopes,
        Err(error) => vec![SysctlScope::CannotTell(error.to_string()); names.len()],
    }
}

fn scopes(names: &[SysctlName], in_fresh: Vec<Result<(), nix::Error>>) -> Vec<SysctlScope> {
    let scope = |(name, in_fresh): (&SysctlName, Result<(), nix::Error>)| match in_fresh {
        Ok(()) if name.is_about_networks() => SysctlScope::PerNamespace,
        Err(nix::Error::EROFS) => SysctlScope::CannotTell(
            "/proc/sys is mounted read-only here, as in most containers".to_owned(),
        ),
        // Read-only in a new namespace, or present only at the host: global.
        Ok(()) | Err(nix::Error::EACCES | nix::Error::EPERM) => SysctlScope::Global,
        Err(_) if name.path().is_file() => SysctlScope::Global,
        Err(_) => SysctlScope::Unknown,
    };
    names.iter().zip(in_fresh).map(scope).collect()
}

/// [`sysctl_scopes`] of one name.
pub fn sysctl_scope(name: &SysctlName) -> SysctlScope {
    sysctl_scopes(std::slice::from_ref(name)).remove(0)
}

fn writable(name: &SysctlName) -> Result<(), nix::Error> {
    let path = name.path();
    // A directory is no sysctl.
    if path.is_dir() {
        return Err(nix::Error::EISDIR);
    }
    access(&path, AccessFlags::W_OK)
}

/// The values in force in the calling thread's namespace of every [`Sysctl`] and of
/// `names`; any process may read them.
///
/// # Errors
/// [`SysctlError::Unknown`] if one of `names` does not exist;
/// [`SysctlError::Read`].
pub fn read_sysctls_here(
    names: &[SysctlName],
) -> Result<BTreeMap<SysctlName, String>, SysctlError> {
    let mut effective = read_deciding()?;
    for name in names {
        effective.insert(name.clone(), read(name)?);
    }
    Ok(effective)
}

impl NetworkNamespace {
    /// [`sysctl_scopes`], determined in this namespace, which is not the host's.
    ///
    /// # Errors
    /// If it cannot be entered.
    pub fn sysctl_scopes(&self, names: &[SysctlName]) -> Result<Vec<SysctlScope>, NamespaceError> {
        let in_fresh =
            self.run(|| names.iter().map(|name| writable(&name.of_loopback())).collect())?;
        Ok(scopes(names, in_fresh))
    }

    /// Tries each of these lists of settings, as [`NetworkNamespace::apply_sysctls`] does in
    /// a namespace of its own, and restores the values. Returns the errors of each list. A
    /// name of one interface is tried at the loopback.
    ///
    /// # Errors
    /// If the namespace cannot be used, or a value cannot be restored.
    pub fn try_sysctls(
        &self,
        lists: &[Vec<(SysctlName, String)>],
    ) -> Result<Vec<Vec<SysctlError>>, SysctlError> {
        let host = Self::of_process()?.inode();
        if let Some((name, _)) = lists.iter().flatten().next().filter(|_| self.inode() == host) {
            return Err(SysctlError::HostNamespace { name: name.clone() });
        }
        self.run(|| lists.iter().map(|list| try_list(list)).collect())?
    }

    /// Sets one of the namespace's own sysctls and returns the value that is
    /// in force, fields separated by one space.
    ///
    /// # Errors
    /// As [`NetworkNamespace::apply_sysctls`].
    pub fn write_sysctl(&self, name: &SysctlName, value: &str) -> Result<String, SysctlError> {
        self.guarded(std::slice::from_ref(name), || {
            write(name, value)?;
            read_as_requested(name, value)
        })
    }

    /// Reads a sysctl, fields separated by one space.
    ///
    /// # Errors
    /// [`SysctlError::Unknown`] if the namespace has none of that name.
    pub fn read_sysctl(&self, name: &SysctlName) -> Result<String, SysctlError> {
        self.run(|| read(name))?
    }

    /// Sets the namespace's own sysctls in order, then reads them all back, and returns
    /// the values in force: of these and of every [`Sysctl`].
    ///
    /// # Errors
    /// The first that could not be set, or whose value was changed. A global
    /// sysctl, an unknown one, and any sysctl of the namespace in which this process
    /// started, is refused before anything is written.
    pub fn apply_sysctls(
        &self,
        settings: &[(SysctlName, String)],
    ) -> Result<BTreeMap<SysctlName, String>, SysctlError> {
        let names: Vec<_> = settings.iter().map(|(name, _)| name.clone()).collect();
        self.guarded(&names, || {
            for (name, value) in settings {
                write(name, value)?;
            }
            let mut effective = read_deciding()?;
            for (name, value) in settings {
                effective.insert(name.clone(), read_as_requested(name, value)?);
            }
            Ok(effective)
        })
    }

    /// The values in force of every [`Sysctl`].
    ///
    /// # Errors
    /// If one that exists cannot be read.
    pub fn deciding_sysctls(&self) -> Result<BTreeMap<SysctlName, String>, SysctlError> {
        self.run(read_deciding)?
    }

    /// Runs `write` inside the namespace, if it is not the one in which this process
    /// started and it owns all of `names`.
    fn guarded<T: Send>(
        &self,
        names: &[SysctlName],
        write: impl FnOnce() -> Result<T, SysctlError> + Send,
    ) -> Result<T, SysctlError> {
        let host = Self::of_process()?.inode();
        if let Some(name) = names.first().filter(|_| self.inode() == host) {
            return Err(SysctlError::HostNamespace { name: name.clone() });
        }
        let result = self.run(|| {
            names.iter().try_for_each(check_own)?;
            write()
        })?;
        match result {
            // Absent there and present here.
            Err(SysctlError::Unknown { name }) if name.path().is_file() => {
                Err(SysctlError::Global { name })
            }
            result => result,
        }
    }
}

/// Sets and reads back a list of sysctls of the calling thread's namespace, and restores
/// them, the last one first.
fn try_list(list: &[(SysctlName, String)]) -> Result<Vec<SysctlError>, SysctlError> {
    let mut before = Vec::with_capacity(list.len());
    let mut try_one = |name: &SysctlName, value: &str| {
        let name = name.of_loopback();
        check_own(&name)?;
        before.push((name.clone(), read(&name)?));
        write(&name, value)?;
        read_as_requested(&name, value)
    };
    let errors = list.iter().filter_map(|(name, value)| try_one(name, value).err()).collect();
    for (name, value) in before.iter().rev() {
        write(name, value)?;
    }
    Ok(errors)
}

/// Whether the calling thread's namespace owns the sysctl. What a namespace may write
/// below `net.` is its own: shared values are read-only in it (`ensure_safe_net_sysctl`
/// in net/sysctl_net.c).
fn check_own(name: &SysctlName) -> Result<(), SysctlError> {
    match writable(name) {
        Ok(()) if name.is_about_networks() => Ok(()),
        Ok(()) | Err(nix::Error::EACCES | nix::Error::EPERM) => {
            Err(SysctlError::Global { name: name.clone() })
        }
        Err(nix::Error::EROFS) => Err(SysctlError::ReadOnly { name: name.clone() }),
        Err(_) => Err(SysctlError::Unknown { name: name.clone() }),
    }
}

/// Sets a sysctl of the calling thread's namespace; call [`check_own`] first.
fn write(name: &SysctlName, value: &str) -> Result<(), SysctlError> {
    // In one write(2), because each is a complete value, and never an empty one, which
    // would not reach the kernel.
    OpenOptions::new()
        .write(true)
        .open(name.path())
        .and_then(|mut file| file.write_all(format!("{value}\n").as_bytes()))
        .map_err(|source| SysctlError::Refused {
            name: name.clone(),
            value: value.to_owned(),
            source,
        })
}

fn read(name: &SysctlName) -> Result<String, SysctlError> {
    match fs::read_to_string(name.path()) {
        Ok(value) => Ok(value.split_whitespace().collect::<Vec<_>>().join(" ")),
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            Err(SysctlError::Unknown { name: name.clone() })
        }
        Err(source) => Err(SysctlError::Read { name: name.clone(), source }),
    }
}

fn read_as_requested(name: &SysctlName, requested: &str) -> Result<String, SysctlError> {
    let effective = read(name)?;
    check_read_back(name, requested, &effective)?;
    Ok(effective)
}

/// Checks that the value that was read back is the requested one, field by field, and
/// numbers as numbers.
///
/// # Errors
/// [`SysctlError::Changed`].
pub fn check_read_back(
    name: &SysctlName,
    requested: &str,
    effective: &str,
) -> Result<(), SysctlError> {
    match is_same_value(requested, effective) {
        true => Ok(()),
        false => Err(SysctlError::Changed {
            name: name.clone(),
            requested: requested.to_owned(),
            effective: effective.to_owned(),
        }),
    }
}

fn read_deciding() -> Result<BTreeMap<SysctlName, String>, SysctlError> {
    let mut values = BTreeMap::new();
    for name in Sysctl::NAMES {
        let name: SysctlName = name.parse().expect("tested to be names");
        match read(&name) {
            Ok(value) => {
                values.insert(name, value);
            }
            Err(SysctlError::Unknown { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(values)
}

/// Compares field by field, and numbers as numbers. (The kernel reads a leading 0 as
/// octal and prints decimals, so `010` and `8` differ here.)
fn is_same_value(requested: &str, effective: &str) -> bool {
    let number = |field: &str| field.parse::<i128>().ok();
    let (mut requested, mut effective) =
        (requested.split_whitespace(), effective.split_whitespace());
    loop {
        match (requested.next(), effective.next()) {
            (None, None) => return true,
            (Some(requested), Some(effective)) => {
                let same = match (number(requested), number(effective)) {
                    (Some(requested), Some(effective)) => requested == effective,
                    _ => requested == effective,
                };
                if !same {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_values_by_fields_and_numbers() {
        for (requested, effective) in [
            ("128", "128"),
            (" 128\n", "128"),
            ("+1", "1"),
            ("1024\t2048", "1024 2048"),
            ("", ""),
            ("8080,9000-9002", "8080,9000-9002"),
        ] {
            assert!(is_same_value(requested, effective), "{requested:?} {effective:?}");
        }
        for (requested, effective) in
            [("128", "127"), ("1 2", "1 2 3"), ("1 2 3", "1 2"), ("1", ""), ("a", "b"), ("", "0")]
        {
            assert!(!is_same_value(requested, effective), "{requested:?} {effective:?}");
        }
    }
}
