//! The metrics that tables and charts show for each cell.

use run_record::TrialRecord;

use crate::Run;
use crate::number::{count, nanoseconds, percent, rate};

/// A metric of a cell's trials.
#[derive(Debug)]
pub struct Metric {
    /// Its name in file names.
    pub name: &'static str,
    /// The end of its scale; none where that is the largest figure.
    pub top: Option<f64>,
    /// The title of a table or chart of it.
    pub title: &'static str,
    /// Its column heading.
    pub column: &'static str,
    /// Whether this run has anything to show for it.
    shown: fn(&Run) -> bool,
    /// Its value in one trial; none where it was not measured.
    pub of: fn(&TrialRecord) -> Option<f64>,
    /// Writes a value as a person reads it.
    pub write: fn(f64) -> String,
}

/// From so long a wait on, seconds, it is worth a table who waited for accept(2).
const LONG_WAIT: f64 = 0.5;

/// The names of all metrics, as file names have them.
pub fn metric_names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().chain([&ORIGINAL_THROUGHPUT]).map(|figure| figure.name)
}

static METRICS: [Metric; 8] = [
    Metric {
        name: "first-try",
        top: Some(1.0),
        title: "Success on the first try (no SYN retransmission), % of attempts",
        column: "first try %",
        shown: |_| true,
        of: |trial| Some(trial.first_try_rate()),
        write: percent,
    },
    Metric {
        name: "success",
        top: Some(1.0),
        title: "Success within the deadline, % of attempts",
        column: "success %",
        shown: |_| true,
        of: |trial| Some(trial.success_rate()),
        write: percent,
    },
    Metric {
        name: "offered",
        top: None,
        title: "Offered: messages the clients wrote, /s",
        column: "offered /s",
        shown: has_rates,
        of: |trial| Some(trial.rates.offered),
        write: rate,
    },
    Metric {
        name: "ingested",
        top: None,
        title: "Ingested: messages the server read, /s",
        column: "ingested /s",
        shown: has_rates,
        of: |trial| trial.rates.ingested,
        write: rate,
    },
    Metric {
        name: "delivered",
        top: None,
        title: "Delivered: messages that arrived at clients, /s",
        column: "delivered /s",
        shown: has_rates,
        of: |trial| Some(trial.rates.delivered),
        write: rate,
    },
    Metric {
        name: "bytes-held",
        top: None,
        title: "Bytes written before the server began to accept",
        column: "bytes held",
        shown: |run| run.trials.iter().any(|trial| trial.held_bytes.unwrap_or(0) > 0),
        of: |trial| trial.held_bytes.map(|bytes| bytes as f64),
        write: |bytes| count(bytes as i64),
    },
    Metric {
        name: "longest-wait",
        top: None,
        title: "From connect(2) to accept(2), the longest",
        column: "longest wait for accept(2)",
        shown: |run| run.trials.iter().any(|trial| longest_wait(trial) >= LONG_WAIT),
        of: |trial| Some(longest_wait(trial) * 1e9),
        write: nanoseconds,
    },
    Metric {
        name: "listens-again",
        top: None,
        title: "Until the server, started again, could listen, s",
        column: "listens again, s",
        shown: |run| run.trials.iter().any(|trial| trial.restart.is_some()),
        of: |trial| trial.restart.as_ref()?.seconds,
        write: |seconds| format!("{seconds:.1}"),
    },
];

/// What the original benchmark called throughput: its charts are drawn again.
pub static ORIGINAL_THROUGHPUT: Metric = Metric {
    name: "throughput",
    top: None,
    title: "The original's throughput: messages of clients that succeeded ÷ time of all, /s",
    column: "throughput /s",
    shown: has_rates,
    of: |trial| Some(trial.rates.original_throughput),
    write: rate,
};

/// Messages of a trial from which on a rate is one.
const FEWEST_MESSAGES: u64 = 50;

/// Clients wrote enough for a rate, and not only into buffers whose size is the
/// question.
pub fn has_rates(run: &Run) -> bool {
    run.trials.iter().any(|trial| {
        trial.rates.messages_written >= FEWEST_MESSAGES && trial.held_bytes.unwrap_or(0) == 0
    })
}

fn longest_wait(trial: &TrialRecord) -> f64 {
    trial.accept_wait.max_ns as f64 / 1e9
}

impl Metric {
    /// Whether this run has anything to show for it.
    pub fn applies_to(&self, run: &Run) -> bool {
        (self.shown)(run)
    }
}

/// The metrics that a run has anything to show for.
pub fn metrics(run: &Run) -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().filter(move |figure| figure.applies_to(run))
}
