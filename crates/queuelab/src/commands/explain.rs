//! `queuelab explain`: explains sysctls, counters, outcomes, concepts and scenarios.

mod scenarios;

use clap::Args;
use diagnosis::Topics;

use super::{print_output, screen};
use crate::error::{CommandError, Result};

/// Arguments of `queuelab explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A full name or its last part, such as somaxconn, ListenOverflows, timed_out,
    /// accept queue or backlog-sweep.
    topic: Vec<String>,
}

/// Prints a topic's page, or the list of topics if none is given.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result {
    let topics = topics(&scenario::catalogue());
    let query = arguments.topic.join(" ");
    if query.trim().is_empty() {
        return print_output(&topics.list(screen().columns));
    }
    match topics.find(&query) {
        Some(topic) => print_output(&topic.page(screen().columns)),
        None => Err(unknown_topic(&query, &topics)),
    }
}

/// The built-in topics, and one for each scenario.
fn topics(documents: &[scenario::Document]) -> Topics {
    let mut topics = Topics::built_in();
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
