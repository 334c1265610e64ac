//! Numbers as every renderer prints them.

use run_view::statistics::{cliffs_delta, median, median_ratio};

use crate::metric_comparison::MetricComparison;

/// A value that does not exist.
pub(crate) const NONE: &str = "·";

/// A ratio with about three significant digits: `0.75`, `12.3`, `1030`.
pub(crate) fn ratio(ratio: f64) -> String {
    match ratio {
        r if r.is_infinite() => "∞".to_owned(),
        r if r >= 99.95 => format!("{r:.0}"),
        r if r >= 9.995 => format!("{r:.1}"),
        r => format!("{r:.2}"),
    }
}

/// A probability: `1`, `0.043`, `1.1e-5`.
pub(crate) fn p_value(p: Option<f64>) -> String {
    match p {
        None => NONE.to_owned(),
        Some(p) if p >= 0.9995 => "1".to_owned(),
        Some(p) if p >= 0.000_95 => format!("{p:.3}"),
        Some(p) => format!("{p:.1e}"),
    }
}

impl MetricComparison {
    /// The medians of the baseline and of the new run, with the metric's unit.
    pub(crate) fn medians(&self) -> [String; 2] {
        [&self.baseline, &self.new]
            .map(|values| median(values).map_or(NONE.to_owned(), self.metric.format))
    }

    /// The ratio of the medians.
    pub(crate) fn ratio(&self) -> String {
        median_ratio(&self.baseline, &self.new).map_or(NONE.to_owned(), ratio)
    }

    /// Cliff's delta of the new trials to the baseline's: `+0.43`.
    pub(crate) fn delta(&self) -> String {
        match self.baseline.is_empty() || self.new.is_empty() {
            true => NONE.to_owned(),
            false => format!("{:+.2}", cliffs_delta(&self.baseline, &self.new)),
        }
    }
}

/// How many trials per side the metrics have: `12 trials`, `9 to 10 trials`.
pub(crate) fn trials(metrics: &[&MetricComparison]) -> String {
    let sides = metrics.iter().flat_map(|metric| [metric.baseline.len(), metric.new.len()]);
    match (sides.clone().min().unwrap_or(0), sides.max().unwrap_or(0)) {
        (1, 1) => "1 trial".to_owned(),
        (min, max) if min == max => format!("{max} trials"),
        (min, max) => format!("{min} to {max} trials"),
    }
}
