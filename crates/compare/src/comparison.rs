//! What is compared of two runs, and the conclusion.

use run_record::{AxisNames, InterleavedRole, RunRecord, RunVerdict};
use run_view::Run;

use crate::cells::{match_cells, varying_axes};
use crate::conclusion::Conclusion;
use crate::criteria::Criteria;
use crate::differences::{Difference, Differences};
use crate::law_changes::LawChanges;
use crate::metric_comparison::{MetricComparison, compare_metrics};
use crate::verdict::Verdict;

/// A run compared with its baseline.
#[derive(Debug)]
pub struct Comparison {
    pub(crate) criteria: Criteria,
    pub(crate) scope: Scope,
    /// The baseline and the new run, a line each.
    pub(crate) runs: [String; 2],
    /// Whether their trials were interleaved.
    pub(crate) is_interleaved: bool,
    /// Whether trials of a run ran side by side.
    pub(crate) is_side_by_side: bool,
    /// The checks of the baseline.
    pub(crate) baseline_verdict: RunVerdict,
    /// The checks of the new run.
    pub(crate) new_verdict: RunVerdict,
    /// The runs that are not finished, a line each.
    pub(crate) unfinished: Vec<String>,
    /// The runs with disturbed trials, a line each.
    pub(crate) disturbed: Vec<String>,
    pub(crate) laws: LawChanges,
    /// Why metrics are not comparable; empty if they are.
    pub(crate) differences: Differences,
    /// The names of the axes of both runs.
    pub(crate) names: AxisNames,
    /// The axes on which cells differ.
    pub(crate) axes: Vec<String>,
    /// Empty if metrics are not comparable, or were not asked for.
    pub(crate) metrics: Vec<MetricComparison>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Laws, checks and metrics.
    All,
    /// Only laws and checks.
    Laws,
}

/// Compares a run with its baseline.
pub fn compare(baseline: &Run, new: &Run, criteria: &Criteria) -> Comparison {
    Comparison::new(baseline, new, criteria, Scope::All)
}

/// Compares only the laws and checks of a run with its baseline's, which is possible across
/// machines.
pub fn compare_laws(baseline: &Run, new: &Run) -> Comparison {
    Comparison::new(baseline, new, &Criteria::default(), Scope::Laws)
}

impl Comparison {
    pub(crate) fn new(baseline: &Run, new: &Run, criteria: &Criteria, scope: Scope) -> Self {
        let differences = Differences::between(&baseline.record, &new.record);
        let cells = match_cells(baseline, new);
        let laws = match differences.scenario.is_empty() {
            true => LawChanges::between(&cells, new.axis_names()),
            false => LawChanges::default(),
        };
        let metrics = match scope {
            Scope::All if differences.is_empty() => compare_metrics(&cells, criteria),
            _ => Vec::new(),
        };
        let sides = [("the baseline", baseline), ("the new run", new)];
        let lines = |describe: fn(&RunVerdict) -> Option<String>| -> Vec<String> {
            let line =
                |(name, run): (&str, &Run)| Some(format!("{name}: {}", describe(&run.verdict)?));
            sides.into_iter().filter_map(line).collect()
        };
        Self {
            criteria: *criteria,
            scope,
            runs: [baseline, new].map(describe_run),
            is_interleaved: are_interleaved(&baseline.record, &new.record),
            is_side_by_side: new.record.scenario.resolved["side_by_side"] == true,
            baseline_verdict: baseline.verdict.clone(),
            new_verdict: new.verdict.clone(),
            unfinished: lines(RunVerdict::unfinished),
            disturbed: lines(RunVerdict::describe_disturbed),
            laws,
            differences,
            names: new.axis_names().clone(),
            axes: varying_axes(&cells),
            metrics,
        }
    }

