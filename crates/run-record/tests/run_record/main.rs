//! Tests of run directories, suites' directories and verdicts.
//!
//! | module | its tests need |
//! |---|---|
//! | `pure` | a directory for temporary files |
//! | `support` | (no tests: what the others share) |

mod pure;
mod support;
