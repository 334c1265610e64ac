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
//! | `suite` | two suites: each scenario against the same of the baseline |
//! | `table`, `html`, `markdown`, `json` | the comparison as text, for a page, for a job's summary, for programs |
//! | `mann_whitney`, `holm`, `effect` | the statistics |
//!
//! Every statistic is over trials: attempts and messages of one trial share its
//! machine's moods, and say less together than as many alone.

mod comparison;
mod effect;
mod holm;
mod html;
mod json;
mod judge;
mod law_changes;
mod mann_whitney;
mod markdown;
mod measure;
mod pairs;
mod sameness;
mod suite;
mod table;

pub use comparison::{Comparison, Conclusion, compare, compare_laws};
pub use judge::{Criteria, FEWEST_TRIALS, Verdict};
pub use sameness::Difference;
pub use suite::{SuiteComparison, compare_suites};
