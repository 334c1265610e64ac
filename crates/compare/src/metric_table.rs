//! Compared metrics as a table, and their order.

use std::cmp::Ordering;

use report::Table;
use run_view::written_point;

use crate::conclusion::Conclusion;
use crate::effect::median_ratio;
use crate::format::p_value;
use crate::metric_comparison::MetricComparison;

impl MetricComparison {
    /// A row for each.
    pub(crate) fn table(metrics: &[&Self]) -> Table {
        let row = |compared: &&Self| {
            let [baseline, new] = compared.medians();
            let point = compared.point.iter().map(|(path, value)| (path.as_str(), value));
            vec![
                compared.metric.name.to_owned(),
                written_point(point),
                compared.verdict.to_string(),
                baseline,
                new,
                compared.ratio(),
                compared.delta(),
                p_value(compared.p),
            ]
        };
        let head = ["metric", "cell", "verdict", "baseline", "new", "ratio", "delta", "p"];
        Table {
            title: String::new(),
            head: head.map(str::to_owned).into(),
            rows: metrics.iter().map(row).collect(),
            words: 3,
        }
    }

    /// The order by verdict, the worst first, and then by the size of the change.
    pub(crate) fn worst_first(&self, other: &Self) -> Ordering {
        let rank = |compared: &Self| Conclusion::Judged(compared.verdict).rank();
        let change = |compared: &Self| {
            median_ratio(&compared.baseline, &compared.new).map_or(0.0, |ratio| ratio.ln().abs())
        };
        rank(self).cmp(&rank(other)).then(change(other).total_cmp(&change(self)))
    }
}
