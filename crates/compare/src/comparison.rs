//! What is compared with what, and the verdict on each and on all.

use std::fmt;

use run_record::{InterleavedRole, RunRecord, RunVerdict, TrialRecord, Tries};

use crate::judge::{self, Criteria, Verdict};
use crate::law_changes::LawChanges;
use crate::measure::{MEASURES, Measure};
use crate::pairs::{Pair, Point, pairs};
use crate::sameness::Differences;
use crate::{holm, mann_whitney};
use run_view::Run;
use run_view::written_point;

/// A run held against its baseline.
#[derive(Debug)]
pub struct Comparison {
    pub(crate) criteria: Criteria,
    pub(crate) scope: Scope,
    /// The runs, in a line each.
    pub(crate) runs: [String; 2],
    /// Whether their trials took turns.
    pub(crate) interleaved: bool,
    /// Whether trials of a run ran side by side.
    pub(crate) side_by_side: bool,
    /// What held of the new run by itself, and whether all did.
    pub(crate) checks: RunVerdict,
    pub(crate) all_held: bool,
    /// Whether all held in the baseline.
    pub(crate) baseline_held: bool,
    /// Which of the runs came to no end, and how far, in a line each.
    pub(crate) unfinished: Vec<String>,
    pub(crate) laws: LawChanges,
    /// Why figures may not be compared; empty where they may.
    pub(crate) differences: Differences,
    /// The axes on which cells differ.
    pub(crate) axes: Vec<String>,
    /// Empty where figures may not be compared.
    pub(crate) figures: Vec<Compared>,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Laws, checks and measured figures.
    All,
    /// Laws and checks alone.
    Laws,
}

/// One figure of one cell.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) measure: &'static Measure,
    pub(crate) point: Point,
    /// One figure for each trial that has it, in the baseline and in the new run.
    pub(crate) old: Vec<f64>,
    pub(crate) new: Vec<f64>,
    /// Adjusted for the number of tests; none where there were too few trials.
    pub(crate) p: Option<f64>,
    pub(crate) verdict: Verdict,
}

/// How a comparison ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// An expectation, a law or an invariant failed in the new run, whatever the
    /// baseline.
    Failed,
    /// All held in the new run itself; against the baseline, this.
    Judged(Verdict),
}

impl Conclusion {
    /// The worst of several; of none, that there is no baseline.
    pub(crate) fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        let worst = all.into_iter().min_by_key(|conclusion| conclusion.order());
        worst.unwrap_or(Self::Judged(Verdict::NoBaseline))
    }

    /// Its place when the worst come first.
    pub(crate) fn order(self) -> usize {
        use Verdict::{Held, Improved, Inconclusive, NoBaseline, Regressed};
        match self {
            Self::Failed => 0,
            Self::Judged(Regressed) => 1,
            Self::Judged(NoBaseline) => 2,
            Self::Judged(Inconclusive) => 3,
            Self::Judged(Improved) => 4,
            Self::Judged(Held) => 5,
        }
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed => f.pad("failed"),
            Self::Judged(verdict) => verdict.fmt(f),
        }
    }
}

/// Holds a run against its baseline.
pub fn compare(baseline: &Run, new: &Run, criteria: &Criteria) -> Comparison {
    compared(baseline, new, criteria, Scope::All)
}

/// Holds a run's laws and checks against its baseline's, and no rate: they bind
/// whatever machine the baseline is from.
pub fn compare_laws(baseline: &Run, new: &Run) -> Comparison {
    compared(baseline, new, &Criteria::default(), Scope::Laws)
}

pub(crate) fn compared(baseline: &Run, new: &Run, criteria: &Criteria, scope: Scope) -> Comparison {
    let differences = Differences::between(&baseline.record, &new.record);
    let pairs = pairs(baseline, new);
    let laws = match differences.scenario.is_empty() {
        true => LawChanges::between(&pairs),
        false => LawChanges::default(),
    };
    let has_figures = scope == Scope::All && differences.is_empty();
    let figures = if has_figures { figures(&pairs, criteria) } else { Vec::new() };
    Comparison {
        criteria: *criteria,
        scope,
        runs: [baseline, new].map(written_run),
        interleaved: are_interleaved(&baseline.record, &new.record),
        side_by_side: new.record.scenario.resolved["side_by_side"] == true,
        checks: new.verdict.clone(),
        all_held: !new.verdict.verdict.is_failed(),
        baseline_held: !baseline.verdict.verdict.is_failed(),
        unfinished: [("the baseline", baseline), ("the new run", new)]
            .into_iter()
            .filter_map(|(name, run)| Some(format!("{name}: {}", run.verdict.unfinished()?)))
            .collect(),
        laws,
        differences,
        axes: axes(&pairs),
        figures,
    }
}

