//! What is wrong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that is wrong with a listener or a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trouble {
    /// Which.
    pub kind: TroubleKind,
    /// How severe.
    pub severity: Severity,
    /// What the evidence shows, with its figures, and the cause as far as it is known: complete
    /// sentences.
    pub text: String,
    /// What would help: complete sentences; empty if it is not known.
    pub advice: String,
}

/// How severe a trouble is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It happened earlier, or may lead to lost connections.
    Notice,
    /// Connections wait, or will soon be lost.
    Warning,
    /// Connections are lost now.
    Critical,
}

/// A kind of trouble.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// The process is stopped or frozen.
    Stopped,
    /// Connections wait, and none is accepted.
    NotAccepting,
    /// Connections wait, and are accepted more slowly than they arrive.
    AcceptsTooSlowly,
    /// The accept queue is or was full.
    QueueFull,
    /// A larger backlog is clamped by somaxconn.
    ClampedBySomaxconn,
    /// The process has nearly as many open files as its limit allows.
    FilesNearLimit,
    /// The SYN queue is full.
    SynQueueFull,
    /// Cookies are sent.
    CookiesSent,
    /// The client closed, the process did not.
    CloseWaitGrows,
    /// Connections were dropped, and what for is not known.
    Dropped,
    /// Clients of the namespace have no port left for a destination.
    PortsInUse,
}
