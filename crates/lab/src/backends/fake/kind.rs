//! The entry of the registry.

use super::factory::Fake;
use super::script::FakeScript;
use crate::backend::{Backend, BackendError, BackendKind, Finding, Needs, Result};
use crate::build::Build;

/// Environment variable with the script as JSON, for tests that start the program.
const SCRIPT_VARIABLE: &str = "QUEUELAB_FAKE_SCRIPT";

/// Scripted hosts and workers.
#[derive(Debug, Clone, Default)]
pub struct FakeKind {
    script: Option<FakeScript>,
}

impl FakeKind {
    /// A backend with the script in `QUEUELAB_FAKE_SCRIPT`.
    pub(in crate::backends) const fn from_environment() -> Self {
        Self { script: None }
    }

    /// A backend with this script.
    pub fn new(script: FakeScript) -> Self {
        Self { script: Some(script) }
    }

    fn script(&self) -> Result<FakeScript> {
        if let Some(script) = &self.script {
            return Ok(script.clone());
        }
        let Ok(text) = std::env::var(SCRIPT_VARIABLE) else { return Ok(FakeScript::default()) };
        serde_json::from_str(&text)
            .map_err(|error| BackendError::from_message(&format!("read the script: {error}")))
    }
}

impl BackendKind for FakeKind {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn description(&self) -> &'static str {
        "scripted hosts, for tests"
    }

    fn check(&self, _prepared: Result<()>, _needs: &Needs) -> Vec<Finding> {
        vec![Finding::ok("script", "hosts and workers are scripted")]
    }

    fn connect(&self, build: Option<Build>) -> Result<Box<dyn Backend>> {
        let build = match build {
            None => None,
            Some(Build::File(file)) => Some(file.record()),
            Some(Build::Image(name)) => Some(run_record::Build { name, hash: None, version: None }),
        };
        Ok(Box::new(Fake::new(self.script()?, build)))
    }

    fn is_for_tests(&self) -> bool {
        true
    }
}
