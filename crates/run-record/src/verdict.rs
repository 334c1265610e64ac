//! The verdicts on a run and on a suite: computed by `judge`, stored with them, and only
//! rendered everywhere else.
//!
//! | module | contains |
//! |---|---|
//! | `kind` | [`Verdict`], in one word |
//! | `check` | a check by its name, over all trials |
//! | `trial` | a planned trial with its executions |
//! | `disturbed` | a planned trial that the machine disturbed |
//! | `cell` | a cell of the matrix |
//! | `run` | a run: counts of checks, its cells, and trials that did not hold at once |
//! | `suite` | a suite: each member with its run's verdict, or why it has none |
//! | `sentences` | the verdict on a run as text |

mod cell;
mod check;
mod disturbed;
mod kind;
mod run;
mod sentences;
mod suite;
mod trial;

pub use cell::CellVerdict;
pub use check::CheckVerdict;
pub use disturbed::{DisturbedExecution, DisturbedTrial};
pub use kind::Verdict;
pub use run::RunVerdict;
pub use suite::{MemberState, SuiteMember, SuiteVerdict};
pub use trial::{ExecutionVerdict, TrialVerdict};
