//! Errors of namespaces, links and counters as backend errors.

use linux_net::{Attempt, NamespaceError, Refusal};

use super::name::NAME;
use crate::backend::{BackendError, BackendErrorKind, Role};

/// An error that needs no more than its message.
pub(super) fn failed(error: impl std::fmt::Display) -> BackendError {
    BackendError::from_message(&error.to_string())
}

/// An error in one of the hosts.
pub(super) fn in_host(role: Role, error: impl std::fmt::Display) -> BackendError {
    failed(error).in_host(role.name())
}

/// A namespace that could not be created.
pub(super) fn namespace(error: &NamespaceError) -> BackendError {
    let failed = failed(error);
    let NamespaceError::Refused { attempt, refusal } = error else { return failed };
    // Other backends also need network namespaces: if the machine has none, no backend
    // works.
    let has_none = matches!(refusal, Refusal::NetworkNamespacesOff)
        || (*attempt == Attempt::NetworkNamespace && *refusal == Refusal::NotBuilt);
    match has_none {
        true => failed,
        false => failed.with_kind(BackendErrorKind::Unavailable { backend: NAME }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_backend_may_work_unless_the_kernel_has_no_network_namespaces() {
        use Attempt::{NetworkNamespace, UserNamespace};
        let kind = |attempt, refusal| namespace(&NamespaceError::Refused { attempt, refusal }).kind;
        for (attempt, refusal) in [
            (UserNamespace, Refusal::UserNamespacesOff),
            (UserNamespace, Refusal::NotBuilt),
            (NetworkNamespace, Refusal::AppArmor),
        ] {
            assert_eq!(kind(attempt, refusal), BackendErrorKind::Unavailable { backend: NAME });
        }
        for refusal in [Refusal::NetworkNamespacesOff, Refusal::NotBuilt] {
            assert_eq!(kind(NetworkNamespace, refusal), BackendErrorKind::Failed);
        }
    }
}
