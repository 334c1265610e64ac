//! What `queuelab watch` sees: data without behaviour, for all that shows, explains or stores
//! it.
//!
//! | module | holds |
//! |---|---|
//! | [`snapshot`](Snapshot) | everything at one moment: a line of `watch --json` |
//! | [`listener`](WatchedListener) | a listening socket with its queues |
//! | [`connections`](ConnectionCounts) | the connections of an address, by state |
//! | [`process`](WatchedProcess) | a process that has the socket |
//! | [`namespace`](WatchedNamespace) | a network namespace: its settings and counters |
//! | [`trouble`](Trouble) | what is wrong, its cause and what would help |
//! | [`effort`](Effort) | how the figures were obtained, and at what cost |
//! | [`history`](DepthChange) | the depth of a queue over time |
//! | [`changes`](Changes) | what changed since an earlier moment |
//! | [`details`](ListenerDetails) | the history and connections of a selected listener |
//! | [`peer`](PeerConnection) | a connection of a listener, with figures of TCP_INFO |

mod changes;
mod connections;
mod details;
mod effort;
mod history;
mod listener;
mod namespace;
mod peer;
mod process;
mod snapshot;
mod trouble;

pub use changes::{Changes, ClosedListener, ListenerChanges, LookGap};
pub use connections::ConnectionCounts;
pub use details::ListenerDetails;
pub use effort::{Effort, Unseen};
pub use history::{DepthChange, History, Second};
pub use listener::{LimitFrom, Peak, WatchedListener};
pub use namespace::{PortUsage, WatchedNamespace, WatchedSysctls};
pub use peer::PeerConnection;
pub use process::{ProcessActivity, WatchedProcess};
pub use snapshot::Snapshot;
pub use trouble::{Severity, Trouble, TroubleKind};
