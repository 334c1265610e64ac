//! Tests that need nothing but a directory for temporary files.
//!
//! | module | tests |
//! |---|---|
//! | `agreement` | how well the simulator agrees with a run |
//! | `directory` | writing, reading and resuming a run directory |
//! | `links` | what is at the place of a file of a run |
//! | `live` | following a run that is in progress |
//! | `planned` | trials that are not those of the plan |
//! | `suite` | a suite's directory |
//! | `tampering` | a file that another program changes during the run |
//! | `verdict` | the verdicts on a run and on a suite |
//! | `version` | schema versions, and records that no version allows |
//! | `whole` | a new directory is there as a whole, or not at all |

mod agreement;
mod directory;
mod links;
mod live;
mod planned;
mod suite;
mod tampering;
mod verdict;
mod version;
mod whole;
