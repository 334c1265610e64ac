//! `queuelab serve` as a process.
//!
//! | module | holds |
//! |---|---|
//! | `starting` | how the server starts and stops |
//! | `watching` | how many browsers may watch a run, and their open files |

mod starting;
mod watching;
