//! Sysctls of a network namespace, written and read back.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};

use crate::kernel_names::Sysctl;
use crate::namespace::NetworkNamespace;
use crate::sysctl_error::SysctlError;
use crate::sysctl_name::SysctlName;
use crate::sysctl_read_back::check_read_back;
use crate::sysctl_scope::writable;

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
