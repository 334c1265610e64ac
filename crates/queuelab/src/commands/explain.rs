//! `queuelab explain`: what a sysctl, a counter, an outcome, a concept or a
//! scenario is.

mod scenarios;

use clap::Args;
use diagnosis::Topics;

use super::answer;
use crate::error::{CommandError, Result};

/// Arguments of `queuelab explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A full name or its last part: somaxconn, ListenOverflows, timed_out, accept
    /// queue, backlog-sweep.
    topic: Vec<String>,
}

/// Prints a topic's page, or without one the list of them.
pub(crate) fn explain(arguments: &ExplainArguments) -> Result {
    let topics = topics(&scenario::catalogue());
    let asked = arguments.topic.join(" ");
    if asked.trim().is_empty() {
        return answer(&topics.list());
    }
    match topics.find(&asked) {
        Some(topic) => answer(&topic.to_string()),
        None => Err(unknown(&asked, &topics)),
    }
}

/// Those of the program, and those that the scenarios make.
fn topics(documents: &[scenario::Document]) -> Topics {
    let mut topics = Topics::built_in();
    for document in documents {
        let (topic, shows) = scenarios::topic(document, &topics);
        topics.add_scenario(topic, &shows);
    }
    topics
}

fn unknown(asked: &str, topics: &Topics) -> CommandError {
    let list = "`queuelab explain` lists what can be explained";
    CommandError::Usage(match topics.near(asked).as_slice() {
        [] => format!("there is nothing to explain about `{asked}`; {list}"),
        near => format!(
            "there is nothing to explain about `{asked}`: did you mean {}? {list}",
            near.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests;
