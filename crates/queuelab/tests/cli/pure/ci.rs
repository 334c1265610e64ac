//! `queuelab ci` as the workflows call it.

mod compared;
mod earlier_runs;
mod interrupted;
mod smoke;
mod step;
mod suite;
