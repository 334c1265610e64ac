//! `queuelab ci` as the workflows call it.

mod compared;
mod earlier_runs;
mod smoke;
mod step;
mod suite;
