//! The verdicts on a run and on a suite: computed here, stored with them, and only
//! rendered everywhere else.
//!
//! | module | contains |
//! |---|---|
//! | `kind` | [`Verdict`], in one word |
//! | `violation` | a failed check |
//! | `check` | a check by its name, over all trials |
//! | `trial` | a planned trial with its executions |
//! | `cell` | a cell of the matrix |
//! | `run` | a run: counts of checks, its cells, and trials that did not hold at once |
//! | `matrix` | the cells of a run and the verdicts on them |
//! | `judge` | computes the verdict on a run |
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
