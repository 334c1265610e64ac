//! A run held against an earlier one: its baseline.
//!
//! | module | holds |
//! |---|---|
//! | `comparison` | what is compared with what, and the verdict on each and on all |
//! | `pairs` | the cells of both runs, matched by their place on the axes |
//! | `measure` | the measured figures that are compared |
//! | `judge` | how a figure's verdict follows from its trials |
//! | `sameness` | whether figures of two runs may be compared at all |
//! | `law_changes` | laws that predict something else than in the baseline, or are checked no more |
//! | `table` | the comparison as text |
//! | `mann_whitney`, `holm`, `effect` | the statistics |
//!
//! Every statistic is over trials: attempts and messages of one trial share its
//! machine's moods, and say less together than as many alone.

mod comparison;
mod effect;
mod holm;
mod judge;
mod law_changes;
mod mann_whitney;
mod measure;
mod pairs;
mod sameness;
mod table;

pub use comparison::{Comparison, Conclusion, compare};
pub use judge::{Criteria, FEWEST_TRIALS, Verdict};
