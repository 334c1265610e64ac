//! Compared metrics as a table, and their order.

use std::cmp::Ordering;

use report::Table;
use run_view::statistics::median_ratio;

use crate::comparison::Comparison;
use crate::conclusion::Conclusion;
use crate::format::p_value;
use crate::metric_comparison::MetricComparison;

impl Comparison {
    /// A row for each of these metrics.
    pub(crate) fn metric_table(&self, metrics: &[&MetricComparison]) -> Table {
        let row = |compared: &&MetricComparison| {
            let [baseline, new] = compared.medians();
            vec![
                compared.metric.name.to_owned(),
                compared.describe_point(&self.names),
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
            head: head.map(str::to_owned).into(),
            rows: metrics.iter().map(row).collect(),
            words: 3,
            ..Table::default()
        }
    }
}

impl MetricComparison {
    /// The order by verdict, the worst first, and then by the size of the change.
    pub(crate) fn worst_first(&self, other: &Self) -> Ordering {
        let rank = |compared: &Self| Conclusion::Judged(compared.verdict).rank();
        let change = |compared: &Self| {
            median_ratio(&compared.baseline, &compared.new).map_or(0.0, |ratio| ratio.ln().abs())
        };
        rank(self).cmp(&rank(other)).then(change(other).total_cmp(&change(self)))
    }
}
