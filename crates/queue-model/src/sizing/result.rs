//! The result of all bursts with one backlog.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::simulator::Summary;

/// The result of bursts with one backlog.
#[derive(Debug, Clone, PartialEq)]
pub struct BacklogResult {
    pub(super) late: u64,
    attempts: u64,
    /// The number of bursts.
    pub bursts: usize,
    /// The number of bursts that have late connections.
    pub late_bursts: usize,
    /// The smallest and the largest share of late connections of a burst.
    pub late_shares: RangeInclusive<f64>,
    /// The longest time of a burst from connect(2) to the accept queue: the shortest and the
    /// longest.
    pub worst_wait: RangeInclusive<Duration>,
    /// The maximum length of the accept queue.
    pub deepest: u32,
    /// The maximum number of half-open connections.
    pub half_open: u32,
}

impl BacklogResult {
    /// The result of bursts of this many connections, of which there is at least one.
    pub(super) fn new(bursts: &[Summary], connections: u64) -> Self {
        let late = |burst: &Summary| burst.late as f64 / connections as f64;
        let worst = |burst: &Summary| Duration::from_nanos(burst.worst_wait_ns);
        let shortest = bursts.iter().map(worst).min().unwrap_or_default();
        let longest = bursts.iter().map(worst).max().unwrap_or_default();
        let least = bursts.iter().map(late).reduce(f64::min).unwrap_or_default();
        let most = bursts.iter().map(late).reduce(f64::max).unwrap_or_default();
        Self {
            late: bursts.iter().map(|burst| burst.late).sum(),
            attempts: bursts.len() as u64 * connections,
            bursts: bursts.len(),
            late_bursts: bursts.iter().filter(|burst| burst.late > 0).count(),
            late_shares: least..=most,
            worst_wait: shortest..=longest,
            deepest: bursts.iter().map(|burst| burst.accept_queue).max().unwrap_or(0),
            half_open: bursts.iter().map(|burst| burst.syn_queue).max().unwrap_or(0),
        }
    }

    /// The share of late connections.
    pub fn late_share(&self) -> f64 {
        self.late as f64 / self.attempts as f64
    }
}
