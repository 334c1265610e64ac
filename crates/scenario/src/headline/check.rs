//! The value that answers a scenario's question.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::Kernel;
use crate::place::Place;
use crate::problem::Problem;
use crate::suggest::did_you_mean;
use crate::tree::Node;

/// The value that answers the question: a metric or a law, and the axis along which to
/// report it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Headline {
    /// A metric of each cell; not together with `law`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<HeadlineMetric>,
    /// The id of a law that is predicted and measured in each cell, for example
    /// `accept-queue-capacity`; not together with `metric`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<String>,
    /// The axis of the matrix along which to compare; if absent, the one along which the
    /// value differs most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
}

/// A metric that can answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeadlineMetric {
    /// The share of attempts that succeeded.
    Success,
    /// The share of attempts that succeeded without a SYN retransmission.
    FirstTry,
    /// How the attempts ended.
    Outcomes,
    /// Messages that clients wrote, per second.
    Offered,
    /// Messages that the server read, per second.
    Ingested,
    /// Messages that arrived at clients, per second.
    Delivered,
    /// Bytes written before the server began to accept.
    BytesHeld,
    /// The longest time from connect(2) to accept(2).
    LongestWait,
    /// Time until a restarted server could listen.
    ListensAgain,
}

/// Checks the headline of a scenario's file.
pub(crate) fn check(
    headline: Option<&Headline>,
    tree: &Node,
    kernel: &dyn Kernel,
    problems: &mut Vec<Problem>,
) {
    let Some(headline) = headline else { return };
    let at = |path: &[&str]| -> Place { tree.place_of(path) };
    if headline.metric.is_some() == headline.law.is_some() {
        let message = "the headline needs either a `metric` or a `law`";
        let help = "for example `headline: {metric: success, over: server.backlog}`";
        problems.push(Problem::new(at(&["headline"]), message).help(help));
    }
    if let (Some(law), Some(known)) = (&headline.law, kernel.law_ids())
        && !known.contains(&law.as_str())
    {
        let help =
            did_you_mean(law, &known).unwrap_or_else(|| format!("use one of {}", known.join(", ")));
        let message = format!("there is no law `{law}`");
        problems.push(Problem::new(at(&["headline", "law"]), message).help(help));
    }
    let Some(over) = &headline.over else { return };
    let axes = tree.get(&["matrix"]).and_then(Node::entries);
    let axes: Vec<&str> = axes.into_iter().flatten().map(|(path, _)| path.as_str()).collect();
    if !axes.contains(&over.as_str()) {
        let message = format!("`{over}` is not an axis of the matrix");
        let help = match axes.is_empty() {
            true => Some("remove it: the scenario has no axes".to_owned()),
            false => did_you_mean(over, &axes),
        };
        let place = at(&["headline", "over"]);
        problems.push(Problem::new(place, message).maybe_help(help));
    }
}
