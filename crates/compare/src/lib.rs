//! A run compared with a baseline.
//!
//! | module | holds |
//! |---|---|
//! | `comparison` | [`compare`], [`compare_laws`]: what is compared, and the conclusion |
//! | `suite` | [`compare_suites`]: each scenario with the same one of the baseline |
//! | `conclusion`, `verdict` | how a comparison of a run, or of a metric, ends |
//! | `cells` | the cells of both runs, matched by their place on the axes |
//! | `metric`, `metric_comparison` | the measured metrics, and each of them compared in a cell |
//! | `judge`, `criteria` | the verdict on a metric, and what decides it |
//! | `differences` | what of machine and scenario differs, so that metrics are not comparable |
//! | `law_changes` | laws that predict something else than in the baseline, or are no longer decided |
//! | `holm` | the correction for many tests |
//! | `summary`, `format`, `metric_table` | sentences, numbers and a table that several renderers print |
//! | `text`, `html`, `markdown`, `json` | the renderers, of runs and of suites |
//!
//! The sample of every statistic is the trial: attempts and messages of one trial share
//! the noise of its machine and are not independent.

mod cells;
mod comparison;
mod conclusion;
mod criteria;
mod differences;
mod format;
mod holm;
mod html;
mod json;
mod judge;
mod law_changes;
mod markdown;
mod metric;
mod metric_comparison;
mod metric_table;
mod suite;
mod summary;
mod text;
mod verdict;

pub use comparison::{Comparison, compare, compare_laws};
pub use conclusion::Conclusion;
pub use criteria::{Criteria, MIN_TRIALS};
pub use differences::Difference;
pub use suite::{SuiteComparison, compare_suites};
pub use verdict::Verdict;
