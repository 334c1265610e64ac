//! How well the simulator finds what was measured, over a whole run.

use linux_net::Counter;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Simulated, TrialRecord};

/// The axis whose values are told apart: designs accept at different paces.
const DESIGN: &str = "server.design";

/// The law of a run: so large a share of its trials agrees.
const AGREEING_SHARE: f64 = 0.9;

/// Simulated trials from which on the law decides.
const FEWEST: u64 = 10;

/// The simulated trials of a design, beside what was measured in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The design; none where the run has no axis of designs.
    pub design: Option<String>,
    /// Trials that were simulated.
    pub simulated: u64,
    /// Those of them in which the simulated share of accepted attempts is
    /// within 5 points of the measured one.
    pub near: u64,
    /// Those of them in which every counter is the measured one:
    /// `ListenOverflows`, `ListenDrops` and the clients' `TCPSynRetrans`.
    pub counters_equal: u64,
}

impl Agreement {
    /// A trial agrees where the simulated share of accepted attempts is so near to
    /// the measured one.
    pub const NEAR: f64 = 0.05;

    /// The law that a run as a whole is checked for.
    pub const LAW: &str = "simulated within 5 points of success in nine of ten trials";

    /// Of each design in a run, in their alphabetical order.
    pub fn of<'a>(trials: impl IntoIterator<Item = &'a TrialRecord>) -> Vec<Self> {
        let mut designs = BTreeMap::new();
        for trial in trials {
            let Some(simulated) = &trial.simulated else { continue };
            if simulated.accepted == 0 && trial.accepted == Some(0) {
                // Nobody was to get in: that agrees whatever the simulator does.
                continue;
            }
            let design = trial.point.get(DESIGN).and_then(Value::as_str).map(str::to_owned);
            let agreement = designs.entry(design.clone()).or_insert(Self {
                design,
                simulated: 0,
                near: 0,
                counters_equal: 0,
            });
            agreement.simulated += 1;
            agreement.near += u64::from(Self::is_near(trial, simulated));
            agreement.counters_equal += u64::from(has_equal_counters(trial, simulated));
        }
        designs.into_values().collect()
    }

    /// Whether nine of ten trials agree; none where fewer than ten were
    /// simulated, which decide nothing.
    pub fn held(&self) -> Option<bool> {
        let enough = self.near as f64 >= AGREEING_SHARE * self.simulated as f64;
        (self.simulated >= FEWEST).then_some(enough)
    }

    /// How many trials agree, with the design: `snapshot, 9 of 10 trials`.
    pub fn describe(&self) -> String {
        let design = self.design.as_ref().map_or(String::new(), |design| format!("{design}, "));
        let trials = if self.simulated == 1 { "trial" } else { "trials" };
        format!("{design}{} of {} {trials}", self.near, self.simulated)
    }

    /// Whether a trial's accepted attempts, played again, are within
    /// [`Agreement::NEAR`] of what was measured.
    pub fn is_near(trial: &TrialRecord, simulated: &Simulated) -> bool {
        let measured = trial.accepted.unwrap_or(0);
        simulated.accepted.abs_diff(measured) as f64 <= Self::NEAR * trial.attempts as f64
    }
}

fn has_equal_counters(trial: &TrialRecord, simulated: &Simulated) -> bool {
    let evidence = &trial.evidence;
    let sent_again: u64 = simulated
        .syn_retransmits
        .iter()
        .map(|(&times, &attempts)| u64::from(times).saturating_mul(attempts))
        .fold(0, u64::saturating_add);
    [
        (evidence.at_server(Counter::ListenOverflows), simulated.listen_overflows),
        (evidence.at_server(Counter::ListenDrops), simulated.listen_drops),
        (evidence.at_client(Counter::TcpSynRetrans), sent_again),
    ]
    .into_iter()
    .all(|(measured, simulated)| measured == simulated)
}
