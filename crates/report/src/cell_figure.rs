//! The figures that tables have of each cell.

use run_record::TrialRecord;

use crate::Run;
use crate::figure::{count, nanoseconds, percent, rate};

/// One figure of a cell.
pub(crate) struct CellFigure {
    /// In file names.
    pub(crate) name: &'static str,
    /// The end of its scale; none where that is the largest figure.
    pub(crate) top: Option<f64>,
    /// Over a table of its own.
    pub(crate) title: &'static str,
    /// Over a column.
    pub(crate) column: &'static str,
    /// Whether it says something of this run.
    shown: fn(&Run) -> bool,
    pub(crate) of: fn(&TrialRecord) -> Option<f64>,
    pub(crate) write: fn(f64) -> String,
}

/// From so long a wait on, seconds, it is worth a table who waited for accept(2).
const LONG_WAIT: f64 = 0.5;

/// What figures are called in file names, in any run.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FIGURES.iter().chain([&ORIGINAL_THROUGHPUT]).map(|figure| figure.name)
}

static FIGURES: [CellFigure; 8] = [
    CellFigure {
        name: "first-try",
        top: Some(1.0),
        title: "Success on the first try (no SYN retransmission), % of attempts",
        column: "first try %",
        shown: |_| true,
        of: |trial| Some(trial.first_try_rate()),
        write: percent,
    },
    CellFigure {
        name: "success",
        top: Some(1.0),
        title: "Success within the deadline, % of attempts",
        column: "success %",
        shown: |_| true,
        of: |trial| Some(trial.success_rate()),
        write: percent,
    },
    CellFigure {
        name: "offered",
        top: None,
        title: "Offered: messages the clients wrote, /s",
        column: "offered /s",
        shown: is_chatty,
        of: |trial| Some(trial.rates.offered),
        write: rate,
    },
    CellFigure {
        name: "ingested",
        top: None,
        title: "Ingested: messages the server read, /s",
        column: "ingested /s",
        shown: is_chatty,
        of: |trial| trial.rates.ingested,
        write: rate,
    },
    CellFigure {
        name: "delivered",
        top: None,
        title: "Delivered: messages that arrived at clients, /s",
        column: "delivered /s",
        shown: is_chatty,
        of: |trial| Some(trial.rates.delivered),
        write: rate,
    },
    CellFigure {
        name: "bytes-held",
        top: None,
        title: "Bytes written before the server began to accept",
        column: "bytes held",
        shown: |run| run.trials.iter().any(|trial| trial.held_bytes.unwrap_or(0) > 0),
        of: |trial| trial.held_bytes.map(|bytes| bytes as f64),
        write: |bytes| count(bytes as i64),
    },
    CellFigure {
        name: "longest-wait",
        top: None,
        title: "From connect(2) to accept(2), the longest",
        column: "longest wait for accept(2)",
        shown: |run| run.trials.iter().any(|trial| longest_wait(trial) >= LONG_WAIT),
        of: |trial| Some(longest_wait(trial) * 1e9),
        write: nanoseconds,
    },
    CellFigure {
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
pub(crate) static ORIGINAL_THROUGHPUT: CellFigure = CellFigure {
    name: "throughput",
    top: None,
    title: "The original's throughput: messages of clients that succeeded ÷ time of all, /s",
    column: "throughput /s",
    shown: is_chatty,
    of: |trial| Some(trial.rates.original_throughput),
    write: rate,
};

/// Messages of a trial from which on a rate is one.
const FEWEST_MESSAGES: u64 = 50;

/// Clients wrote enough for a rate, and not only into buffers whose size is the
/// question.
pub(crate) fn is_chatty(run: &Run) -> bool {
    run.trials.iter().any(|trial| {
        trial.rates.messages_written >= FEWEST_MESSAGES && trial.held_bytes.unwrap_or(0) == 0
    })
}

fn longest_wait(trial: &TrialRecord) -> f64 {
    trial.accept_wait.max_ns as f64 / 1e9
}

impl CellFigure {
    /// Whether it says something of this run.
    pub(crate) fn says_something_of(&self, run: &Run) -> bool {
        (self.shown)(run)
    }
}

/// The figures that say something of a run.
pub(crate) fn cell_figures(run: &Run) -> impl Iterator<Item = &'static CellFigure> {
    FIGURES.iter().filter(move |figure| figure.says_something_of(run))
}
