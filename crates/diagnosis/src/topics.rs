//! What the lab's words mean: an entry for each sysctl, counter, outcome and
//! concept, and one that the caller makes of each scenario.
//!
//! The texts are the YAML files of `crates/diagnosis/topics`, one for each kind,
//! built into the program. The tests of `queuelab explain`, which knows the
//! scenarios too, hold them against all that the lab names.

mod find;
mod page;

use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use linux_net::{Counter, Sysctl};
use serde::Deserialize;

const SYSCTLS: &str = include_str!("../topics/sysctls.yaml");
const COUNTERS: &str = include_str!("../topics/counters.yaml");
const OUTCOMES: &str = include_str!("../topics/outcomes.yaml");
const CONCEPTS: &str = include_str!("../topics/concepts.yaml");

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
    /// A scenario of the lab.
    Scenario,
}

impl TopicKind {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 5] =
        [Self::Concept, Self::Sysctl, Self::Counter, Self::Outcome, Self::Scenario];

    /// Its name, of one topic.
    pub fn name(self) -> &'static str {
        match self {
            Self::Concept => "concept",
            Self::Sysctl => "sysctl",
            Self::Counter => "counter",
            Self::Outcome => "outcome",
            Self::Scenario => "scenario",
        }
    }

    /// Its heading, above many topics.
    fn heading(self) -> &'static str {
        match self {
            Self::Concept => "Concepts",
            Self::Sysctl => "Sysctls",
            Self::Counter => "Counters of the kernel",
            Self::Outcome => "Outcomes of an attempt",
            Self::Scenario => "Scenarios",
        }
    }
}

/// One thing, explained.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// What it is.
    #[serde(skip, default = "concept")]
    pub kind: TopicKind,
    /// Its name: a sysctl's in full, a counter's as the kernel spells it.
    pub name: String,
    /// Other names that find it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// It in a line. The files have it of concepts and outcomes; of sysctls and
    /// counters it is in the tables of `linux_net`.
    #[serde(default)]
    pub summary: String,
    /// A sysctl's value in a new namespace.
    #[serde(default)]
    pub default: Option<String>,
    /// Paragraphs, an empty line between them; lines that begin with a blank
    /// stay as they are.
    pub text: String,
    /// Where in the kernel, `function (file)`, and what happens there.
    #[serde(default)]
    pub kernel: IndexMap<String, String>,
    /// What is commonly believed, and what holds.
    #[serde(default)]
    pub misconceptions: IndexMap<String, String>,
    /// Scenarios that have to do with it, by name.
    #[serde(skip)]
    pub scenarios: BTreeMap<String, ScenarioUse>,
    /// Names of related topics.
    pub related: Vec<String>,
}

fn concept() -> TopicKind {
    TopicKind::Concept
}

/// What a scenario does with the subject of a topic; the most telling first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScenarioUse {
    /// It is an axis, with these values.
    Varied(String),
    /// An expectation speaks of it.
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

/// Every topic.
#[derive(Debug, Clone)]
pub struct Topics(Vec<Topic>);

/// With the line that the tables of counters and sysctls have of it.
fn explained(topic: Topic) -> Topic {
    let summary = match topic.kind {
        TopicKind::Sysctl => Sysctl::from_name(&topic.name).map(Sysctl::explanation),
        TopicKind::Counter => Counter::from_name(&topic.name).map(Counter::explanation),
        TopicKind::Concept | TopicKind::Outcome | TopicKind::Scenario => None,
    };
    Topic { summary: summary.map_or(topic.summary, str::to_owned), ..topic }
}

impl Topics {
    /// Those that are built in: everything but the scenarios.
    pub fn built_in() -> Self {
        let files = [
            (TopicKind::Concept, CONCEPTS),
            (TopicKind::Sysctl, SYSCTLS),
            (TopicKind::Counter, COUNTERS),
            (TopicKind::Outcome, OUTCOMES),
        ];
        let read = |(kind, text)| {
            let topics: Vec<Topic> = serde_saphyr::from_str(text).expect("tested to be topics");
            topics.into_iter().map(move |topic| Topic { kind, ..topic }).map(explained)
        };
        Self(files.into_iter().flat_map(read).collect())
    }

    /// Adds a scenario's topic, and to the topics of those names what it does
    /// with them.
    pub fn add_scenario(&mut self, scenario: Topic, shows: &IndexMap<String, ScenarioUse>) {
        for topic in &mut self.0 {
            if let Some(showing) = shows.get(&topic.name) {
                topic.scenarios.insert(scenario.name.clone(), showing.clone());
            }
        }
        self.0.push(scenario);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Topic> {
        self.0.iter()
    }

    /// Those of a kind, in order.
    pub fn of_kind(&self, kind: TopicKind) -> impl Iterator<Item = &Topic> {
        self.iter().filter(move |topic| topic.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter or sysctl of the tables has a page, and every page one of them.
    #[test]
    fn every_known_counter_and_sysctl_has_a_page_and_no_other() {
        let topics = Topics::built_in();
        for (kind, known) in
            [(TopicKind::Sysctl, Sysctl::NAMES), (TopicKind::Counter, Counter::NAMES)]
        {
            let mut pages: Vec<_> = topics.of_kind(kind).map(|topic| topic.name.as_str()).collect();
            let mut known = known.to_vec();
            pages.sort_unstable();
            known.sort_unstable();
            assert_eq!(pages, known);
        }
    }
}
