//! Two suites: each scenario against the same one of the baseline.

use serde_json::Value;

use crate::comparison::{Comparison, Conclusion, Scope, compared};
use crate::judge::{Criteria, FEWEST_TRIALS, Verdict};
use report::{Member, Suite};
use run_view::Run;
use run_view::prose::several;

/// A suite held against an earlier one.
#[derive(Debug)]
pub struct SuiteComparison {
    /// The suites, in a line each.
    pub(crate) suites: [String; 2],
    /// Those of the new suite in its order, then those that only the baseline
    /// has.
    pub(crate) members: Vec<ComparedMember>,
}

/// One scenario of two suites.
#[derive(Debug)]
pub(crate) struct ComparedMember {
    pub(crate) scenario: String,
    pub(crate) conclusion: Conclusion,
    /// Why there is nothing to compare; none where there is.
    pub(crate) problem: Option<String>,
    pub(crate) comparison: Option<Comparison>,
}

/// Holds a suite against an earlier one, scenario by scenario. Where neither
/// side asked for as many repetitions as a verdict on measured figures needs,
/// laws and checks alone are looked at; with `laws`, everywhere.
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
    let gone = baseline.members().filter(|member| !is_new(&member.record.scenario));
    members.extend(gone.map(|member| {
        compare_member(member.record.scenario.clone(), Some(member), None, criteria, laws)
    }));
    SuiteComparison { suites: [baseline, new].map(written_suite), members }
}

fn compare_member(
    scenario: String,
    baseline: Option<Member<'_>>,
    new: Option<Member<'_>>,
    criteria: &Criteria,
    laws: bool,
) -> ComparedMember {
    let runs = (baseline.and_then(|member| member.run), new.and_then(|member| member.run));
    let without = |conclusion, problem: String| ComparedMember {
        scenario: scenario.clone(),
        conclusion,
        problem: Some(problem),
        comparison: None,
    };
    let inconclusive = Conclusion::Judged(Verdict::Inconclusive);
    match runs {
        (_, None) => match new {
            None => without(inconclusive, "it is in the baseline alone".to_owned()),
            Some(member) => {
                without(inconclusive, format!("it was not run: {}", member.verdict.describe()))
            }
        },
        (None, Some(run)) => {
            // With laws alone what a baseline does not know is nothing against it.
            let conclusion = match (!run.verdict.verdict.is_failed(), laws && baseline.is_none()) {
                (false, _) => Conclusion::Failed,
                (true, true) => Conclusion::Judged(Verdict::Held),
                (true, false) => Conclusion::Judged(Verdict::NoBaseline),
            };
            let problem = match baseline {
                None => "it is not in the baseline".to_owned(),
                Some(member) => {
                    format!("it was not run in the baseline: {}", member.verdict.describe())
                }
            };
            without(conclusion, problem)
        }
        (Some(baseline), Some(new)) => {
            let measured = !laws && [baseline, new].iter().any(|run| is_measured(run));
            let scope = if measured { Scope::All } else { Scope::Laws };
            let comparison = compared(baseline, new, criteria, scope);
            ComparedMember {
                scenario,
                conclusion: comparison.conclusion(),
                problem: None,
                comparison: Some(comparison),
            }
        }
    }
}

/// Whether so many repetitions were asked for as a verdict on figures needs.
fn is_measured(run: &Run) -> bool {
    let repeat = run.record.scenario.resolved.get("repeat").and_then(Value::as_u64);
    repeat.is_some_and(|repeat| repeat >= FEWEST_TRIALS as u64)
}

impl SuiteComparison {
    /// How it ends: the worst of all its scenarios.
    pub fn conclusion(&self) -> Conclusion {
        Conclusion::worst(self.members.iter().map(|member| member.conclusion))
    }

    /// The comparison as a person reads it: each scenario in short, those that
    /// did not hold at length before.
    pub fn written(&self) -> String {
        let [baseline, new] = &self.suites;
        let mut sections = vec![format!("Baseline: {baseline}\nNow: {new}")];
        let not_held = |member: &&ComparedMember| !member.held();
        for member in self.members.iter().filter(not_held) {
            let told = member.comparison.as_ref().map(Comparison::written);
            let told = told.or(member.problem.clone()).unwrap_or_default();
            sections.push(format!("── {} ──\n\n{told}", member.scenario));
        }
        let rows: Vec<_> = self.members.iter().map(ComparedMember::row).collect();
        let table = report::Table {
            title: String::new(),
            head: ["scenario", "verdict", "what was compared"].map(str::to_owned).into(),
            rows,
            words: 3,
        };
        sections.push(table.drawn().to_string());
        sections.push(self.verdict());
        sections.join("\n\n")
    }

    /// How it ends, in a line.
    pub(crate) fn verdict(&self) -> String {
        let held = self.members.iter().filter(|member| member.held()).count();
        let (all, conclusion) = (self.members.len(), self.conclusion());
        format!("Verdict of the suite: {conclusion} ({held} of {all} scenarios held).")
    }
}

impl ComparedMember {
    pub(crate) fn held(&self) -> bool {
        self.conclusion == Conclusion::Judged(Verdict::Held)
    }

    /// Its name, its verdict, and what was compared.
    pub(crate) fn row(&self) -> Vec<String> {
        let what = match (&self.comparison, &self.problem) {
            (Some(comparison), _) => comparison.in_short(),
            (None, problem) => problem.clone().unwrap_or_default(),
        };
        vec![self.scenario.clone(), self.conclusion.to_string(), what]
    }
}

impl Comparison {
    fn in_short(&self) -> String {
        match self.scope {
            Scope::Laws => format!("{} laws and all checks", self.laws.same),
            Scope::All if self.figures.is_empty() => {
                format!("{} laws and all checks; no figures", self.laws.same)
            }
            Scope::All => {
                let (laws, figures) = (self.laws.same, self.figures.len());
                format!("{laws} laws, all checks, {figures} figures")
            }
        }
    }
}

fn written_suite(suite: &Suite) -> String {
    let record = &suite.record;
    let commit = record.tool.commit.as_ref().map_or(String::new(), |commit| format!(" ({commit})"));
    format!(
        "{}, begun {}, {}, queuelab {}{commit}",
        record.suite,
        record.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        several(record.members.len() as u64, "scenario"),
        record.tool.version
    )
}
