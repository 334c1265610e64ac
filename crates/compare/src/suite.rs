//! Two suites: each scenario compared with the same one of the baseline.

use report::{Member, Suite};
use run_record::MemberVerdict;
use run_view::Run;
use run_view::prose::several;
use serde_json::Value;

use crate::comparison::{Comparison, Scope};
use crate::conclusion::Conclusion;
use crate::criteria::{Criteria, MIN_TRIALS};
use crate::verdict::Verdict;

/// A suite compared with its baseline.
#[derive(Debug)]
pub struct SuiteComparison {
    /// The baseline and the new suite, a line each.
    pub(crate) suites: [String; 2],
    /// The scenarios of the new suite in its order, then those that are only in the
    /// baseline.
    pub(crate) members: Vec<ComparedMember>,
}

/// One scenario of two suites.
#[derive(Debug)]
pub(crate) struct ComparedMember {
    pub(crate) scenario: String,
    pub(crate) conclusion: Conclusion,
    /// Why there is nothing to compare.
    pub(crate) problem: Option<String>,
    /// The machine could not run it, now or for the baseline: that changes nothing.
    pub(crate) is_skipped: bool,
    /// Whether the scenario, or any part of its comparison, is inconclusive.
    pub(crate) has_inconclusive_part: bool,
    pub(crate) comparison: Option<Comparison>,
}

/// Compares a suite with its baseline, scenario by scenario. With `laws`, only laws and
/// checks are compared; without, so they are for scenarios that have fewer repetitions than
/// a verdict on metrics takes.
pub fn compare_suites(
    baseline: &Suite,
    new: &Suite,
    criteria: &Criteria,
    laws: bool,
) -> SuiteComparison {
    let of_baseline = |name: &str| baseline.members().find(|m| m.record.scenario == name);
    let mut members: Vec<_> = new
        .members()
        .map(|member| {
            let name = member.record.scenario.clone();
            compare_member(name, of_baseline(&member.record.scenario), Some(member), criteria, laws)
        })
        .collect();
    let is_new = |name: &str| new.members().any(|member| member.record.scenario == name);
    let removed = baseline.members().filter(|member| !is_new(&member.record.scenario));
    members.extend(removed.map(|member| {
        compare_member(member.record.scenario.clone(), Some(member), None, criteria, laws)
    }));
    SuiteComparison { suites: [baseline, new].map(describe_suite), members }
}

fn compare_member(
    scenario: String,
    baseline: Option<Member<'_>>,
    new: Option<Member<'_>>,
    criteria: &Criteria,
    laws: bool,
) -> ComparedMember {
    let runs = (baseline.and_then(|member| member.run), new.and_then(|member| member.run));
    let inconclusive = Conclusion::Judged(Verdict::Inconclusive);
    let is_skipped = |member: Member<'_>| member.record.verdict == MemberVerdict::Skipped;
    let are_skipped = new.is_some_and(is_skipped) && baseline.is_none_or(is_skipped);
    let not_compared = |conclusion, problem: String| ComparedMember {
        scenario: scenario.clone(),
        conclusion,
        problem: Some(problem),
        is_skipped: are_skipped,
        // A run that is not finished is no baseline, even if it has none itself.
        has_inconclusive_part: conclusion == inconclusive || runs.1.is_some_and(is_undecided),
        comparison: None,
    };
    match runs {
        (_, None) if are_skipped => {
            let problem = match baseline {
                Some(_) => "skipped, as in the baseline",
                None => "skipped; not in the baseline",
            };
            not_compared(Conclusion::Judged(Verdict::Held), problem.to_owned())
        }
        (_, None) => {
            let problem = match new {
                None => "only in the baseline".to_owned(),
                Some(member) => format!("not run: {}", member.verdict.describe()),
            };
            not_compared(inconclusive, problem)
        }
        (None, Some(run)) => {
            // If only laws are compared, a scenario that is new has none to differ from.
            let conclusion = if run.verdict.verdict.is_failed() {
                Conclusion::Failed
            } else if !(laws && baseline.is_none()) {
                Conclusion::Judged(Verdict::NoBaseline)
            } else if is_undecided(run) {
                inconclusive
            } else {
                Conclusion::Judged(Verdict::Held)
            };
            let problem = match baseline {
                None => "not in the baseline".to_owned(),
                Some(member) => format!("not run in the baseline: {}", member.verdict.describe()),
            };
            not_compared(conclusion, problem)
        }
        (Some(baseline), Some(new)) => {
            let is_measured = !laws && [baseline, new].iter().any(|run| is_measured(run));
            let scope = if is_measured { Scope::All } else { Scope::Laws };
            let comparison = Comparison::new(baseline, new, criteria, scope);
            ComparedMember {
                scenario,
                conclusion: comparison.conclusion(),
                problem: None,
                is_skipped: false,
                has_inconclusive_part: comparison.has_inconclusive_part(),
                comparison: Some(comparison),
            }
        }
    }
}

