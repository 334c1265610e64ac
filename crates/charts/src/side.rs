//! The run next to the one that is drawn: the charts of both have the same scales.

use std::cmp::Ordering;

use run_record::Axis;
use run_view::Cell;
use run_view::Metric;
use run_view::Run;
use serde_json::Value;

/// A run that is shown next to another one, so that equal heights and colours in the charts
/// of both mean equal values.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The run.
    pub run: &'a Run,
    /// All its cells.
    pub cells: &'a [Cell<'a>],
}

/// The end of a metric's scale.
pub(crate) fn top(metric: &Metric, cells: &[Cell<'_>], beside: Option<Side<'_>>) -> f64 {
    let of = |cell: &Cell<'_>| Some(cell.finding(metric.value)?.max);
    let own = cells.iter().filter_map(of);
    let others = beside.iter().flat_map(|side| side.cells).filter_map(of);
    metric.scale_max.unwrap_or_else(|| own.chain(others).fold(0.0, f64::max))
}

/// The values of an axis in either run; numbers in order.
pub(crate) fn all_values(axis: &Axis, beside: Option<Side<'_>>) -> Vec<Value> {
    let mut values = axis.values.clone();
    let same = beside.iter().flat_map(|side| side.run.varying_axes());
    let same = same.filter(|other| other.path == axis.path);
    let others: Vec<_> = same.flat_map(|axis| &axis.values).cloned().collect();
    let is_new = |value: &Value| !axis.values.contains(value);
    values.extend(others.into_iter().filter(is_new));
    if values.len() > axis.values.len() && values.iter().all(Value::is_number) {
        let order = |one: &Value, other: &Value| one.as_f64().partial_cmp(&other.as_f64());
        values.sort_by(|one, other| order(one, other).unwrap_or(Ordering::Equal));
    }
    values
}
