//! What decides a comparison of metrics.

/// Trials that each side needs for a verdict on a metric.
pub const MIN_TRIALS: usize = 10;

/// What decides a comparison of metrics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Criteria {
    /// The smallest change of a median that counts, as a fraction of the baseline's median:
    /// from 0 to below 1.
    pub floor: f64,
    /// The probability of reporting any change when there is none: above 0, below 1.
    pub alpha: f64,
    /// The seed of the bootstrap intervals; no verdict depends on it.
    pub seed: u64,
}

impl Default for Criteria {
    fn default() -> Self {
        Self { floor: 0.1, alpha: 0.05, seed: 1 }
    }
}
