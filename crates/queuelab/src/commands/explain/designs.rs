//! The topics of the designs of the chat server.

use std::collections::BTreeMap;

use chat_server::{DESIGNS, Design};
use diagnosis::{Topic, TopicKind};
use indexmap::IndexMap;

/// The scenarios that compare the designs.
const SCENARIOS: [&str; 4] = ["lock-designs", "designs-at-scale", "slow-reader", "full-queue"];

/// A topic for each design, in the order of the table.
pub(super) fn topics() -> impl Iterator<Item = Topic> {
    DESIGNS.iter().map(topic)
}

fn topic(design: &Design) -> Topic {
    let Design { name, summary, removes, costs, .. } = design;
    let threads = match design.threads_per_client {
        0 => "No client has a thread of its own.",
        1 => "Each client has a thread.",
        _ => "Each client has two threads.",
    };
    let queues = match design.queues {
        true => {
            "Messages wait in a queue of each client, of server.client_queue bytes; \
             server.when_full says what happens when it is full."
        }
        false => "It queues no messages: each is written at once.",
    };
    Topic {
        kind: TopicKind::Design,
        name: (*name).to_owned(),
        aliases: Vec::new(),
        summary: (*summary).to_owned(),
        default: None,
        text: format!(
            "What it removes: {removes}\n\nWhat it costs: {costs}\n\n{threads} {queues}\n\n\
             `--set server.design={name}` runs it in any scenario. docs/designs.md compares the \
             designs."
        ),
        kernel: IndexMap::new(),
        misconceptions: IndexMap::new(),
        scenarios: BTreeMap::new(),
        related: SCENARIOS.map(str::to_owned).into(),
    }
}
