//! The outcomes of an attempt.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an attempt ended. Every attempt has exactly one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Connected within the deadline, accepted by the server, everything
    /// written and received as planned, closed cleanly.
    Ok,
    /// ECONNREFUSED.
    Refused,
    /// The connect deadline, or ETIMEDOUT.
    TimedOut,
    /// A reset, at the connect or later.
    Reset,
    /// Established at the client, never accepted by the server.
    Phantom,
    /// EADDRNOTAVAIL, or EADDRINUSE from bind(2).
    NoPort,
    /// Accepted, not finished in time.
    Incomplete,
    /// Failed when the server died, or later.
    ServerDown,
    /// The client's own address and port were the target's: connected to itself.
    SelfConnected,
    /// Established at the client, and whether the server accepted it is not known: the
    /// server died before it reported its connections, or a standalone load cannot see the
    /// server's sockets. Finished or not: what did not finish is no better known.
    Unconfirmed,
}

impl Outcome {
    /// All outcomes, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Refused,
        Self::TimedOut,
        Self::Reset,
        Self::Phantom,
        Self::NoPort,
        Self::Incomplete,
        Self::ServerDown,
        Self::SelfConnected,
        Self::Unconfirmed,
    ];

    /// The name used in files, expectations and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::TimedOut => "timed_out",
            Self::Reset => "reset",
            Self::Phantom => "phantom",
            Self::NoPort => "no_port",
            Self::Incomplete => "incomplete",
            Self::ServerDown => "server_down",
            Self::SelfConnected => "self_connected",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How many attempts ended in each way; every outcome is present, 0 included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct OutcomeCounts(
    #[serde(with = "by_outcome")]
    #[schemars(with = "BTreeMap<Outcome, u64>")]
    [u64; Outcome::ALL.len()],
);

/// In files, the counts are a map by outcome. Older records do not have every outcome.
mod by_outcome {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::Outcome;

    type Counts = [u64; Outcome::ALL.len()];

    pub(super) fn serialize<S: Serializer>(counts: &Counts, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(Outcome::ALL.iter().zip(counts))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Counts, D::Error> {
        let mut counts = Counts::default();
        for (outcome, count) in BTreeMap::<Outcome, u64>::deserialize(from)? {
            counts[outcome as usize] = count;
        }
        Ok(counts)
    }
}

impl OutcomeCounts {
    /// The number of attempts with this outcome.
    pub fn get(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize]
    }

    /// The number of all attempts, saturating.
    pub fn total(&self) -> u64 {
        self.0.iter().copied().fold(0, u64::saturating_add)
    }

    /// The outcomes that occurred, most frequent first.
    pub fn happened(&self) -> Vec<(Outcome, u64)> {
        let counts = Outcome::ALL.into_iter().zip(self.0);
        let mut happened: Vec<_> = counts.filter(|&(_, count)| count > 0).collect();
        happened.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        happened
    }
}

impl FromIterator<Outcome> for OutcomeCounts {
    fn from_iter<I: IntoIterator<Item = Outcome>>(outcomes: I) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            counts.0[outcome as usize] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_written_under_its_name_even_at_zero() {
        let counts: OutcomeCounts =
            [Outcome::Ok, Outcome::Ok, Outcome::TimedOut].into_iter().collect();
        let json = serde_json::to_value(counts).unwrap();
        assert_eq!(json["ok"], 2);
        for outcome in Outcome::ALL {
            assert_eq!(json[outcome.name()], counts.get(outcome), "{outcome}");
        }
        assert_eq!(counts.total(), 3);
        assert_eq!(counts.happened(), [(Outcome::Ok, 2), (Outcome::TimedOut, 1)]);
    }
}
