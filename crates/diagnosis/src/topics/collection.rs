//! All topics.

use indexmap::IndexMap;
use linux_net::{Counter, Sysctl};

use super::servers;
use super::topic::{ScenarioUse, Topic, TopicKind};

const SYSCTLS: &str = include_str!("../../topics/sysctls.yaml");
const COUNTERS: &str = include_str!("../../topics/counters.yaml");
const OUTCOMES: &str = include_str!("../../topics/outcomes.yaml");
const CONCEPTS: &str = include_str!("../../topics/concepts.yaml");
const ERRORS: &str = include_str!("../../topics/errors.yaml");

/// All topics.
#[derive(Debug, Clone)]
pub struct Topics(Vec<Topic>);

/// Adds the summary from the tables of counters and sysctls.
fn with_summary(topic: Topic) -> Topic {
    let summary = match topic.kind {
        TopicKind::Sysctl => Sysctl::from_name(&topic.name).map(Sysctl::explanation),
        TopicKind::Counter => Counter::from_name(&topic.name).map(Counter::explanation),
        TopicKind::Concept
        | TopicKind::Outcome
        | TopicKind::Server
        | TopicKind::Design
        | TopicKind::Scenario => None,
    };
    Topic { summary: summary.map_or(topic.summary, str::to_owned), ..topic }
}

impl Topics {
    /// The built-in topics: all except the scenarios.
    pub fn built_in() -> Self {
        let files = [
            (TopicKind::Concept, CONCEPTS),
            (TopicKind::Concept, ERRORS),
            (TopicKind::Sysctl, SYSCTLS),
            (TopicKind::Counter, COUNTERS),
            (TopicKind::Outcome, OUTCOMES),
        ];
        let read = |(kind, text)| {
            let topics: Vec<Topic> =
                serde_saphyr::from_str(text).expect("the built-in topics are valid");
            topics.into_iter().map(move |topic| Topic { kind, ..topic }).map(with_summary)
        };
        Self(files.into_iter().flat_map(read).chain(servers::topics()).collect())
    }

    /// Adds a topic that no file has.
    pub fn add(&mut self, topic: Topic) {
        self.0.push(topic);
    }

    /// Adds a scenario's topic, and records in the topics that it uses, by name, how it
    /// uses them.
    pub fn add_scenario(&mut self, scenario: Topic, uses: &IndexMap<String, ScenarioUse>) {
        for topic in &mut self.0 {
            if let Some(scenario_use) = uses.get(&topic.name) {
                topic.scenarios.insert(scenario.name.clone(), scenario_use.clone());
            }
        }
        self.0.push(scenario);
    }

    /// All topics.
    pub fn iter(&self) -> impl Iterator<Item = &Topic> {
        self.0.iter()
    }

    /// The topics of a kind, in order.
    pub fn of_kind(&self, kind: TopicKind) -> impl Iterator<Item = &Topic> {
        self.iter().filter(move |topic| topic.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_known_counters_and_sysctls_have_topics() {
        let topics = Topics::built_in();
        for (kind, known) in
            [(TopicKind::Sysctl, Sysctl::NAMES), (TopicKind::Counter, Counter::NAMES)]
        {
            let mut names: Vec<_> = topics.of_kind(kind).map(|topic| topic.name.as_str()).collect();
            let mut known = known.to_vec();
            names.sort_unstable();
            known.sort_unstable();
            assert_eq!(names, known);
        }
    }
}