/// Whether a run is not finished, or most of its trials were disturbed.
fn is_undecided(run: &Run) -> bool {
    run.verdict.unfinished().is_some() || run.verdict.verdict == run_record::Verdict::Inconclusive
}

/// Whether a run has as many repetitions as a verdict on metrics takes.
fn is_measured(run: &Run) -> bool {
    let repeat = run.record.scenario.resolved.get("repeat").and_then(Value::as_u64);
    repeat.is_some_and(|repeat| repeat >= MIN_TRIALS as u64)
}

impl SuiteComparison {
    /// The columns of [`ComparedMember::row`].
    pub(crate) const HEAD: [&str; 3] = ["scenario", "verdict", "compared"];

    /// How it ends: the worst of all its scenarios.
    pub fn conclusion(&self) -> Conclusion {
        Conclusion::worst(self.members.iter().map(|member| member.conclusion))
    }

    /// Whether any scenario, or any part of its comparison, is inconclusive. The conclusion
    /// does not show it if another scenario is worse.
    pub fn has_inconclusive_part(&self) -> bool {
        self.members.iter().any(|member| member.has_inconclusive_part)
    }

    /// The conclusion with its counts, in a line.
    pub(crate) fn verdict_line(&self) -> String {
        let held = self.members.iter().filter(|member| member.held()).count();
        let (all, conclusion) = (self.members.len(), self.conclusion());
        let skipped = match self.members.iter().filter(|member| member.is_skipped).count() {
            0 => String::new(),
            skipped => format!(", {skipped} skipped"),
        };
        format!("Verdict of the suite: {conclusion} ({held} of {all} scenarios held{skipped}).")
    }
}

impl ComparedMember {
    pub(crate) fn held(&self) -> bool {
        self.conclusion == Conclusion::Judged(Verdict::Held) && !self.is_skipped
    }

    /// Its name, its verdict, and what was compared.
    pub(crate) fn row(&self) -> [String; 3] {
        let compared = match (&self.comparison, &self.problem) {
            (Some(comparison), _) => describe_compared(comparison),
            (None, problem) => problem.clone().unwrap_or_default(),
        };
        let conclusion = match self.is_skipped {
            true => "skipped".to_owned(),
            false => self.conclusion.to_string(),
        };
        [self.scenario.clone(), conclusion, compared]
    }
}

fn describe_compared(comparison: &Comparison) -> String {
    let (laws, metrics) = (comparison.laws.same, comparison.metrics.len());
    match comparison.scope {
        Scope::Laws => format!("{laws} laws and all checks"),
        Scope::All if metrics == 0 => format!("{laws} laws and all checks; no metrics"),
        Scope::All => format!("{laws} laws, all checks, {metrics} metrics"),
    }
}

fn describe_suite(suite: &Suite) -> String {
    let record = &suite.record;
    let commit = record.tool.commit.as_ref().map_or(String::new(), |commit| format!(" ({commit})"));
    format!(
        "{}, started {}, {}, queuelab {}{commit}",
        record.suite,
        record.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        several(record.members.len() as u64, "scenario"),
        record.tool.version
    )
}
