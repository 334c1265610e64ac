//! How busy the load generator was, and whether it may be what limited a trial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How busy the threads of the load were, from its first write to its last write, delivery or
/// read of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadUse {
    /// The number of its threads: one, or those that only read and the one of its event loop.
    pub threads: u32,
    /// The length of that time, seconds.
    pub window_seconds: f64,
    /// The share of that time for which the busiest of the threads used a CPU, from 0 to 1.
    pub busiest_share: f64,
    /// Whether the load may have limited the rates, instead of the server: a thread of it was busy
    /// for nearly all of the time.
    pub may_be_limit: bool,
    /// `load.threads` with which the work of the busiest thread would be divided, if the machine has
    /// a CPU for each thread of the load then; none otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_threads: Option<u32>,
}

impl LoadUse {
    /// From this share of the time on, a busy thread may be the limit.
    pub const BUSY_SHARE: f64 = 0.9;

    /// In shorter times, the share is no finding, seconds: the use of a CPU is sampled once in a
    /// millisecond, and a burst of messages that wait keeps any reader busy.
    const SHORTEST_SECONDS: f64 = 0.05;

    /// Of fewer messages and answers, no rate is a finding.
    const FEWEST_TRANSFERS: u64 = 50;

    /// Decides whether the load may have been the limit. It has written so many messages or got so
    /// many answers.
    #[must_use]
    pub fn judged(self, transfers: u64) -> Self {
        let may_be_limit = transfers >= Self::FEWEST_TRANSFERS
            && self.window_seconds >= Self::SHORTEST_SECONDS
            && self.busiest_share >= Self::BUSY_SHARE;
        Self { may_be_limit, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A load of one thread, busy for so much of so many seconds.
    fn may_be_limit(busiest_share: f64, window_seconds: f64, transfers: u64) -> bool {
        let of = LoadUse { threads: 1, window_seconds, busiest_share, ..LoadUse::default() };
        let judged = of.judged(transfers);
        assert_eq!(LoadUse { may_be_limit: false, ..judged }, of, "nothing else is changed");
        judged.may_be_limit
    }

    #[test]
    fn only_a_thread_that_is_busy_nearly_all_the_time_may_be_the_limit() {
        for busy in [LoadUse::BUSY_SHARE, 0.95, 1.0] {
            assert!(may_be_limit(busy, 2.0, 1_000), "{busy}");
        }
        for idle in [0.0, 0.5, 0.89] {
            assert!(!may_be_limit(idle, 2.0, 1_000), "{idle}");
        }
    }

    #[test]
    fn a_short_chat_and_a_few_messages_are_no_finding() {
        assert!(may_be_limit(1.0, 0.05, 50));
        assert!(!may_be_limit(1.0, 0.049, 1_000_000));
        assert!(!may_be_limit(1.0, 60.0, 49));
        assert!(!may_be_limit(1.0, 0.0, 0));
    }

    #[test]
    fn a_decision_is_made_anew() {
        let of = LoadUse { may_be_limit: true, ..LoadUse::default() };
        assert!(!of.judged(1_000).may_be_limit);
    }
}
