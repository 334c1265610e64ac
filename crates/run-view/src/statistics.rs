//! The statistics of samples, each value of which is one trial.
//!
//! | module | holds |
//! |---|---|
//! | `mann_whitney` | the test of whether two samples come from the same distribution |
//! | `effect` | the size of a difference: ratio of medians with its interval, Cliff's delta |

mod effect;
mod mann_whitney;

pub use effect::{cliffs_delta, median, median_ratio, ratio_interval};
pub use mann_whitney::{is_significant, p_value, steps};
