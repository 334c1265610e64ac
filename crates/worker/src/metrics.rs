//! The metrics that workers report and run records store.

mod accept_pace;
mod closed_because;
mod ended_by;
mod histogram;
mod integrity;
mod latency;
mod probe;
mod program;
mod queue;
mod server;
mod timeline;
mod unframed;
mod usage;

pub use accept_pace::AcceptPace;
pub use closed_because::ClosedBecause;
pub use ended_by::EndedBy;
pub use histogram::{LatencyBin, LatencyHistogram};
pub use integrity::Integrity;
pub use latency::{DurationSummary, LatencySummary};
pub use probe::{ListenerSummary, ProbeSummary, StateSummary};
pub use program::{ProgramEnd, ProgramOutput, ProgramReport};
pub use queue::AcceptQueue;
pub use server::{ClientLimit, DeliveryCost, ServerMetrics};
pub use timeline::{DepthSource, MAX_TIMELINE_ROWS, TimelineRow};
pub use unframed::UnframedAnswer;
pub use usage::{ResourceUsage, most_memory_bytes};
