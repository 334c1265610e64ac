//! Explanations of the lab's terms: one topic for each sysctl, counter, outcome and
//! concept, and one for each scenario, which the caller adds.
//!
//! | module | contains |
//! |---|---|
//! | `topic` | [`Topic`], and how scenarios use it |
//! | `collection` | [`Topics`], read from the files in `crates/diagnosis/topics` |
//! | `find` | finding a topic by a name, and similar names |
//! | `page` | topics as plain text |
//!
//! The tests of `queuelab explain`, which knows the scenarios, check that the topics
//! cover everything that the lab names.

mod collection;
mod find;
mod page;
mod topic;

pub use collection::Topics;
pub use topic::{ScenarioUse, Topic, TopicKind};
