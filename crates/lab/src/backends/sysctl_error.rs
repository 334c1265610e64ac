//! Errors of sysctls as backend errors.

use linux_net::{SysctlError, SysctlNameError};

use crate::backend::{BackendError, Role};

/// A sysctl of a host that could not be read, or set.
pub(super) fn sysctl(role: Role, error: &SysctlError) -> BackendError {
    let failed = BackendError::from_message(&error.to_string()).in_host(role.name());
    let failed = match error {
        SysctlError::ReadOnly { .. } => failed.with_hint(
            "run outside of the container, or in one that may write them: `docker run \
             --privileged`",
        ),
        _ => failed,
    };
    match error.name() {
        Some(name) => {
            failed.for_sysctl(role.name(), name.to_string(), format!("failed to {error}"))
        }
        None => failed,
    }
}

/// A name that no sysctl can have.
pub(super) fn invalid_name(role: Role, error: &SysctlNameError) -> BackendError {
    let host = role.name();
    BackendError::from_message(&format!("set a sysctl of the {host} host: {error}"))
}
