//! The sections of the summary, for synthetic runs.

#[macro_use]
mod fixture;
mod arbitrary;
mod claims;
mod destinations;
mod laws;
mod ledger;
mod oracle;
mod programs;
mod queue_runs;
mod runs;
mod sentences;
mod simulation;
mod waits;
mod why;
