//! The scope of a sysctl: a namespace or the whole machine.

use nix::unistd::{AccessFlags, access};
use serde::{Deserialize, Serialize};

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

/// Whether the calling thread may write the sysctl in its namespace.
pub(crate) fn writable(name: &SysctlName) -> Result<(), nix::Error> {
    let path = name.path();
    // A directory is no sysctl.
    if path.is_dir() {
        return Err(nix::Error::EISDIR);
    }
    access(&path, AccessFlags::W_OK)
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
}
