//! The metrics that are compared.

use run_view::Trial;
use run_view::number::{nanoseconds, percent, rate};

/// A metric of a trial.
#[derive(Debug)]
pub(crate) struct Metric {
    /// The title of its table.
    pub(crate) title: &'static str,
    /// Its name in sentences and JSON.
    pub(crate) name: &'static str,
    pub(crate) higher_is_better: bool,
    /// A smaller difference of medians, in the metric's unit, is noise of the machine and
    /// no change, however large it is relative to the baseline.
    pub(crate) noise: f64,
    /// Whether the metric has a meaning in the cell of this trial.
    pub(crate) applies_to: fn(&Trial) -> bool,
    /// `None` if the trial has no value.
    pub(crate) value: fn(&Trial) -> Option<f64>,
    pub(crate) format: fn(f64) -> String,
}

pub(crate) static METRICS: [Metric; 8] = [
    Metric {
        title: "Success within the deadline, % of attempts",
        name: "success",
        higher_is_better: true,
        noise: 0.0,
        applies_to: |trial| trial.attempts > 0,
        value: |trial| Some(trial.success_rate()),
        format: percent,
    },
    Metric {
        title: "Success on the first try (no SYN retransmission), % of attempts",
        name: "success on the first try",
        higher_is_better: true,
        noise: 0.0,
        applies_to: |trial| trial.attempts > 0,
        value: |trial| Some(trial.first_try_rate()),
        format: percent,
    },
    Metric {
        title: "Delivered: messages that arrived at clients, /s",
        name: "delivered",
        higher_is_better: true,
        noise: 0.0,
        applies_to: has_messages,
        value: |trial| Some(trial.rates.delivered),
        format: rate,
    },
    Metric {
        title: "Ingested: messages the server read, /s",
        name: "ingested",
        higher_is_better: true,
        noise: 0.0,
        applies_to: has_messages,
        value: |trial| trial.rates.ingested,
        format: rate,
    },
    Metric {
        title: "Answers to requests, /s",
        name: "answers",
        higher_is_better: true,
        noise: 0.0,
        applies_to: has_responses,
        value: |trial| has_responses(trial).then_some(trial.rates.responses),
        format: rate,
    },
    Metric {
        title: "Response time, 99th percentile, from the intended start of a request",
        name: "response time",
        higher_is_better: false,
        noise: 1e6,
        applies_to: has_responses,
        value: |trial| has_responses(trial).then_some(trial.response_latency.p99_ns as f64),
        format: nanoseconds,
    },
    Metric {
        title: "Delivery latency, 99th percentile, from the intended send time",
        name: "delivery latency",
        higher_is_better: false,
        noise: 1e6,
        applies_to: |trial| has_messages(trial) && trial.delivery_latency.count > 0,
        value: |trial| {
            (trial.delivery_latency.count > 0).then_some(trial.delivery_latency.p99_ns as f64)
        },
        format: nanoseconds,
    },
    Metric {
        title: "Longest connect",
        name: "longest connect",
        higher_is_better: false,
        // A busy CPU delays a connect by this much. The question here is about the kernel's
        // timers, of 200 ms and more.
        noise: 1e7,
        applies_to: |trial| trial.connect_latency.count > 0,
        value: |trial| {
            (trial.connect_latency.count > 0).then_some(trial.connect_latency.max_ns as f64)
        },
        format: nanoseconds,
    },
];

/// Some request was answered.
fn has_responses(trial: &Trial) -> bool {
    trial.response_latency.count > 0
}

/// Clients wrote messages, and not only into buffers whose size is the question.
fn has_messages(trial: &Trial) -> bool {
    trial.rates.messages_written > 0 && trial.held_bytes.unwrap_or(0) == 0
}
