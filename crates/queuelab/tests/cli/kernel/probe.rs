//! The probe.
//!
//! | module | holds |
//! |---|---|
//! | `controlled` | a probe that a program controls with JSON lines |
//! | `standalone` | a probe in a terminal or a pipe |
//! | `recorded` | the probe of a trial |

mod controlled;
mod recorded;
mod standalone;
