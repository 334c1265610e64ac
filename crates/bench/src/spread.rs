//! How much repeated measurements differ.

use serde::Serialize;

/// Minimum, median and maximum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of these values; `None` if there are none. The median of an even number is the mean of the
    /// two in the middle.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let (below, above) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self { min, median: f64::midpoint(below, above), max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_minimum_median_and_maximum() {
        let spread = |values: &[f64]| Spread::of(values).map(|it| (it.min, it.median, it.max));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[2.0]), Some((2.0, 2.0, 2.0)));
        assert_eq!(spread(&[9.0, 1.0, 4.0]), Some((1.0, 4.0, 9.0)));
        assert_eq!(spread(&[10.0, 1.0, 4.0, 2.0]), Some((1.0, 3.0, 10.0)));
    }
}
