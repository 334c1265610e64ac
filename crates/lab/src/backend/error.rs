//! Errors of every backend.

/// An operation of a backend failed. Fits after "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{intent}: {cause}{}", hint.as_ref().map_or(String::new(), |hint| format!("; {hint}")))]
pub struct BackendError {
    /// What was attempted.
    pub intent: String,
    /// The cause.
    pub cause: String,
    /// What the user can do about it.
    pub hint: Option<String>,
    /// What it means for the run.
    pub kind: BackendErrorKind,
}

/// What a backend's error means for the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackendErrorKind {
    /// This machine or user cannot use the backend; another one may work.
    Unavailable {
        /// The backend's name.
        backend: &'static str,
    },
    /// The kernel refused a sysctl's value: an error of the scenario.
    SysctlRefused(Box<RefusedSysctl>),
    /// There is no such build.
    UnknownBuild,
    /// Anything else.
    Failed,
}

/// A sysctl whose value the kernel refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedSysctl {
    /// `server` or `client`.
    pub host: &'static str,
    /// The sysctl's name.
    pub name: String,
    /// The reason, to be shown at the sysctl's place in the scenario.
    pub reason: String,
}

pub(crate) type Result<T> = std::result::Result<T, BackendError>;

impl BackendError {
    /// From a message of the form "intent: cause; hint", or "intent: cause (try hint)".
    /// A message without a colon is an intent whose cause is unknown.
    pub fn from_message(message: &str) -> Self {
        let (intent, rest) = message.split_once(": ").unwrap_or((message, "unknown cause"));
        let in_parentheses = || rest.strip_suffix(')').and_then(|rest| rest.split_once(" (try "));
        let (cause, hint) = match rest.split_once("; ").or_else(in_parentheses) {
            Some((cause, hint)) => (cause, Some(hint.to_owned())),
            None => (rest, None),
        };
        Self {
            intent: intent.to_owned(),
            cause: cause.to_owned(),
            hint,
            kind: BackendErrorKind::Failed,
        }
    }

    /// The same, for a sysctl whose value the kernel refused.
    pub(crate) fn for_sysctl(self, host: &'static str, name: String, reason: String) -> Self {
        let refused = RefusedSysctl { host, name, reason };
        self.with_kind(BackendErrorKind::SysctlRefused(Box::new(refused)))
    }

    /// The same with another kind.
    pub fn with_kind(self, kind: BackendErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// The same with a hint.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same, with the host.
    pub(crate) fn in_host(self, host: &'static str) -> Self {
        Self { cause: format!("{}, in the {host} host", self.cause), ..self }
    }

    /// Whether the kernel refused a sysctl's value.
    pub fn is_refused_sysctl(&self) -> bool {
        matches!(self.kind, BackendErrorKind::SysctlRefused(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_split_into_intent_cause_and_hint() {
        for (message, parts) in [
            ("open x: not found; make it", ("open x", "not found", Some("make it"))),
            ("list: no module (try `modprobe x`)", ("list", "no module", Some("`modprobe x`"))),
            ("read y: denied", ("read y", "denied", None)),
        ] {
            let error = BackendError::from_message(message);
            assert_eq!((error.intent.as_str(), error.cause.as_str(), error.hint.as_deref()), parts);
        }
        let message = "reach it: no such file; start it; or use another";
        assert_eq!(BackendError::from_message(message).to_string(), message);
    }
}
