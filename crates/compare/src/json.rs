//! The comparison for programs. `docs/ci.md` says what its members are; their
//! names stay.

use serde_json::{Value, json};

use crate::comparison::{Compared, Comparison, Scope};
use crate::effect::{cliffs_delta, median, median_ratio, ratio_interval};
use crate::judge::FEWEST_TRIALS;
use crate::sameness::Difference;
use crate::suite::SuiteComparison;

impl Comparison {
    /// As JSON.
    pub fn json(&self) -> Value {
        let [baseline, new] = &self.runs;
        json!({
            "kind": "run",
            "verdict": self.conclusion().to_string(),
            "scope": match self.scope { Scope::All => "all", Scope::Laws => "laws" },
            "criteria": {
                "floor": self.criteria.floor,
                "alpha": self.criteria.alpha,
                "seed": self.criteria.seed,
                "fewest_trials": FEWEST_TRIALS,
            },
            "runs": { "baseline": baseline, "new": new },
            "held": { "baseline": self.baseline_held, "new": self.all_held },
            "checks": self.checks.headline(),
            "breaches": self.checks.violation_lines(),
            "held_when_run_again": self.checks.held_on_retry_lines(),
            "laws": {
                "same": self.laws.same,
                "changed": self.laws.predicted,
                "undecided": self.laws.undecided,
            },
            "not_run": self.laws.not_run,
            "unfinished": self.unfinished,
            "differences": {
                "machine": lines(&self.differences.machine),
                "scenario": lines(&self.differences.scenario),
            },
            "figures": self.figures.iter().map(|f| self.figure(f)).collect::<Vec<_>>(),
        })
    }

    fn figure(&self, figure: &Compared) -> Value {
        let Compared { measure, point, old, new, p, verdict } = figure;
        let interval = ratio_interval(old, new, self.criteria.seed);
        let delta = (!old.is_empty() && !new.is_empty()).then(|| cliffs_delta(old, new));
        json!({
            "figure": measure.name,
            "cell": point,
            "trials": { "baseline": old.len(), "new": new.len() },
            "median": { "baseline": median(old), "new": median(new) },
            "median_ratio": median_ratio(old, new).and_then(finite),
            "ratio_interval": interval.and_then(|(low, high)| Some([finite(low)?, finite(high)?])),
            "delta": delta,
            "p": p,
            "verdict": verdict.to_string(),
        })
    }
}

impl SuiteComparison {
    /// As JSON.
    pub fn json(&self) -> Value {
        let [baseline, new] = &self.suites;
        let members = self.members.iter().map(|member| {
            json!({
                "scenario": member.scenario,
                "verdict": member.conclusion.to_string(),
                "problem": member.problem,
                "comparison": member.comparison.as_ref().map(Comparison::json),
            })
        });
        json!({
            "kind": "suite",
            "verdict": self.conclusion().to_string(),
            "suites": { "baseline": baseline, "new": new },
            "members": members.collect::<Vec<_>>(),
        })
    }
}

fn lines(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(Difference::to_string).collect()
}

/// JSON has no way to write what is infinite: a ratio to nothing.
fn finite(figure: f64) -> Option<f64> {
    figure.is_finite().then_some(figure)
}
