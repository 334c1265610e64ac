//! One thing that was looked at.

use serde::Serialize;

/// How it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Worth knowing; scenarios run.
    Note,
    /// Without it no scenario runs.
    Missing,
}

impl State {
    /// As it is printed: what needs somebody stands out without colour.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Missing => "MISSING",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) state: State,
    /// What was looked at.
    pub(super) what: &'static str,
    /// What was found.
    pub(super) detail: String,
    /// What can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) way_out: Option<String>,
}

impl Finding {
    pub(super) fn ok(what: &'static str, detail: impl Into<String>) -> Self {
        Self { state: State::Ok, what, detail: detail.into(), way_out: None }
    }

    pub(super) fn note(what: &'static str, detail: impl Into<String>) -> Self {
        Self { state: State::Note, ..Self::ok(what, detail) }
    }

    /// Of an error that forbids every run. The libraries' errors read after
    /// "failed to", and name the ways out after the cause: behind a semicolon,
    /// or as `(try …)`.
    pub(super) fn missing(what: &'static str, error: &dyn std::error::Error) -> Self {
        let text = format!("failed to {error}");
        let parts = text
            .split_once("; ")
            .or_else(|| text.strip_suffix(')').and_then(|text| text.split_once(" (try ")));
        let (detail, way_out) = match parts {
            Some((cause, way_out)) => (cause.to_owned(), Some(way_out.to_owned())),
            None => (text, None),
        };
        Self { state: State::Missing, what, detail, way_out }
    }

    pub(super) fn with_way_out(self, way_out: impl Into<String>) -> Self {
        Self { way_out: Some(way_out.into()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use lab::DockerError;
    use linux_net::{DiagError, LinkError};

    use super::*;

    #[test]
    fn an_errors_cause_and_ways_out_are_told_apart() {
        let absent = DockerError::Absent {
            socket: "/run/x.sock".to_owned(),
            cause: "there is no such file".to_owned(),
        };
        let finding = Finding::missing("engine", &absent);
        assert_eq!(
            finding.detail,
            "failed to reach the Docker engine at /run/x.sock: there is no such file"
        );
        assert!(finding.way_out.unwrap().starts_with("start it (`sudo systemctl start docker`), "));

        for (error, way_out) in [
            (&DiagError::NotBuilt as &dyn std::error::Error, "`sudo modprobe tcp_diag`"),
            (&LinkError::NoVeth, "`sudo modprobe veth`"),
        ] {
            let finding = Finding::missing("module", error);
            assert_eq!(finding.way_out.as_deref(), Some(way_out));
            assert!(!finding.detail.contains("modprobe"), "{}", finding.detail);
        }

        let plain = std::io::Error::other("count to three");
        let finding = Finding::missing("counting", &plain);
        assert_eq!((finding.detail.as_str(), finding.way_out), ("failed to count to three", None));
    }
}
