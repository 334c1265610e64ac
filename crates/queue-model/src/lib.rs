//! The kernel's laws of the listen path, as pure functions of the settings.
//!
//! | module | law |
//! |---|---|
//! | [`accept_queue`] | how many connections a listener holds |
//! | [`syn_queue`] | how many half-open ones, and which counter tells of a SYN dropped |
//!
//! No I/O: what a law predicts can be computed, and shown, before anything is
//! started.

pub mod accept_queue;
pub mod syn_queue;
