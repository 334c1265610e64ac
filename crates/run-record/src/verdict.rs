//! The verdict on a run: computed here, stored with the run, and only rendered
//! everywhere else.
//!
//! | module | holds |
//! |---|---|
//! | `kind` | [`Verdict`], in one word |
//! | `check` | a check by its name over all trials; a violation of it in one try |
//! | `trial` | a planned trial with its tries |
//! | `cell` | a cell of the matrix |
//! | `run` | a run: counts of checks, its cells, and the trials that did not hold at once |
//! | `suite` | a suite: each member with its run's verdict, or why it has none |
//! | `sentences` | the verdict on a run as text |

mod cell;
mod check;
mod judge;
mod kind;
mod matrix;
mod run;
mod sentences;
mod suite;
mod trial;
mod violation;

pub use cell::CellVerdict;
pub use check::CheckVerdict;
pub use kind::Verdict;
pub use run::RunVerdict;
pub use suite::{MemberState, SuiteMember, SuiteVerdict};
pub use trial::{ExecutionVerdict, TrialVerdict};
pub use violation::{CheckKind, Violation};
