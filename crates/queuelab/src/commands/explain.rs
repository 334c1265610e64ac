//! `queuelab explain`: what a sysctl, a counter, an outcome, a concept or a
//! scenario is.

mod scenarios;

use diagnosis::Topics;

use super::answer;
use crate::error::{CommandError, Result};

/// Prints a topic's page, or without one the list of them.
pub(crate) fn explain(words: &[String]) -> Result {
    let topics = topics(&scenario::catalogue());
    let asked = words.join(" ");
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
