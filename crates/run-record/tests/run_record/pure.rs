//! Tests that need nothing but a directory for temporary files.
//!
//! | module | tests |
//! |---|---|
//! | `agreement` | how well the simulator agrees with a run |
//! | `directory` | writing, reading and resuming a run directory |
//! | `live` | following a run that is in progress |
//! | `suite` | a suite's directory |
//! | `verdict` | the verdicts on a run and on a suite |
//! | `version` | schema versions, and records that no version allows |

mod agreement;
mod directory;
mod live;
mod suite;
mod verdict;
mod version;
