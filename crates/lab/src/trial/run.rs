//! The stages of a trial in sequence.

use run_record::wall_time;

use super::context::TrialContext;
use super::output::TrialOutput;
use super::{join, judge, observe, record, testbed};
use crate::error::Result;

/// Runs a trial. Its testbed is always removed when this returns.
///
/// # Errors
/// If the testbed or a worker fails, or the trial must end. A result of the
/// trial is never an error.
pub(crate) fn run(trial: &TrialContext<'_>) -> Result<TrialOutput> {
    let started = wall_time();
    let began = trial.clock().now();
    let shown = trial.live.show_trial(trial.planned, trial.cell);

    let testbed = testbed::create(trial)?;
    let observed = observe::observe(trial, testbed.hosts(), &shown);
    testbed.verify(&observed)?;
    let (mut observed, testbed) = (observed?, testbed.close());

    let joined = join::join(&mut observed);
    let judged = judge::judge(trial, &testbed, &observed, &joined);
    let timing = record::Timing { started, seconds: (trial.clock().now() - began).as_secs_f64() };
    Ok(record::record(trial, timing, testbed, observed, joined, judged))
}
