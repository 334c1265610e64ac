//! The executor of the lab with its start barrier: no order of its threads loses or doubles a
//! record, starts a load before all trials are ready, or waits forever.

use std::time::Duration;

use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use crate::Model;
use checked::executor::{TrialRunner, TrialSink, execute};
use checked::start_barrier::StartBarrier;
use error::{LabError, Result};
use schedule::{Batch, ScheduledTrial};

/// Never passes in a model.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

#[expect(dead_code, reason = "the models use a part of each file")]
mod checked {
    use super::{RESPONSE_TIMEOUT, error, schedule};

    include!(concat!(env!("OUT_DIR"), "/lab.rs"));
}

mod error {
    //! The errors that the executor itself makes.

    #[derive(Debug)]
    pub(crate) enum LabError {
        Interrupted,
        Writer,
    }

    pub(crate) type Result<T> = std::result::Result<T, LabError>;
}

mod schedule {
    //! Trials, which are only numbers here.

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct ScheduledTrial(pub(crate) u32);

    #[derive(Debug, Clone)]
    pub(crate) enum Batch {
        Serial(ScheduledTrial),
        SideBySide(Vec<ScheduledTrial>),
    }

    impl Batch {
        pub(crate) fn first(&self) -> Option<&ScheduledTrial> {
            match self {
                Self::Serial(trial) => Some(trial),
                Self::SideBySide(trials) => trials.first(),
            }
        }
    }
}

pub(crate) const MODELS: &[Model] = &[
    ("every trial is recorded once, after all were ready", all_are_recorded),
    ("trials that fail before they are ready delay no other", failures_delay_no_trial),
    ("after a failed record the others end, and no batch follows", a_failed_record_ends_the_run),
    ("no batch follows an interruption", no_batch_follows_an_interruption),
];

const TRIALS: u32 = 3;

/// Runs trials that prepare, wait at the barrier and then run their load.
#[derive(Default)]
struct Runner {
    /// Trials that fail before they are ready.
    failing: Vec<u32>,
    /// Trials that end only when they are cancelled.
    until_cancelled: bool,
    ready: AtomicU32,
    interrupted: Arc<AtomicBool>,
}

impl TrialRunner for Runner {
    type Output = u32;

    fn run(
        &self,
        trial: &ScheduledTrial,
        _: Option<&ScheduledTrial>,
        barrier: Option<&StartBarrier>,
    ) -> Result<u32> {
        shuttle::thread::yield_now();
        self.ready.fetch_add(1, SeqCst);
        if self.failing.contains(&trial.0) {
            return Err(LabError::Interrupted);
        }
        if let Some(barrier) = barrier {
            barrier.wait();
            assert_eq!(self.ready.load(SeqCst), TRIALS, "a load before all were ready");
            while self.until_cancelled && trial.0 > 0 && !barrier.is_cancelled() {
                shuttle::thread::yield_now();
            }
        }
        Ok(trial.0)
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(SeqCst)
    }
}

/// The writer: what it was given, in this order.
#[derive(Default)]
struct Records {
    started: Vec<u32>,
    recorded: Vec<u32>,
    failed: Vec<u32>,
    /// The trial that cannot be written.
    unwritable: Option<u32>,
    interrupts: Option<Arc<AtomicBool>>,
}

impl TrialSink<u32> for Records {
    fn started(&mut self, trial: &ScheduledTrial) {
        self.started.push(trial.0);
    }

    fn finished(&mut self, trial: &ScheduledTrial, output: Result<u32>) -> Result<()> {
        if let Some(interrupted) = &self.interrupts {
            interrupted.store(true, SeqCst);
        }
        match output {
            Err(error) => {
                self.failed.push(trial.0);
                Err(error)
            }
            Ok(output) if self.unwritable == Some(output) => Err(LabError::Writer),
            Ok(output) => {
                assert_eq!(output, trial.0, "the record of another trial");
                self.recorded.push(output);
                Ok(())
            }
        }
    }
}

fn side_by_side() -> Batch {
    Batch::SideBySide((0..TRIALS).map(ScheduledTrial).collect())
}

fn sorted(mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.sort_unstable();
    numbers
}

fn all_are_recorded() {
    let (runner, mut records) = (Runner::default(), Records::default());
    let batches = [side_by_side(), Batch::Serial(ScheduledTrial(9))];
    execute(&batches, &runner, &mut records).expect("nothing fails");
    assert_eq!(records.started, [0, 1, 2, 9]);
    assert_eq!(records.recorded.pop(), Some(9), "the batches are in order");
    assert_eq!(sorted(records.recorded), [0, 1, 2]);
}

fn failures_delay_no_trial() {
    let runner = Runner { failing: vec![1], ..Runner::default() };
    let mut records = Records::default();
    let batches = [side_by_side(), Batch::Serial(ScheduledTrial(9))];
    execute(&batches, &runner, &mut records).expect_err("a trial fails");
    assert_eq!((sorted(records.recorded), records.failed), (vec![0, 2], vec![1]));
    assert_eq!(records.started, [0, 1, 2], "no batch follows");
}

fn a_failed_record_ends_the_run() {
    let runner = Runner { until_cancelled: true, ..Runner::default() };
    let mut records = Records { unwritable: Some(0), ..Records::default() };
    let batches = [side_by_side(), Batch::Serial(ScheduledTrial(9))];
    let end = execute(&batches, &runner, &mut records);
    assert!(matches!(end, Err(LabError::Writer)), "{end:?}");
    assert_eq!(sorted(records.recorded), [1, 2], "those that ran are recorded");
    assert_eq!(records.started, [0, 1, 2]);
}

fn no_batch_follows_an_interruption() {
    let runner = Runner::default();
    let mut records =
        Records { interrupts: Some(Arc::clone(&runner.interrupted)), ..Records::default() };
    let batches = [side_by_side(), side_by_side()];
    let end = execute(&batches, &runner, &mut records);
    assert!(matches!(end, Err(LabError::Interrupted)), "{end:?}");
    assert_eq!(sorted(records.recorded), [0, 1, 2], "what ran before is recorded");
}
