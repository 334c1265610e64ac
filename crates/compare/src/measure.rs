//! The measured figures that are compared.

use run_record::TrialRecord;

use run_view::number::{nanoseconds, percent, rate};

/// A figure of a trial.
#[derive(Debug)]
pub(crate) struct Measure {
    /// Over a table of its own.
    pub(crate) title: &'static str,
    /// In a sentence.
    pub(crate) name: &'static str,
    pub(crate) higher_is_better: bool,
    /// A smaller difference of medians, in the figure's unit, is a mood of the
    /// machine and no change, whatever part of the baseline it is.
    pub(crate) least: f64,
    /// Whether the figure says something of the cell that these trials are of.
    pub(crate) says_something: fn(&TrialRecord) -> bool,
    pub(crate) of: fn(&TrialRecord) -> Option<f64>,
    pub(crate) write: fn(f64) -> String,
}

pub(crate) static MEASURES: [Measure; 6] = [
    Measure {
        title: "Success within the deadline, % of attempts",
        name: "success",
        higher_is_better: true,
        least: 0.0,
        says_something: |trial| trial.attempts > 0,
        of: |trial| Some(trial.success_rate()),
        write: percent,
    },
    Measure {
        title: "Success on the first try (no SYN retransmission), % of attempts",
        name: "success on the first try",
        higher_is_better: true,
        least: 0.0,
        says_something: |trial| trial.attempts > 0,
        of: |trial| Some(trial.first_try_rate()),
        write: percent,
    },
    Measure {
        title: "Delivered: messages that arrived at clients, /s",
        name: "delivered",
        higher_is_better: true,
        least: 0.0,
        says_something: is_chatty,
        of: |trial| Some(trial.rates.delivered),
        write: rate,
    },
    Measure {
        title: "Ingested: messages the server read, /s",
        name: "ingested",
        higher_is_better: true,
        least: 0.0,
        says_something: is_chatty,
        of: |trial| trial.rates.ingested,
        write: rate,
    },
    Measure {
        title: "Delivery latency, 99th percentile, from the intended send time",
        name: "delivery latency",
        higher_is_better: false,
        least: 1e6,
        says_something: |trial| is_chatty(trial) && trial.delivery_latency.count > 0,
        of: |trial| {
            (trial.delivery_latency.count > 0).then_some(trial.delivery_latency.p99_ns as f64)
        },
        write: nanoseconds,
    },
    Measure {
        title: "Longest connect",
        name: "longest connect",
        higher_is_better: false,
        // What a busy CPU does to a connect; what is asked here are the kernel's
        // timers, of 200 ms and more.
        least: 1e7,
        says_something: |trial| trial.connect_latency.count > 0,
        of: |trial| {
            (trial.connect_latency.count > 0).then_some(trial.connect_latency.max_ns as f64)
        },
        write: nanoseconds,
    },
];

/// Some client wrote, and not only into buffers whose size is the question.
fn is_chatty(trial: &TrialRecord) -> bool {
    trial.rates.messages_written > 0 && trial.held_bytes.unwrap_or(0) == 0
}
