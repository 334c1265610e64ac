//! All findings, and the verdict.

use lab::{Finding, FindingState};
use run_record::KernelReport;
use serde_json::{Map, Value};

/// Findings on the machine and on the selected backends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Diagnosis {
    /// The requirements of every backend.
    pub(super) machine: Vec<Finding>,
    pub(super) backends: Vec<BackendDiagnosis>,
    /// The kernel, if a backend could determine its rules.
    pub(super) kernel: Option<KernelReport>,
}

/// The findings of a backend's check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BackendDiagnosis {
    pub(super) name: &'static str,
    pub(super) findings: Vec<Finding>,
}

impl Diagnosis {
    /// Whether a backend can run scenarios.
    pub(super) fn is_ready(&self, backend: &BackendDiagnosis) -> bool {
        has_nothing_missing(&self.machine) && has_nothing_missing(&backend.findings)
    }

    /// Whether any selected backend can run scenarios.
    pub(super) fn can_run(&self) -> bool {
        self.backends.iter().any(|backend| self.is_ready(backend))
    }

    /// As JSON: whether each backend is ready, the kernel for `--kernel-rules`, then the
    /// findings of the machine and of each backend.
    pub(super) fn json(&self) -> String {
        let findings =
            |findings: &[Finding]| serde_json::to_value(findings).expect("findings are plain data");
        let ready: Map<String, Value> = self
            .backends
            .iter()
            .map(|backend| (backend.name.to_owned(), self.is_ready(backend).into()))
            .collect();
        let mut json = Map::new();
        json.insert("ready".to_owned(), ready.into());
        if let Some(kernel) = &self.kernel {
            let kernel = serde_json::to_value(kernel).expect("a report is plain data");
            json.insert("kernel".to_owned(), kernel);
        }
        json.insert("machine".to_owned(), findings(&self.machine));
        json.extend(
            self.backends
                .iter()
                .map(|backend| (backend.name.to_owned(), findings(&backend.findings))),
        );
        serde_json::to_string_pretty(&json).expect("JSON can be printed")
    }
}

fn has_nothing_missing(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.state != FindingState::Missing)
}

#[cfg(test)]
mod tests {
    use lab::BackendError;

    use super::*;

    fn good() -> Vec<Finding> {
        vec![Finding::ok("it", "is there"), Finding::note("that", "is unusual")]
    }

    fn missing() -> Finding {
        Finding::missing("that", &BackendError::from_message("find that: it is not there"))
    }

    fn bad() -> Vec<Finding> {
        vec![Finding::ok("it", "is there"), missing()]
    }

    fn diagnosis<const N: usize>(
        machine: Vec<Finding>,
        backends: [(&'static str, Vec<Finding>); N],
    ) -> Diagnosis {
        let backends = backends.map(|(name, findings)| BackendDiagnosis { name, findings }).into();
        Diagnosis { machine, backends, kernel: None }
    }

    fn ready(diagnosis: &Diagnosis) -> Vec<(&'static str, bool)> {
        let ready = |backend: &BackendDiagnosis| (backend.name, diagnosis.is_ready(backend));
        diagnosis.backends.iter().map(ready).collect()
    }

    #[test]
    fn one_ready_backend_is_enough() {
        let diagnosed = diagnosis(good(), [("netns", good()), ("docker", bad())]);
        assert_eq!(ready(&diagnosed), [("netns", true), ("docker", false)]);
        assert!(diagnosed.can_run());
        assert!(!diagnosis(good(), [("netns", bad()), ("docker", bad())]).can_run());
    }

    #[test]
    fn only_selected_backends_count() {
        let diagnosed = diagnosis(good(), [("docker", bad())]);
        assert_eq!(ready(&diagnosed), [("docker", false)]);
        assert!(!diagnosed.can_run());
        assert!(diagnosis(good(), [("docker", good())]).can_run());
    }

    #[test]
    fn no_backend_is_ready_if_the_machine_has_something_missing() {
        let diagnosed = diagnosis(bad(), [("netns", good()), ("docker", good())]);
        assert_eq!(ready(&diagnosed), [("netns", false), ("docker", false)]);
        assert!(!diagnosed.can_run());
    }

    #[test]
    fn json_has_the_verdict_and_only_selected_backends() {
        let finding = missing().with_hint("make it");
        let json = diagnosis(good(), [("netns", vec![finding])]).json();
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["ready"], serde_json::json!({ "netns": false }));
        assert_eq!(
            json["machine"][0],
            serde_json::json!({ "state": "ok", "what": "it", "detail": "is there" })
        );
        assert_eq!(json["netns"][0]["state"], "missing");
        assert_eq!(json["netns"][0]["hint"], "make it");
        assert!(json.get("docker").is_none());
    }
}
