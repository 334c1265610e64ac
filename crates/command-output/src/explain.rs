//! The output of `queuelab explain`.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

/// The topics, or one of them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Explanation {
    /// All topics, without their texts.
    Topics(Vec<ListedTopic>),
    /// The requested topic.
    Topic(Box<TopicPage>),
}

/// A topic in the list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedTopic {
    /// Its kind: concept, sysctl, counter, outcome, server, design or scenario.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub summary: String,
}

/// The explanation of a topic.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TopicPage {
    /// Its kind: concept, sysctl, counter, outcome, server, design or scenario.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Other names that find it.
    pub aliases: Vec<String>,
    /// What it is, in a line.
    pub summary: String,
    /// A sysctl's value in a new namespace.
    pub default: Option<String>,
    /// The explanation.
    pub text: String,
    /// Functions of the kernel, and what each does.
    pub kernel: IndexMap<String, String>,
    /// Common misconceptions, each with its correction.
    pub misconceptions: IndexMap<String, String>,
    /// The scenarios that use it, and how.
    pub scenarios: BTreeMap<String, String>,
    /// Names of related topics.
    pub related: Vec<String>,
}
