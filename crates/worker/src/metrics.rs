//! What the workers measure, defined once: workers report these types and run
//! records store them.

mod integrity;
mod latency;
mod probe;
mod queue;
mod server;
mod timeline;
mod usage;

pub use integrity::Integrity;
pub use latency::{DurationSummary, LatencySummary};
pub use probe::{ListenerSummary, ProbeSummary, StateSummary};
pub use queue::AcceptQueue;
pub use server::ServerMetrics;
pub use timeline::TimelineRow;
pub use usage::ResourceUsage;
