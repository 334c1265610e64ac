//! `queuelab serve` as a process.
//!
//! | module | holds |
//! |---|---|
//! | `starting` | how the server starts and stops |
//! | `watching` | how many browsers may watch a run, and what they hold of the process |

mod starting;
mod watching;
