//! Explanations of the lab's terms: one topic for each sysctl, counter, outcome,
//! concept and common server; the caller adds one for each design of the chat server and for
//! each scenario.
//!
//! | module | contains |
//! |---|---|
//! | `topic` | [`Topic`], and how scenarios use it |
//! | `collection` | [`Topics`], read from the files in `crates/diagnosis/topics` |
//! | `find` | finding a topic by a name, and similar names |
//! | `servers` | a topic for each known server |
//! | `page` | topics as plain text |
//!
//! The tests of `queuelab explain`, which knows the scenarios, check that the topics
//! cover everything that the lab names.

mod collection;
mod find;
mod page;
mod servers;
mod topic;

pub use collection::Topics;
pub use topic::{ScenarioUse, Topic, TopicKind};
