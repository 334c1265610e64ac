//! The statements of a headline.

use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{Error, MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::texts::Texts;

/// What answers the question: one statement, or a list of statements, a sentence each.
#[derive(Debug, Clone, PartialEq)]
pub struct Headline(pub Vec<Statement>);

/// A statement: what was measured along an axis, and the words for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Statement {
    /// A metric of each cell; not together with `law` or `expectation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<HeadlineMetric>,
    /// The id of a law that is predicted and measured in each cell, for example
    /// `accept-queue-capacity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub law: Option<String>,
    /// The expression of one of the scenario's expectations, which says that it held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expectation: Option<String>,
    /// The axis of the matrix along which to compare; if absent, the one along which the
    /// value differs most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// The axis with a clause of the sentence for each of its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The values of axes that it is about: a value of the axis, or `first` or `last`, or a list
    /// of these. Of an axis that is not named, the place where the value differs most is described.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub at: IndexMap<String, Value>,
    /// The beginning of the sentence, before a colon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<Texts>,
    /// The words of each clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub say: Option<Texts>,
}

impl Statement {
    /// In [`Statement::at`]: the first value of the axis.
    pub const FIRST: &str = "first";
    /// In [`Statement::at`]: the last value of the axis.
    pub const LAST: &str = "last";

    /// Whether a value in [`Statement::at`] is the name of an end of the axis.
    pub(crate) fn is_end(value: &str) -> bool {
        [Self::FIRST, Self::LAST].contains(&value)
    }

    /// Whether it is only a metric or a law along an axis.
    pub fn is_plain(&self) -> bool {
        let plain = Self { metric: self.metric, law: self.law.clone(), ..Self::default() };
        *self == Self { over: self.over.clone(), ..plain }
    }
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
    /// Attempts that succeeded.
    Succeeded,
    /// Attempts that timed out.
    TimedOut,
    /// Attempts that ended with a reset.
    Resets,
    /// Attempts that were established at the client and never accepted.
    Phantoms,
    /// Attempts that failed because the server died.
    ServerDown,
    /// Connections in the accept queue when every attempt was decided.
    Queued,
    /// The most SYN retransmissions of an attempt.
    SynRetransmissions,
    /// The longest time that a successful connect(2) took.
    LongestConnect,
    /// Messages that clients wrote, per second.
    Offered,
    /// Messages that the server read, per second.
    Ingested,
    /// Messages that arrived at clients, per second.
    Delivered,
    /// The 99th percentile of the time from a message's intended sending to its arrival.
    DeliveryLatency,
    /// Expected answers to requests, per second.
    Responses,
    /// The 99th percentile of the time from a request's intended start to the end of its
    /// answer.
    ResponseLatency,
    /// Bytes written before the server began to accept.
    BytesHeld,
    /// The median time from connect(2) to accept(2).
    AcceptWait,
    /// The longest time from connect(2) to accept(2).
    LongestWait,
    /// Time until a restarted server could listen.
    ListensAgain,
    /// CPU time of the program that was the server, from its start to its end.
    ServerCpu,
    /// CPU time of the lab's chat server a delivery, from the first message that it read until
    /// the first client left.
    DeliveryCpu,
    /// The mean time for which the lab's chat server held the lock of its list of clients for a
    /// message.
    MessageHold,
    /// The largest resident memory of the lab's chat server.
    ServerMemory,
    /// Messages that the lab's chat server did not write to a client whose queue was full, once
    /// for each client.
    Dropped,
    /// Clients that the lab's chat server closed because it could not serve them any longer.
    Closed,
}

impl HeadlineMetric {
    /// The metric of that name; `None` if there is none.
    pub fn named(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }
}

impl Serialize for Headline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [only] => only.serialize(serializer),
            statements => statements.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Headline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadlineVisitor;

        impl<'de> Visitor<'de> for HeadlineVisitor {
            type Value = Headline;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a statement, or a list of statements")
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Headline, A::Error> {
                let only = Statement::deserialize(MapAccessDeserializer::new(entries))?;
                Ok(Headline(vec![only]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Headline, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(Headline)
            }
        }

        deserializer.deserialize_any(HeadlineVisitor)
    }
}

impl JsonSchema for Headline {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Headline".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let statement = generator.subschema_for::<Statement>();
        json_schema!({
            "description": "What answers the question: a statement, or a list of statements, a \
                            sentence each.",
            "anyOf": [
                statement,
                { "type": "array", "items": statement, "minItems": 1, "maxItems": 8 },
            ],
        })
    }
}
