//! What is compared with what, and the verdict on each and on all.

use super::judge::{self, Criteria, Verdict};
use super::law_changes::LawChanges;
use super::measure::{MEASURES, Measure};
use super::pairs::{Pair, Point, pairs};
use super::sameness::Differences;
use super::{holm, mann_whitney};
use crate::Run;
use crate::checks::{self, all_held};
use crate::run::written_point;

/// A run held against its baseline.
#[derive(Debug)]
pub struct Comparison {
    pub(super) criteria: Criteria,
    /// The runs, in a line each.
    pub(super) runs: [String; 2],
    /// What held of the new run by itself, and whether all did.
    pub(super) checks: String,
    pub(super) all_held: bool,
    /// Whether all held in the baseline.
    pub(super) baseline_held: bool,
    pub(super) laws: LawChanges,
    /// Why figures may not be compared; empty where they may.
    pub(super) differences: Differences,
    /// The axes on which cells differ.
    pub(super) axes: Vec<String>,
    /// Empty where figures may not be compared.
    pub(super) figures: Vec<Compared>,
}

/// One figure of one cell.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) measure: &'static Measure,
    pub(super) point: Point,
    /// A figure for each trial.
    pub(super) old: Vec<f64>,
    pub(super) new: Vec<f64>,
    /// Adjusted for the number of tests; none where there were too few trials.
    pub(super) p: Option<f64>,
    pub(super) verdict: Verdict,
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

/// Holds a run against its baseline.
pub fn compare(baseline: &Run, new: &Run, criteria: &Criteria) -> Comparison {
    let differences = Differences::between(&baseline.record, &new.record);
    let pairs = pairs(baseline, new);
    let laws = match differences.scenario.is_empty() {
        true => LawChanges::between(&pairs),
        false => LawChanges::default(),
    };
    let figures = if differences.is_empty() { figures(&pairs, criteria) } else { Vec::new() };
    Comparison {
        criteria: *criteria,
        runs: [baseline, new].map(written_run),
        checks: checks::verdict(new),
        all_held: all_held(new),
        baseline_held: all_held(baseline),
        laws,
        differences,
        axes: axes(&pairs),
        figures,
    }
}

impl Comparison {
    /// How it ends: the worst of all verdicts.
    pub fn conclusion(&self) -> Conclusion {
        use Verdict::{Held, Improved, Inconclusive, NoBaseline, Regressed};
        if !self.all_held {
            return Conclusion::Failed;
        }
        let found = |verdict| self.verdicts().any(|(_, _, found)| found == verdict);
        Conclusion::Judged(if !self.laws.predicted.is_empty() || found(Regressed) {
            Regressed
        } else if self.figures.is_empty() || found(NoBaseline) {
            NoBaseline
        } else if !self.laws.undecided.is_empty() || found(Inconclusive) {
            Inconclusive
        } else if found(Improved) {
            Improved
        } else {
            Held
        })
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
    let tested: Vec<usize> = (0..figures.len())
        .filter(|&index| judge::are_enough(&figures[index].old, &figures[index].new))
        .collect();
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

fn figure(measure: &'static Measure, pair: &Pair<'_>) -> Option<Compared> {
    let mut trials = pair.old.iter().chain(&pair.new);
    let says_something = trials.any(|trial| (measure.says_something)(trial));
    let of = |trials: &[&run_record::TrialRecord]| -> Vec<f64> {
        trials.iter().filter_map(|trial| (measure.of)(trial)).collect()
    };
    says_something.then(|| Compared {
        measure,
        point: pair.point.clone(),
        old: of(&pair.old),
        new: of(&pair.new),
        p: None,
        verdict: Verdict::Inconclusive,
    })
}

/// The axes on which not all cells have the same value.
fn axes(pairs: &[Pair<'_>]) -> Vec<String> {
    let Some(first) = pairs.first() else { return Vec::new() };
    let varies =
        |path: &&String| pairs.iter().any(|pair| pair.point.get(*path) != first.point.get(*path));
    first.point.keys().filter(varies).cloned().collect()
}

fn written_run(run: &Run) -> String {
    let record = &run.record;
    let commit = record.tool.commit.as_ref().map_or(String::new(), |commit| format!(" ({commit})"));
    format!(
        "{}, begun {}, {} of {} trials, queuelab {}{commit}",
        record.scenario.name,
        record.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        run.trials.len(),
        record.planned_trials,
        record.tool.version
    )
}
