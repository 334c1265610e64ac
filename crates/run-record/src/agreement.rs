//! How well the simulator agrees with the measurements of a run.

use std::collections::BTreeMap;

use linux_net::Counter;
use serde_json::Value;

use crate::simulated::Simulated;
use crate::trial::TrialRecord;

/// The axis whose values are counted separately: designs accept at different rates.
const DESIGN: &str = "server.design";

/// The smallest share of agreeing trials with which the law holds.
const MIN_AGREEING_SHARE: f64 = 0.9;

/// The smallest number of simulated trials that decides the law.
const MIN_TRIALS: u64 = 10;

/// The simulated trials of a design, compared with their measurements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The design; `None` if the run has no axis of designs.
    pub design: Option<String>,
    /// Trials that were simulated.
    pub simulated: u64,
    /// Those in which the simulated share of accepted attempts is within 5
    /// percentage points of the measured one.
    pub agreeing: u64,
    /// Those in which every counter equals the measured one: `ListenOverflows`,
    /// `ListenDrops` and the clients' `TCPSynRetrans`.
    pub counters_equal: u64,
}

impl Agreement {
    /// The largest difference between the simulated and the measured share of
    /// accepted attempts with which a trial agrees.
    pub const MAX_DIFFERENCE: f64 = 0.05;

    /// The title of the law, which is checked once for a run.
    pub const LAW: &str = "simulated within 5 points of success in nine of ten trials";

    /// One agreement for each design in a run, in alphabetical order.
    pub fn by_design<'a>(trials: impl IntoIterator<Item = &'a TrialRecord>) -> Vec<Self> {
        let mut designs = Agreements::default();
        trials.into_iter().for_each(|trial| designs.add(trial));
        designs.list()
    }

    /// Whether nine of ten trials agree; `None` if fewer than ten were simulated,
    /// which are too few to decide.
    pub fn held(&self) -> Option<bool> {
        let enough = self.agreeing as f64 >= MIN_AGREEING_SHARE * self.simulated as f64;
        (self.simulated >= MIN_TRIALS).then_some(enough)
    }

    /// How many trials agree, with the design: `snapshot, 9 of 10 trials`.
    pub fn describe(&self) -> String {
        let design = self.design.as_ref().map_or(String::new(), |design| format!("{design}, "));
        let trials = if self.simulated == 1 { "trial" } else { "trials" };
        format!("{design}{} of {} {trials}", self.agreeing, self.simulated)
    }

    /// Whether the simulated share of accepted attempts is within
    /// [`Agreement::MAX_DIFFERENCE`] of the measured one.
    pub fn agrees(simulated: u64, measured: u64, attempts: u64) -> bool {
        simulated.abs_diff(measured) as f64 <= Self::MAX_DIFFERENCE * attempts as f64
    }
}

/// The agreements of the designs of a run, whose trials are added one after the other.
#[derive(Debug, Default)]
pub(crate) struct Agreements(BTreeMap<Option<String>, Agreement>);

impl Agreements {
    /// Counts a trial. Disturbed trials are not counted: the simulator knows only the run's own
    /// processes.
    pub(crate) fn add(&mut self, trial: &TrialRecord) {
        let Some(simulated) = trial.simulated.as_ref().filter(|_| !trial.is_disturbed()) else {
            return;
        };
        // It may not be known of another server than the lab's.
        let Some(accepted) = trial.known_accepts() else { return };
        if simulated.accepted == 0 && accepted == 0 {
            // No attempt could be accepted: this agrees regardless of the simulator.
            return;
        }
        let design = trial.point.get(DESIGN).and_then(Value::as_str).map(str::to_owned);
        let agreement = self.0.entry(design.clone()).or_insert(Agreement {
            design,
            simulated: 0,
            agreeing: 0,
            counters_equal: 0,
        });
        let attempts = trial.attempts;
        agreement.simulated += 1;
        agreement.agreeing += u64::from(Agreement::agrees(simulated.accepted, accepted, attempts));
        agreement.counters_equal += u64::from(has_equal_counters(trial, simulated));
    }

    /// One agreement for each design, in alphabetical order.
    pub(crate) fn list(&self) -> Vec<Agreement> {
        self.0.values().cloned().collect()
    }
}

fn has_equal_counters(trial: &TrialRecord, simulated: &Simulated) -> bool {
    let evidence = &trial.evidence;
    [
        (evidence.at_server(Counter::ListenOverflows), simulated.listen_overflows),
        (evidence.at_server(Counter::ListenDrops), simulated.listen_drops),
        (evidence.at_client(Counter::TcpSynRetrans), simulated.retransmissions()),
    ]
    .into_iter()
    .all(|(measured, simulated)| measured == simulated)
}
