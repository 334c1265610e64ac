//! The sections of the summary, for synthetic runs.

#[macro_use]
mod fixture;
mod any;
mod claims;
mod laws;
mod queue_runs;
mod runs;
mod simulation;
mod waits;
mod why;
