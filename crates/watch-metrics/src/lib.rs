//! What a watch sees as metrics for Prometheus.
//!
//! | module | holds |
//! |---|---|
//! | [`router`] | the paths of the server |
//! | [`exporter`](Exporter) | makes the text of a scrape |
//! | [`format`](Format) | the two text formats |
//! | `exposition` | what a scrape shows, and its order |
//! | `listener_metrics`, `namespace_metrics`, `watch_metrics` | the metrics of each |
//! | `listener_series`, `namespace_series`, `overview` | what they are computed from |
//! | `drops` | drops of each address as counters that do not fall when its sockets close |
//! | `namespace_names` | the label `netns` |
//! | `labels` | labels, and values that are safe in them |
//! | `metric` | a metric: its name, help and value |

mod drops;
mod exporter;
mod exposition;
mod format;
mod labels;
mod listener_metrics;
mod listener_series;
mod metric;
mod namespace_metrics;
mod namespace_names;
mod namespace_series;
mod overview;
mod router;
mod watch_metrics;

pub use exporter::Exporter;
pub use exposition::{MAX_ADDRESSES, MAX_NAMESPACES};
pub use format::Format;
pub use router::{PACE, router};