    /// How it ends: the worst of all verdicts. A run that is not finished never ends better than
    /// inconclusive, and neither do the metrics of a run most of whose trials were disturbed; the
    /// predictions and counts of exact laws are as good as in any other.
    pub fn conclusion(&self) -> Conclusion {
        if self.new_verdict.verdict.is_failed() {
            return Conclusion::Failed;
        }
        let verdict = match self.scope {
            Scope::All => self.verdict_on_all(),
            Scope::Laws => self.verdict_on_laws(),
        };
        Conclusion::Judged(match verdict {
            Verdict::Held | Verdict::Improved
                if !self.unfinished.is_empty()
                    || (self.scope == Scope::All && self.is_mostly_disturbed()) =>
            {
                Verdict::Inconclusive
            }
            verdict => verdict,
        })
    }

    /// Whether any part of it is inconclusive, even if the conclusion is another: a metric, a
    /// law that is no longer decided, a cell that was not run, a run that is not finished or
    /// most of whose trials were disturbed, or the conclusion itself.
    pub fn has_inconclusive_part(&self) -> bool {
        let LawChanges { undecided, not_run, .. } = &self.laws;
        self.conclusion() == Conclusion::Judged(Verdict::Inconclusive)
            || !self.unfinished.is_empty()
            || !undecided.is_empty()
            || !not_run.is_empty()
            || self.is_mostly_disturbed()
            || self.metrics.iter().any(|metric| metric.verdict == Verdict::Inconclusive)
    }

    /// Whether most trials of the new run were disturbed.
    fn is_mostly_disturbed(&self) -> bool {
        self.new_verdict.verdict == run_record::Verdict::Inconclusive
    }

    fn verdict_on_all(&self) -> Verdict {
        use Verdict::{Held, Improved, Inconclusive, NoBaseline, Regressed};
        let any = |verdict| self.metrics.iter().any(|metric| metric.verdict == verdict);
        if !self.laws.predicted.is_empty() || any(Regressed) {
            Regressed
        } else if self.metrics.is_empty() || any(NoBaseline) {
            NoBaseline
        } else if !self.laws.undecided.is_empty() || any(Inconclusive) {
            Inconclusive
        } else if any(Improved) {
            Improved
        } else {
            Held
        }
    }

    /// A cell that is only in the new run does not count against it; one that is only in
    /// the baseline was not compared.
    fn verdict_on_laws(&self) -> Verdict {
        if !self.laws.predicted.is_empty() {
            Verdict::Regressed
        } else if !self.differences.scenario.is_empty() || self.laws.cells == 0 {
            Verdict::NoBaseline
        } else if !self.laws.undecided.is_empty() || !self.laws.not_run.is_empty() {
            Verdict::Inconclusive
        } else {
            Verdict::Held
        }
    }

    /// The verdict on every metric that was compared: the metric's name, its cell's place
    /// on the axes, and the verdict.
    pub fn verdicts(&self) -> impl Iterator<Item = (&'static str, String, Verdict)> {
        self.metrics.iter().map(|compared| {
            (compared.metric.name, compared.describe_point(&self.names), compared.verdict)
        })
    }

    /// Why metrics are not comparable; empty if they are.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter()
    }
}

/// Whether the trials of the two were interleaved, which gives them the same random order.
fn are_interleaved(baseline: &RunRecord, new: &RunRecord) -> bool {
    let role = |run: &RunRecord| run.interleaved.as_ref().map(|interleaved| interleaved.role);
    role(baseline) == Some(InterleavedRole::Baseline)
        && role(new) == Some(InterleavedRole::New)
        && baseline.seed == new.seed
}

fn describe_run(run: &Run) -> String {
    let record = &run.record;
    let commit = record.tool.commit.as_ref().map_or(String::new(), |commit| format!(" ({commit})"));
    let program = || format!("queuelab {}{commit}", record.tool.version);
    format!(
        "{}, started {}, {} of {} trials, {}",
        record.scenario.name,
        record.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        run.executed_trials(),
        record.planned_trials,
        run.build().unwrap_or_else(program)
    )
}
