//! `queuelab explain`: explains sysctls, counters, outcomes, concepts, designs and scenarios.

mod designs;
mod scenarios;

use clap::Args;
use clap_complete::ArgValueCompleter;
use command_output::{Explanation, ListedTopic, TopicPage};
use diagnosis::{Topic, Topics};

use super::{print_document, print_output, screen};
use crate::completion;
use crate::error::{CommandError, Result};

/// Arguments of `queuelab explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A full name or its last part, such as somaxconn, ListenOverflows, timed_out,
    /// accept queue or backlog-sweep.
    #[arg(add = ArgValueCompleter::new(completion::topics))]
    topic: Vec<String>,
    /// Print JSON; `queuelab schema explain` describes it.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints a topic's page, or the list of topics if none is given.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result {
    let topics = topics(&scenario::catalogue());
    let query = arguments.topic.join(" ");
    if query.trim().is_empty() {
        return match arguments.json {
            true => print_document(&Explanation::Topics(topics.iter().map(listed).collect())),
            false => print_output(&topics.list(screen().columns)),
        };
    }
    match topics.find(&query) {
        Some(topic) if arguments.json => print_document(&Explanation::Topic(Box::new(page(topic)))),
        Some(topic) => print_output(&topic.page(screen().columns)),
        None => Err(unknown_topic(&query, &topics)),
    }
}

fn listed(topic: &Topic) -> ListedTopic {
    ListedTopic {
        kind: topic.kind.name().to_owned(),
        name: topic.name.clone(),
        summary: topic.summary.clone(),
    }
}

fn page(topic: &Topic) -> TopicPage {
    let uses = topic.scenarios.iter().map(|(name, how)| (name.clone(), how.to_string()));
    TopicPage {
        kind: topic.kind.name().to_owned(),
        name: topic.name.clone(),
        aliases: topic.aliases.clone(),
        summary: topic.summary.clone(),
        default: topic.default.clone(),
        text: topic.text.clone(),
        kernel: topic.kernel.clone(),
        misconceptions: topic.misconceptions.clone(),
        scenarios: uses.collect(),
        related: topic.related.clone(),
    }
}

/// The built-in topics, and one for each design.
pub(crate) fn topics_without_scenarios() -> Topics {
    let mut topics = Topics::built_in();
    designs::topics().for_each(|topic| topics.add(topic));
    topics
}

/// The built-in topics, and one for each design and each scenario.
fn topics(documents: &[scenario::Document]) -> Topics {
    let mut topics = topics_without_scenarios();
    for document in documents {
        let (topic, shows) = scenarios::topic(document, &topics);
        topics.add_scenario(topic, &shows);
    }
    topics
}

fn unknown_topic(query: &str, topics: &Topics) -> CommandError {
    let list = "`queuelab explain` lists all topics";
    CommandError::Usage(match topics.similar(query).as_slice() {
        [] => format!("there is no topic `{query}`; {list}"),
        near => format!("there is no topic `{query}`: did you mean {}? {list}", near.join(", ")),
    })
}

#[cfg(test)]
mod tests;
