//! The kernel's laws of the listen path, as pure functions of the settings.
//!
//! | module | law |
//! |---|---|
//! | [`accept_queue`] | how many connections a listener holds |
//! | [`simulator`] | what becomes of each connection of a load, and when |
//!
//! No I/O: what a law predicts can be computed, and shown, before anything is
//! started.

pub mod accept_queue;
pub mod simulator;
