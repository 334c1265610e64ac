//! The report of a recorded watch.
//!
//! | module | holds |
//! |---|---|
//! | `document` | its sections in their order |
//! | `answer` | which listeners were in trouble, when and for how long |
//! | `troubles` | everything that was wrong, in the order of time |
//! | `queues` | the depth of the queues over time |
//! | `listeners` | a table of all listeners |
//! | `namespaces` | the counters that moved |
//! | `effort` | what could not be seen, and how the figures were obtained |
//! | `words` | names, times and lengths of time |

mod answer;
mod document;
mod effort;
mod listeners;
mod namespaces;
mod queues;
mod troubles;
mod words;

pub use answer::headline as watch_headline;
pub use document::{watch_charts, watch_files, watch_summary, watch_terminal};
