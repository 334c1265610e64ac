//! The output of `queuelab try --json`.

use run_record::Outcome;
use schemars::JsonSchema;
use serde::Serialize;

use crate::result::RunResult;

/// What bursts of clients met at a server.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TryResult {
    /// The name of the program's file or of the image.
    pub server: String,
    /// The image; none if a program of the machine was tried.
    pub image: Option<String>,
    /// The program and its arguments, or the command of the image as far as it was given.
    pub command: Vec<String>,
    /// The name under which `queuelab explain` describes the server; none if it is not known.
    pub known_as: Option<String>,
    /// The port on which the clients connected.
    pub port: u16,
    /// The clients of a burst.
    pub clients: u32,
    /// net.core.somaxconn of the server's host.
    pub somaxconn: u32,
    /// The answer and what the figures mean, as text.
    pub sentences: Vec<String>,
    /// The limit of the accept queue; none if the server did not listen at the end of the bursts.
    pub limit: Option<u32>,
    /// The other value of net.core.somaxconn that was tried.
    pub large_somaxconn: u32,
    /// The limit with that value.
    pub limit_with_large_somaxconn: Option<u32>,
    /// Connections in the queue of the stopped server, while others found no room.
    pub queue_while_stopped: Option<u32>,
    /// The bursts while the server accepted. The ranges below are over them.
    pub bursts: u64,
    /// Attempts that connected, as the client sees it.
    pub connected: Option<CountRange>,
    /// Attempts that had to retransmit their SYN.
    pub repeated_their_syn: Option<CountRange>,
    /// Attempts by their outcome; without `ok` and those that no burst had.
    pub outcomes: Vec<OutcomeRange>,
    /// The deepest accept queue that was seen.
    pub deepest_queue: Option<CountRange>,
    /// The time between two accepts while connections wait; none if too few waited.
    pub time_per_accept: Option<AcceptTime>,
    /// The backlog that such a burst needs, by simulation; none if the time per accept is not
    /// known.
    pub backlog_needed: Option<BacklogNeeded>,
    /// The scenario that was written and run.
    pub scenario_file: String,
    /// The run of all trials.
    pub run: RunResult,
}

/// The smallest and the largest count.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the type describes its fields")]
pub struct CountRange {
    pub least: u64,
    pub most: u64,
}

/// Attempts with an outcome.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OutcomeRange {
    /// The outcome.
    pub outcome: Outcome,
    /// The attempts of a burst with it.
    pub attempts: CountRange,
}

/// The time between two accepts while connections wait.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AcceptTime {
    /// The mean of the trials, nanoseconds, each with the weight of its accepts; none if the samples
    /// are too rare for it.
    pub mean_ns: Option<f64>,
    /// The least that it can be, nanoseconds.
    pub least_ns: f64,
    /// The most that it can be, nanoseconds.
    pub most_ns: f64,
    /// Accepts that were counted.
    pub accepts: u64,
}

/// The backlog that a burst needs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BacklogNeeded {
    /// With the mean time per accept; none if that is not known.
    pub usual: Option<u32>,
    /// With the least time per accept, or `usual` if that is less.
    pub least: u32,
    /// With the most, or `usual` if that is more.
    pub most: u32,
}
