//! A metric of one cell, compared.

use std::sync::Arc;

use run_record::AxisNames;
use run_view::statistics::p_value;
use run_view::{Executions, Trial};

use crate::cells::{CellPair, Point};
use crate::criteria::Criteria;
use crate::holm;
use crate::judge::{has_enough_trials, judge};
use crate::metric::{METRICS, Metric};
use crate::verdict::Verdict;

/// A metric of one cell in both runs.
#[derive(Debug)]
pub(crate) struct MetricComparison {
    pub(crate) metric: &'static Metric,
    pub(crate) point: Arc<Point>,
    /// One value for each undisturbed trial of the baseline that has the metric.
    pub(crate) baseline: Vec<f64>,
    /// One value for each undisturbed trial of the new run that has the metric.
    pub(crate) new: Vec<f64>,
    /// Whether the baseline has the cell, even if only with disturbed trials.
    is_in_baseline: bool,
    /// Adjusted for the number of tests; `None` if there were too few trials to test.
    pub(crate) p: Option<f64>,
    pub(crate) verdict: Verdict,
}

impl MetricComparison {
    pub(crate) fn has_enough_trials(&self) -> bool {
        has_enough_trials(&self.baseline, &self.new)
    }

    /// Its cell's place on the axes, as a line of text.
    pub(crate) fn describe_point(&self, names: &AxisNames) -> String {
        names.describe(self.point.iter().map(|(path, value)| (path.as_str(), value)))
    }

    /// `None` if the metric has no meaning in this cell.
    ///
    /// A retried trial counts once, with the first execution that was not disturbed: a failed
    /// trial is retried because of its result, so later executions are selected by their
    /// outcome, and would make a run look better the more it failed. A trial that was disturbed
    /// in each execution does not count.
    fn new(metric: &'static Metric, cells: &CellPair<'_>) -> Option<Self> {
        let (baseline, new) = (measured(&cells.baseline), measured(&cells.new));
        let values = |trials: &[&Trial]| -> Vec<f64> {
            trials.iter().filter_map(|trial| (metric.value)(trial)).collect()
        };
        // Disturbed or not: a cell without any measurement is inconclusive.
        let mut all = cells.baseline.iter().chain(&cells.new);
        let applies = all.any(|trial| (metric.applies_to)(trial));
        applies.then(|| Self {
            metric,
            point: Arc::clone(cells.point),
            baseline: values(&baseline),
            new: values(&new),
            is_in_baseline: !cells.baseline.is_empty(),
            p: None,
            verdict: Verdict::Inconclusive,
        })
    }
}

/// Every metric in every cell, judged. All tests together are one family for Holm's
/// correction.
pub(crate) fn compare_metrics(
    cells: &[CellPair<'_>],
    criteria: &Criteria,
) -> Vec<MetricComparison> {
    let mut compared: Vec<MetricComparison> = METRICS
        .iter()
        .flat_map(|metric| cells.iter().filter_map(|cells| MetricComparison::new(metric, cells)))
        .collect();
    let tested: Vec<usize> =
        (0..compared.len()).filter(|&index| compared[index].has_enough_trials()).collect();
    let p_values: Vec<f64> = tested
        .iter()
        .map(|&index| p_value(&compared[index].baseline, &compared[index].new))
        .collect();
    for (&index, p) in tested.iter().zip(holm::adjusted(&p_values)) {
        compared[index].p = Some(p);
    }
    for compared in &mut compared {
        let MetricComparison { metric, baseline, new, is_in_baseline, p, verdict, .. } = compared;
        *verdict = match judge(criteria, metric, baseline, new, *p) {
            Verdict::NoBaseline if *is_in_baseline => Verdict::Inconclusive,
            verdict => verdict,
        };
    }
    compared
}

/// The execution of each trial that measures it.
fn measured<'a>(trials: &[&'a Trial]) -> Vec<&'a Trial> {
    Executions::group(trials).iter().filter_map(Executions::measured).collect()
}
