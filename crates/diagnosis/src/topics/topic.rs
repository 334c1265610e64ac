//! A topic, and how scenarios use it.

use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;

/// What a topic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicKind {
    /// A queue, a state, a timer, a socket option.
    Concept,
    /// A setting of a network namespace.
    Sysctl,
    /// A kernel counter.
    Counter,
    /// How an attempt ended.
    Outcome,
    /// A common server.
    Server,
    /// A design of the lab's chat server.
    Design,
    /// A scenario of the lab.
    Scenario,
}

impl TopicKind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [Self; 7] = [
        Self::Concept,
        Self::Sysctl,
        Self::Counter,
        Self::Outcome,
        Self::Server,
        Self::Design,
        Self::Scenario,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Concept => "concept",
            Self::Sysctl => "sysctl",
            Self::Counter => "counter",
            Self::Outcome => "outcome",
            Self::Server => "server",
            Self::Design => "design",
            Self::Scenario => "scenario",
        }
    }

    /// The heading of its topics.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Concept => "Concepts",
            Self::Sysctl => "Sysctls",
            Self::Counter => "Counters of the kernel",
            Self::Outcome => "Outcomes of an attempt",
            Self::Server => "Servers",
            Self::Design => "Designs of the lab's chat server",
            Self::Scenario => "Scenarios",
        }
    }
}

/// The explanation of one term.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// What it is about.
    #[serde(skip, default = "concept")]
    pub kind: TopicKind,
    /// Its name: a sysctl's full name, a counter's name in the kernel.
    pub name: String,
    /// Other names that find it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// A summary in one line. The files contain it for concepts and outcomes; for sysctls
    /// and counters it is in the tables of `linux_net`.
    #[serde(default)]
    pub summary: String,
    /// A sysctl's value in a new namespace.
    #[serde(default)]
    pub default: Option<String>,
    /// Paragraphs, separated by empty lines; lines that begin with a space are not
    /// wrapped.
    pub text: String,
    /// Kernel functions, as `function (file)`, and what each does.
    #[serde(default)]
    pub kernel: IndexMap<String, String>,
    /// Common misconceptions, each with its correction.
    #[serde(default)]
    pub misconceptions: IndexMap<String, String>,
    /// Scenarios that use it, by name.
    #[serde(skip)]
    pub scenarios: BTreeMap<String, ScenarioUse>,
    /// Names of related topics.
    pub related: Vec<String>,
}

fn concept() -> TopicKind {
    TopicKind::Concept
}

/// How a scenario uses the subject of a topic; the most informative first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScenarioUse {
    /// It is an axis, with these values.
    Varied(String),
    /// An expectation refers to it.
    Checked,
    /// It is set to this value in every trial.
    Fixed(String),
}

impl fmt::Display for ScenarioUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Varied(values) => write!(f, "varied ({values})"),
            Self::Checked => f.write_str("checked"),
            Self::Fixed(value) => write!(f, "fixed at {value}"),
        }
    }
}
