//! What happens in each trial, as data.

use std::collections::BTreeMap;

use run_record::{ExecutionId, Outcome};
use serde::{Deserialize, Serialize};

/// What happens in each trial. Written as JSON, for example
///
/// ```json
/// { "trials": [ { "trial": 2, "retry": 0, "outcomes": { "timed_out": 1 } } ] }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FakeScript {
    /// Trials that differ from the default one. The first that matches is used.
    pub trials: Vec<ScriptedTrial>,
    /// Sysctl values that the kernel refuses.
    pub refused_sysctls: BTreeMap<String, String>,
    /// Clients that a run has room for; no limit if `None`.
    pub max_clients: Option<u32>,
}

/// A trial, and what happens in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScriptedTrial {
    /// The trial's number; every trial if `None`.
    pub trial: Option<u32>,
    /// The number of the retry; every retry if `None`.
    pub retry: Option<u32>,
    /// Whether the trial belongs to the other build; both builds if `None`.
    pub baseline: Option<bool>,
    /// What happens.
    #[serde(flatten)]
    pub events: FakeTrial,
}

/// What happens in a trial. By default every attempt is `ok`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FakeTrial {
    /// Attempts that do not end as `ok`.
    pub outcomes: BTreeMap<Outcome, u32>,
    /// Changes of the counters of the server's host; a negative one goes backwards.
    pub counters: BTreeMap<String, i64>,
    /// How long its load takes, milliseconds of the trial's clock.
    pub load_ms: u64,
    /// The signal that kills the server when every attempt is decided.
    pub server_dies: Option<String>,
    /// Why its load fails.
    pub load_fails: Option<String>,
    /// How a host fails before the end of the trial.
    pub host_fails: Option<String>,
    /// The process sends itself SIGINT when the load starts.
    pub interrupts: bool,
    /// CPUs of two that other processes keep busy while the load runs.
    pub other_cpus: f64,
    /// The load never decides its attempts.
    pub hangs: bool,
}

impl FakeScript {
    /// What happens in an attempt at a trial.
    pub(super) fn events(&self, id: ExecutionId, baseline: bool) -> FakeTrial {
        let matches = |scripted: &&ScriptedTrial| {
            scripted.trial.is_none_or(|trial| trial == id.trial)
                && scripted.retry.is_none_or(|retry| retry == id.retry)
                && scripted.baseline.is_none_or(|expected| expected == baseline)
        };
        self.trials.iter().find(matches).map(|scripted| scripted.events.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_matching_entry_is_used() {
        let script: FakeScript = serde_json::from_str(
            r#"{ "trials": [
                { "trial": 2, "retry": 0, "outcomes": { "refused": 3 } },
                { "trial": 2, "baseline": true, "load_ms": 7 },
                { "retry": 1, "hangs": true }
            ] }"#,
        )
        .unwrap();
        let events = |trial, retry, baseline| script.events(ExecutionId { trial, retry }, baseline);
        assert_eq!(events(2, 0, false).outcomes[&Outcome::Refused], 3);
        assert_eq!(events(2, 1, true).load_ms, 7);
        assert!(events(5, 1, false).hangs);
        assert_eq!(events(0, 0, false), FakeTrial::default());
    }
}
