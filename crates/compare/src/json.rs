//! The comparison for programs. `docs/ci.md` documents its members, whose names are stable:
//! some are older than the terms in this crate (`figures` are metrics, `breaches`
//! violations).

use run_view::statistics::{cliffs_delta, median, median_ratio, ratio_interval};
use serde_json::{Value, json};

use crate::comparison::{Comparison, Scope};
use crate::criteria::MIN_TRIALS;
use crate::differences::Difference;
use crate::metric_comparison::MetricComparison;
use crate::suite::SuiteComparison;

impl Comparison {
    /// As JSON.
    pub fn json(&self) -> Value {
        let [baseline, new] = &self.runs;
        json!({
            "kind": "run",
            "verdict": self.conclusion().to_string(),
            "inconclusive": self.has_inconclusive_part(),
            "scope": match self.scope { Scope::All => "all", Scope::Laws => "laws" },
            "criteria": {
                "floor": self.criteria.floor,
                "alpha": self.criteria.alpha,
                "seed": self.criteria.seed,
                "fewest_trials": MIN_TRIALS,
            },
            "runs": { "baseline": baseline, "new": new },
            "held": {
                "baseline": !self.baseline_verdict.verdict.is_failed(),
                "new": !self.new_verdict.verdict.is_failed(),
            },
            "checks": self.new_verdict.headline(),
            "breaches": self.new_verdict.violation_lines(),
            "held_when_run_again": self.new_verdict.held_on_retry_lines(),
            "laws": {
                "same": self.laws.same,
                "changed": self.laws.predicted,
                "undecided": self.laws.undecided,
            },
            "not_run": self.laws.not_run,
            "unfinished": self.unfinished,
            "disturbed": self.disturbed,
            "differences": {
                "machine": lines(&self.differences.machine),
                "scenario": lines(&self.differences.scenario),
            },
            "figures": self.metrics.iter().map(|metric| self.metric(metric)).collect::<Vec<_>>(),
        })
    }

    fn metric(&self, compared: &MetricComparison) -> Value {
        let MetricComparison { metric, point, baseline, new, p, verdict, .. } = compared;
        let interval = ratio_interval(baseline, new, self.criteria.seed);
        let delta = (!baseline.is_empty() && !new.is_empty()).then(|| cliffs_delta(baseline, new));
        json!({
            "figure": metric.name,
            "cell": **point,
            "trials": { "baseline": baseline.len(), "new": new.len() },
            "median": { "baseline": median(baseline), "new": median(new) },
            "median_ratio": median_ratio(baseline, new).and_then(finite),
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
            "inconclusive": self.has_inconclusive_part(),
            "suites": { "baseline": baseline, "new": new },
            "members": members.collect::<Vec<_>>(),
        })
    }
}

fn lines(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(Difference::to_string).collect()
}

/// JSON has no infinity, which is the ratio to a median of 0.
fn finite(ratio: f64) -> Option<f64> {
    ratio.is_finite().then_some(ratio)
}
