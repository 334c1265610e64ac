//! Everything that was found, and the verdict.

use serde::Serialize;

use super::finding::{Finding, State};

/// What was found of the machine, and of the backends that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Diagnosis {
    /// What both backends stand on.
    pub(super) machine: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) netns: Option<Vec<Finding>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) docker: Option<Vec<Finding>>,
}

impl Diagnosis {
    /// The backends that were asked for, with their findings, and whether each
    /// can run scenarios.
    pub(super) fn backends(&self) -> impl Iterator<Item = (&'static str, &[Finding], bool)> {
        let backends = [("netns", &self.netns), ("docker", &self.docker)];
        backends.into_iter().filter_map(|(name, findings)| {
            let findings = findings.as_deref()?;
            Some((name, findings, lacks_nothing(&self.machine) && lacks_nothing(findings)))
        })
    }

    /// Whether any backend that was asked for can run scenarios.
    pub(super) fn can_run(&self) -> bool {
        self.backends().any(|(_, _, ready)| ready)
    }

    /// As JSON, the verdict first.
    pub(super) fn json(&self) -> String {
        #[derive(Serialize)]
        struct Verdict<'a> {
            ready: serde_json::Map<String, serde_json::Value>,
            #[serde(flatten)]
            diagnosis: &'a Diagnosis,
        }
        let ready = self.backends().map(|(name, _, ready)| (name.to_owned(), ready.into()));
        let verdict = Verdict { ready: ready.collect(), diagnosis: self };
        serde_json::to_string_pretty(&verdict).expect("findings are plain data")
    }
}

fn lacks_nothing(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.state != State::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Vec<Finding> {
        vec![Finding::ok("it", "is there"), Finding::note("that", "is peculiar")]
    }

    fn bad() -> Vec<Finding> {
        vec![Finding::ok("it", "is there"), Finding::missing("that", &std::fmt::Error)]
    }

    fn ready(diagnosis: &Diagnosis) -> Vec<(&'static str, bool)> {
        diagnosis.backends().map(|(name, _, ready)| (name, ready)).collect()
    }

    #[test]
    fn one_backend_that_lacks_nothing_is_enough() {
        let diagnosis = Diagnosis { machine: good(), netns: Some(good()), docker: Some(bad()) };
        assert_eq!(ready(&diagnosis), [("netns", true), ("docker", false)]);
        assert!(diagnosis.can_run());
        assert!(!Diagnosis { netns: Some(bad()), ..diagnosis }.can_run());
    }

    #[test]
    fn only_the_backend_that_was_asked_for_counts() {
        let diagnosis = Diagnosis { machine: good(), netns: None, docker: Some(bad()) };
        assert_eq!(ready(&diagnosis), [("docker", false)]);
        assert!(!diagnosis.can_run());
        assert!(Diagnosis { docker: Some(good()), ..diagnosis }.can_run());
    }

    #[test]
    fn what_the_machine_lacks_every_backend_lacks() {
        let diagnosis = Diagnosis { machine: bad(), netns: Some(good()), docker: Some(good()) };
        assert_eq!(ready(&diagnosis), [("netns", false), ("docker", false)]);
        assert!(!diagnosis.can_run());
    }

    #[test]
    fn json_has_the_verdict_and_only_what_was_asked_for() {
        let lacking = Finding::missing("it", &std::fmt::Error).with_way_out("make it");
        let diagnosis = Diagnosis { machine: good(), netns: Some(vec![lacking]), docker: None };
        let json: serde_json::Value = serde_json::from_str(&diagnosis.json()).unwrap();
        assert_eq!(json["ready"], serde_json::json!({ "netns": false }));
        assert_eq!(
            json["machine"][0],
            serde_json::json!({ "state": "ok", "what": "it", "detail": "is there" })
        );
        assert_eq!(json["netns"][0]["state"], "missing");
        assert_eq!(json["netns"][0]["way_out"], "make it");
        assert!(json.get("docker").is_none());
    }
}
