//! The metrics that tables and charts show for each cell.

use crate::number::{count, nanoseconds, percent, rate};
use crate::run::Run;
use crate::trial::Trial;

/// A metric of a cell's trials.
#[derive(Debug)]
pub struct Metric {
    /// Its name in file names and scenarios.
    pub name: &'static str,
    /// The end of its scale; `None` if that is the largest value.
    pub scale_max: Option<f64>,
    /// The title of a table or chart of it.
    pub title: &'static str,
    /// Its column heading.
    pub column: &'static str,
    applies: fn(&Run) -> bool,
    /// Its value in one trial; `None` if it was not measured.
    pub value: fn(&Trial) -> Option<f64>,
    /// Formats a value for a person.
    pub format: fn(f64) -> String,
}

/// The shortest wait for accept(2) that is worth a table, seconds.
const MIN_WAIT: f64 = 0.5;

/// The names of all metrics, as file names have them.
pub fn metric_names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().chain([&ORIGINAL_THROUGHPUT]).map(|metric| metric.name)
}

static METRICS: [Metric; 12] = [
    Metric {
        name: "first-try",
        scale_max: Some(1.0),
        title: "Success on the first try (no SYN retransmission), % of attempts",
        column: "first try %",
        applies: |_| true,
        value: |trial| Some(trial.first_try_rate()),
        format: percent,
    },
    Metric {
        name: "success",
        scale_max: Some(1.0),
        title: "Success within the deadline, % of attempts",
        column: "success %",
        applies: |_| true,
        value: |trial| Some(trial.success_rate()),
        format: percent,
    },
    Metric {
        name: "offered",
        scale_max: None,
        title: "Offered: messages the clients wrote, /s",
        column: "offered /s",
        applies: has_rates,
        value: |trial| Some(trial.rates.offered),
        format: rate,
    },
    Metric {
        name: "ingested",
        scale_max: None,
        title: "Ingested: messages the server read, /s",
        column: "ingested /s",
        applies: has_rates,
        value: |trial| trial.rates.ingested,
        format: rate,
    },
    Metric {
        name: "delivered",
        scale_max: None,
        title: "Delivered: messages that arrived at clients, /s",
        column: "delivered /s",
        applies: has_rates,
        value: |trial| Some(trial.rates.delivered),
        format: rate,
    },
    Metric {
        name: "delivery-cpu",
        scale_max: None,
        title: "CPU time of the server a delivery",
        column: "CPU a delivery",
        applies: |run| is_asked_for(run, "delivery-cpu"),
        value: |trial| Some(trial.server.as_ref()?.delivery_cost?.seconds_each()? * 1e9),
        format: nanoseconds,
    },
    Metric {
        name: "message-hold",
        scale_max: None,
        title: "Time for which the lock was held for a message, mean",
        column: "lock held for a message",
        applies: |run| is_asked_for(run, "message-hold"),
        value: |trial| {
            let hold = &trial.server.as_ref()?.message_hold;
            (hold.count > 0).then_some(hold.mean_ns)
        },
        format: nanoseconds,
    },
    Metric {
        name: "responses",
        scale_max: None,
        title: "Answers to requests, /s",
        column: "answers /s",
        applies: has_responses,
        value: |trial| (trial.response_latency.count > 0).then_some(trial.rates.responses),
        format: rate,
    },
    Metric {
        name: "response-latency",
        scale_max: None,
        title: "Response time, 99th percentile, from the intended start of a request",
        column: "response time, 99 %",
        applies: has_responses,
        value: |trial| {
            let latency = &trial.response_latency;
            (latency.count > 0).then_some(latency.p99_ns as f64)
        },
        format: nanoseconds,
    },
    Metric {
        name: "bytes-held",
        scale_max: None,
        title: "Bytes written before the server began to accept",
        column: "bytes held",
        applies: |run| run.trials.iter().any(|trial| trial.held_bytes.unwrap_or(0) > 0),
        value: |trial| trial.held_bytes.map(|bytes| bytes as f64),
        format: |bytes| count(bytes as i64),
    },
    Metric {
        name: "longest-wait",
        scale_max: None,
        title: "Longest time from connect(2) to accept(2)",
        column: "longest wait for accept(2)",
        applies: |run| run.trials.iter().any(|trial| longest_wait(trial) >= MIN_WAIT),
        value: |trial| Some(longest_wait(trial) * 1e9),
        format: nanoseconds,
    },
    Metric {
        name: "listens-again",
        scale_max: None,
        title: "Until the restarted server could listen, s",
        column: "listens again after, s",
        applies: |run| run.trials.iter().any(|trial| trial.restart.is_some()),
        value: |trial| trial.restart.as_ref()?.seconds,
        format: |seconds| format!("{seconds:.1}"),
    },
];

/// What the original benchmark called throughput, for the same charts as there.
pub static ORIGINAL_THROUGHPUT: Metric = Metric {
    name: "throughput",
    scale_max: None,
    title: "The original's throughput: messages of clients that succeeded ÷ time of all, /s",
    column: "throughput /s",
    applies: has_rates,
    value: |trial| Some(trial.rates.original_throughput),
    format: rate,
};

/// Messages of a trial that a meaningful rate needs.
const MIN_MESSAGES: u64 = 50;

/// Whether rates are meaningful in some trial: clients wrote enough, and not only into
/// buffers whose size is measured.
pub fn has_rates(run: &Run) -> bool {
    run.trials.iter().any(|trial| {
        trial.rates.messages_written >= MIN_MESSAGES && trial.held_bytes.unwrap_or(0) == 0
    })
}

/// Whether the scenario's headline is about a metric that few questions are about.
fn is_asked_for(run: &Run, name: &str) -> bool {
    let headline = &run.record.scenario.resolved["headline"];
    let statements = headline.as_array().map_or(std::slice::from_ref(headline), Vec::as_slice);
    statements.iter().any(|statement| statement["metric"] == name)
}

/// Whether some trial had answers to requests.
fn has_responses(run: &Run) -> bool {
    run.trials.iter().any(|trial| trial.response_latency.count > 0)
}

fn longest_wait(trial: &Trial) -> f64 {
    trial.accept_wait.max_ns as f64 / 1e9
}

impl Metric {
    /// Whether it is meaningful in this run.
    pub fn applies_to(&self, run: &Run) -> bool {
        (self.applies)(run)
    }
}

/// The metrics that are meaningful in a run.
pub fn metrics(run: &Run) -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().filter(move |metric| metric.applies_to(run))
}
