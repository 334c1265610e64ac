//! Why a server gave up a client.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why the server closed a connection that it could not serve, or not any longer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBecause {
    /// As many clients as possible were already served.
    MaxClients,
    /// Its thread could not be started.
    NoThread,
    /// There was no memory for its messages.
    NoMemory,
    /// It began a message and did not complete it in time.
    FrameTimeout,
    /// It was silent for too long, and nothing was written to it.
    IdleTimeout,
    /// It read too little for too long while a message for it waited.
    WriteTimeout,
    /// The messages that waited for it had no room in its queue.
    QueueFull,
}

impl ClosedBecause {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::MaxClients,
        Self::NoThread,
        Self::NoMemory,
        Self::FrameTimeout,
        Self::IdleTimeout,
        Self::WriteTimeout,
        Self::QueueFull,
    ];

    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxClients => "max_clients",
            Self::NoThread => "no_thread",
            Self::NoMemory => "no_memory",
            Self::FrameTimeout => "frame_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::WriteTimeout => "write_timeout",
            Self::QueueFull => "queue_full",
        }
    }
}

impl fmt::Display for ClosedBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_written_under_its_name() {
        for cause in ClosedBecause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
        }
    }
}
