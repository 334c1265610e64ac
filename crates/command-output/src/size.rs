//! The output of `queuelab size --json`.

use schemars::JsonSchema;
use serde::Serialize;

/// The answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Sizing {
    /// Connections per second in the burst.
    pub arrivals_per_second: f64,
    /// Connections of the burst.
    pub burst: u32,
    /// Connections per second that the server accepts, for which the backlog is sized: within
    /// `accept_bounds`, if there are any.
    pub accepts_per_second: f64,
    /// Where the accept rate is from.
    pub accept_source: String,
    /// The bounds of the accept rate; none if it was given, or the server lists its accepts.
    pub accept_bounds: Option<AcceptBounds>,
    /// Round-trip time to the clients.
    pub round_trip_seconds: f64,
    /// The largest allowed share of late connections, 0 to 1.
    pub max_late_share: f64,
    /// Seed of the random arrivals.
    pub seed: u64,
    /// The kernel's rules that were applied.
    pub kernel_rules: String,
    /// The smallest share that so many bursts as are simulated at most can show.
    pub smallest_share: f64,
    /// Number of random bursts, the same for each backlog.
    pub simulated_bursts: usize,
    /// Whether `backlog` is enough: not if the link loses segments of too many connections.
    pub is_enough: bool,
    /// The smallest sufficient backlog with `tcp_syncookies` 1; if none is, one that drops
    /// nothing.
    pub backlog: u32,
    /// What `tcp_syncookies` 0 needs; none without a round-trip time.
    pub without_syncookies: Option<Unprotected>,
    /// The result of each backlog that was simulated.
    pub rows: Vec<BacklogRow>,
}

/// The bounds of an accept rate, by the kernel's counts of accepts while connections waited.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AcceptBounds {
    /// Accepts that were counted.
    pub accepts: u64,
    /// The least connections per second that the server can accept.
    pub slowest_per_second: f64,
    /// The most; none if the samples are too rare for such a bound: then
    /// `accepts_per_second` is the slowest.
    pub fastest_per_second: Option<f64>,
    /// The smallest sufficient backlog of the slowest server.
    pub backlog_if_slowest: u32,
    /// The same of the fastest one.
    pub backlog_if_fastest: Option<u32>,
}

/// What a server with `tcp_syncookies` 0 needs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Unprotected {
    /// The backlog.
    pub backlog: u32,
    /// The most half-open connections.
    pub half_open: u32,
    /// The smallest sufficient value.
    pub tcp_max_syn_backlog: i32,
}

/// The result of a backlog.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BacklogRow {
    /// The backlog.
    pub backlog: u32,
    /// Connections that its accept queue holds.
    pub holds: u64,
    /// Bursts that were simulated with this backlog: the first of all, if they have very many
    /// connections.
    pub simulated_bursts: usize,
    /// Those of them with late connections.
    pub late_bursts: usize,
    /// Share of late connections in all of them, 0 to 1.
    pub late_share: f64,
    /// The smallest and the largest of all bursts.
    pub late_share_of_a_burst: [f64; 2],
    /// The longest wait of the bursts: the smallest and the largest.
    pub worst_wait_seconds: [f64; 2],
    /// The deepest accept queue.
    pub deepest: u32,
}
