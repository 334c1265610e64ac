//! A run as charts, diagnosis, report, comparison and viewer read it.
//!
//! | module | holds |
//! |---|---|
//! | `run` | a run's record with its trials, and its axes by name |
//! | `cell` | a cell of the matrix with its trials |
//! | `listen_limit` | the limit that a listen(2) sets |
//! | `metric` | the metrics that tables and charts show for each cell |
//! | `trial` | a trial as reports read it |
//! | `executions` | a planned trial with all its executions |
//! | `counters`, `law`, `probe` | parts of a trial |
//! | `shared` | parts of trials that are kept once if they are equal |
//! | `trial_view` | a trial with the settings and sysctls that it ran under |
//! | `undecided` | why a trial did not decide a law |
//! | [`number`] | numbers as text |
//! | [`statistics`] | tests and intervals over trials |
//! | [`prose`] | sentences and lists as text |
//! | `screen` | the width and colours that texts are laid out for |
//! | `text_table` | a table as text that fits a screen |

mod cell;
mod counters;
mod executions;
mod law;
mod listen_limit;
mod metric;
pub mod number;
mod probe;
mod program;
pub mod prose;
mod run;
mod screen;
mod shared;
pub mod statistics;
mod text_table;
mod trial;
mod trial_view;
mod undecided;

pub use cell::Cell;
pub use counters::Counters;
pub use executions::Executions;
pub use law::Law;
pub use listen_limit::{LimitingSetting, ListenLimit};
pub use metric::{Metric, ORIGINAL_THROUGHPUT, has_rates, metric_names, metrics};
pub use probe::Probe;
pub use program::Program;
pub use run::{Run, combinations};
pub use screen::{Emphasis, Printable, Screen};
pub use text_table::TextTable;
pub use trial::{BusiestThread, Evidence, Expectation, Trial};
pub use trial_view::TrialView;
pub use undecided::why_not_decided;
