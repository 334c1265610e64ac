//! Errors of sysctls.

use std::io;

use crate::refusal::NamespaceError;
use crate::sysctl_name::SysctlName;

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
