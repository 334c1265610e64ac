//! Who or what ended an attempt.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who or what ended an attempt, as its client observed it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The client: it was done and closed.
    Client,
    /// The server closed the connection; as planned, if the attempt is ok.
    Server,
    /// An RST, or an ICMP error in answer to the SYN.
    Reset,
    /// The client's kernel: ETIMEDOUT, or no free port.
    ClientKernel,
    /// The connect deadline of the load passed.
    ConnectDeadline,
    /// The finish deadline of the load passed, although the load had written everything
    /// that was due and for which its sockets had room.
    FinishDeadline,
    /// The finish deadline passed before the last message was due.
    ShortDeadline,
    /// The finish deadline passed while the load itself was late: messages were due, and
    /// their sockets had room, but the load had not written them.
    LateLoad,
    /// The client does not read, and left with unread data.
    SlowReader,
    /// The client, because what it read was not in its framing.
    BrokenStream,
    /// The client, because what it read was not the answer that its dialogue expects.
    UnexpectedAnswer,
    /// The load was stopped.
    Stopped,
}

impl EndedBy {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::Client,
        Self::Server,
        Self::Reset,
        Self::ClientKernel,
        Self::ConnectDeadline,
        Self::FinishDeadline,
        Self::ShortDeadline,
        Self::LateLoad,
        Self::SlowReader,
        Self::BrokenStream,
        Self::UnexpectedAnswer,
        Self::Stopped,
    ];

    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Reset => "reset",
            Self::ClientKernel => "client_kernel",
            Self::ConnectDeadline => "connect_deadline",
            Self::FinishDeadline => "finish_deadline",
            Self::ShortDeadline => "short_deadline",
            Self::LateLoad => "late_load",
            Self::SlowReader => "slow_reader",
            Self::BrokenStream => "broken_stream",
            Self::UnexpectedAnswer => "unexpected_answer",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for EndedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_is_written_under_its_name() {
        for ended_by in EndedBy::ALL {
            assert_eq!(serde_json::to_value(ended_by).unwrap(), ended_by.name());
        }
    }
}
