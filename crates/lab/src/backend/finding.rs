//! The result of a check of the machine.

use serde::Serialize;

use super::error::BackendError;

/// The state of something that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Correct.
    Ok,
    /// Unusual; scenarios run.
    Note,
    /// Without it no scenario runs.
    Missing,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its state.
    pub state: FindingState,
    /// What was checked.
    pub what: &'static str,
    /// The result.
    pub detail: String,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// Something correct.
    pub fn ok(what: &'static str, detail: impl Into<String>) -> Self {
        Self { state: FindingState::Ok, what, detail: detail.into(), hint: None }
    }

    /// Something unusual.
    pub fn note(what: &'static str, detail: impl Into<String>) -> Self {
        Self { state: FindingState::Note, ..Self::ok(what, detail) }
    }

    /// An error that prevents every run.
    pub fn missing(what: &'static str, error: &BackendError) -> Self {
        let BackendError { intent, cause, hint, .. } = error;
        Self {
            state: FindingState::Missing,
            what,
            detail: format!("failed to {intent}: {cause}"),
            hint: hint.clone(),
        }
    }

    /// The same with a hint.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use linux_net::{DiagError, LinkError};

    use super::*;

    #[test]
    fn cause_and_hint_of_an_error_are_separate() {
        for (error, hint) in [
            (DiagError::NotBuilt.to_string(), "`sudo modprobe tcp_diag`"),
            (LinkError::NoVeth.to_string(), "`sudo modprobe veth`"),
        ] {
            let finding = Finding::missing("module", &BackendError::from_message(&error));
            assert_eq!(finding.hint.as_deref(), Some(hint));
            assert!(!finding.detail.contains("modprobe"), "{}", finding.detail);
        }
        let plain = BackendError::from_message("count to three: lost at two");
        let finding = Finding::missing("counting", &plain);
        assert_eq!(
            (finding.detail.as_str(), finding.hint),
            ("failed to count to three: lost at two", None)
        );
    }
}
