//! The summary's sections, of runs that are made by hand.

#[macro_use]
mod fixture;
mod any;
mod laws;
mod runs;
mod waits;
mod why;