impl Comparison {
    /// How it ends: the worst of all verdicts. Of a run that came to no end
    /// nothing is said but what is wrong with it.
    pub fn conclusion(&self) -> Conclusion {
        if !self.all_held {
            return Conclusion::Failed;
        }
        let verdict = match self.scope {
            Scope::All => self.verdict_of_all(),
            Scope::Laws => self.laws_verdict(),
        };
        Conclusion::Judged(match verdict {
            Verdict::Held | Verdict::Improved if !self.unfinished.is_empty() => {
                Verdict::Inconclusive
            }
            verdict => verdict,
        })
    }

    fn verdict_of_all(&self) -> Verdict {
        use Verdict::{Held, Improved, Inconclusive, NoBaseline, Regressed};
        let found = |verdict| self.verdicts().any(|(_, _, found)| found == verdict);
        if !self.laws.predicted.is_empty() || found(Regressed) {
            Regressed
        } else if self.figures.is_empty() || found(NoBaseline) {
            NoBaseline
        } else if !self.laws.undecided.is_empty() || found(Inconclusive) {
            Inconclusive
        } else if found(Improved) {
            Improved
        } else {
            Held
        }
    }

    /// Of laws and checks alone. A cell that only the new run has is no fault of
    /// its own; one that only the baseline has was not looked at.
    fn laws_verdict(&self) -> Verdict {
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

    /// The verdict on every figure that was compared: its name, its cell's place
    /// on the axes, and the verdict.
    pub fn verdicts(&self) -> impl Iterator<Item = (&'static str, String, Verdict)> {
        self.figures.iter().map(|figure| {
            let point = figure.point.iter().map(|(path, value)| (path.as_str(), value));
            (figure.measure.name, written_point(point), figure.verdict)
        })
    }
}

/// Every figure that says something of a cell, judged. The tests of all figures
/// and cells are one family: Holm's correction is over them all.
fn figures(pairs: &[Pair<'_>], criteria: &Criteria) -> Vec<Compared> {
    let mut figures: Vec<Compared> = MEASURES
        .iter()
        .flat_map(|measure| pairs.iter().filter_map(|pair| figure(measure, pair)))
        .collect();
    let tested: Vec<usize> =
        (0..figures.len()).filter(|&index| figures[index].has_enough_trials()).collect();
    let p_values: Vec<f64> = tested
        .iter()
        .map(|&index| mann_whitney::p_value(&figures[index].old, &figures[index].new))
        .collect();
    for (&index, p) in tested.iter().zip(holm::adjusted(&p_values)) {
        figures[index].p = Some(p);
    }
    for figure in &mut figures {
        let Compared { measure, old, new, p, .. } = figure;
        figure.verdict = judge::verdict(criteria, measure, old, new, *p);
    }
    figures
}

impl Compared {
    pub(crate) fn has_enough_trials(&self) -> bool {
        judge::are_enough([self.old.len(), self.new.len()])
    }
}

/// A sample is a trial, not a try, and its figure is that of the first: only what
/// did not hold is run again, so that a further try is chosen by what was found,
/// and would make a run look better the more it failed.
fn figure(measure: &'static Measure, pair: &Pair<'_>) -> Option<Compared> {
    let (old, new) = (first_tries(&pair.old), first_tries(&pair.new));
    let of = |trials: &[&TrialRecord]| -> Vec<f64> {
        trials.iter().filter_map(|trial| (measure.of)(trial)).collect()
    };
    let says_something = old.iter().chain(&new).any(|trial| (measure.says_something)(trial));
    says_something.then(|| Compared {
        measure,
        point: pair.point.clone(),
        old: of(&old),
        new: of(&new),
        p: None,
        verdict: Verdict::Inconclusive,
    })
}

fn first_tries<'a>(trials: &[&'a TrialRecord]) -> Vec<&'a TrialRecord> {
    Tries::of(trials.iter().copied()).iter().map(Tries::first).collect()
}

/// The axes on which not all cells have the same value.
fn axes(pairs: &[Pair<'_>]) -> Vec<String> {
    let Some(first) = pairs.first() else { return Vec::new() };
    let varies =
        |path: &&String| pairs.iter().any(|pair| pair.point.get(*path) != first.point.get(*path));
    first.point.keys().filter(varies).cloned().collect()
}

/// Whether the two took turns, trial by trial: they have the same random order
/// then, too.
fn are_interleaved(baseline: &RunRecord, new: &RunRecord) -> bool {
    let role = |run: &RunRecord| run.interleaved.as_ref().map(|interleaved| interleaved.role);
    role(baseline) == Some(InterleavedRole::Baseline)
        && role(new) == Some(InterleavedRole::New)
        && baseline.seed == new.seed
}

fn written_run(run: &Run) -> String {
    let record = &run.record;
    let commit = record.tool.commit.as_ref().map_or(String::new(), |commit| format!(" ({commit})"));
    let program = || format!("queuelab {}{commit}", record.tool.version);
    format!(
        "{}, begun {}, {} of {} trials, {}",
        record.scenario.name,
        record.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        run.tries().len(),
        record.planned_trials,
        run.build().unwrap_or_else(program)
    )
}
