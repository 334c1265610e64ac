//! Synthetic runs.

use std::sync::LazyLock;

use compare::{Comparison, Conclusion, Criteria, Verdict, compare};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use run_record::{RunRecord, TrialRecord};
use run_view::Run;

use crate::runs;

static SWEEP: LazyLock<(RunRecord, Vec<TrialRecord>)> = LazyLock::new(|| runs::load_run("sweep"));

/// A run that a test describes.
pub(crate) struct Synthetic {
    pub(crate) record: RunRecord,
    pub(crate) trials: Vec<TrialRecord>,
}

impl Synthetic {
    /// The first `cells` cells of the recorded sweep, each with so many repetitions, and
    /// with metrics around the same mean in all cells: `noise` is their standard deviation
    /// as a fraction of it.
    pub(crate) fn new(seed: u64, cells: usize, repetitions: u32, noise: f64) -> Self {
        let (mut record, mut recorded) = SWEEP.clone();
        recorded.retain(|trial| trial.repetition == 0);
        recorded.sort_by_key(|trial| trial.cell);
        recorded.truncate(cells);
        record.planned_trials = recorded.len() as u32 * repetitions;
        let mut rng = StdRng::seed_from_u64(seed);
        let mut trials = Vec::new();
        for repetition in 0..repetitions {
            for cell in &recorded {
                let mut trial = cell.clone();
                trial.id = trials.len() as u32;
                trial.repetition = repetition;
                let mut around = |mean: f64| {
                    // The sum of twelve has a standard deviation of 1 and a mean of 6.
                    let sum: f64 = (0..12).map(|_| rng.random::<f64>()).sum();
                    mean * (1.0 + noise * (sum - 6.0))
                };
                trial.rates.delivered = around(40_000.0);
                trial.rates.ingested = Some(around(1_000.0));
                trial.delivery_latency.p99_ns = around(80e6) as u64;
                trials.push(trial);
            }
        }
        Self { record, trials }
    }

    pub(crate) fn record(mut self, change: impl FnOnce(&mut RunRecord)) -> Self {
        change(&mut self.record);
        self
    }

    pub(crate) fn each_trial(mut self, change: impl FnMut(&mut TrialRecord)) -> Self {
        self.trials.iter_mut().for_each(change);
        self
    }

    pub(crate) fn run(&self) -> Run {
        Run::new(self.record.clone(), self.trials.clone())
    }
}

pub(crate) fn compared(baseline: &Synthetic, new: &Synthetic) -> Comparison {
    compare(&baseline.run(), &new.run(), &Criteria::default())
}

/// The verdict on a new run of which no check failed.
pub(crate) fn judged(baseline: &Synthetic, new: &Synthetic) -> Verdict {
    let comparison = compared(baseline, new);
    match comparison.conclusion() {
        Conclusion::Judged(verdict) => verdict,
        Conclusion::Failed => panic!("{}", comparison.text()),
    }
}

/// Reduces the rates of a trial by 25 %.
pub(crate) fn slower(trial: &mut TrialRecord) {
    trial.rates.delivered *= 0.75;
    trial.rates.ingested = trial.rates.ingested.map(|rate| rate * 0.75);
}
