//! The types of a scenario file.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use indexmap::IndexMap;
use load_generator::LoadSettings;
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

use crate::headline::Headline;
use crate::server::Server;

/// A question to the kernel, and the experiment that answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name of the scenario: the name of its file without `.yaml`.
    pub name: String,
    /// The question that it answers, in one sentence.
    pub question: String,
    /// Background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What answers the question. If absent, the report chooses the most relevant value that
    /// differs between cells, along the axis where it differs most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<Headline>,
    /// The two hosts of each trial.
    #[serde(default)]
    pub hosts: Hosts,
    /// The server.
    #[serde(default)]
    pub server: Server,
    /// Settings of the load.
    #[serde(default)]
    pub load: LoadSettings,
    /// What to do after the load.
    #[serde(default)]
    pub after: After,
    /// Axes, by the path of the setting that they vary; the last one varies
    /// fastest. Every combination of their values is a cell.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub matrix: IndexMap<String, AxisValues>,
    /// Trials of each cell.
    #[serde(default = "one")]
    pub repeat: NonZeroU32,
    /// Run the cells of each round in an order that the seed decides, so that a
    /// drift of the machine does not look like an effect.
    #[serde(default = "yes")]
    pub shuffle: bool,
    /// Run up to 16 trials at the same time, across all rounds, each in its own
    /// testbed: for trials that only wait. Trials that measure rates would disturb
    /// each other.
    #[serde(default)]
    pub side_by_side: bool,
    /// Additional data to store of each trial.
    #[serde(default)]
    pub record: Record,
    /// The server may die: its death is part of the question and not a failure.
    #[serde(default)]
    pub server_may_die: bool,
    /// What must hold in each trial.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
    /// What to change for a quick answer (`--quick`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick: Option<Quick>,
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

fn yes() -> bool {
    true
}

/// What to do after the load.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct After {
    /// Restart the server on its port until it listens, for at most this time;
    /// 0 s does not restart it.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub restart_within: Duration,
    /// SO_REUSEADDR of the restarted server; the default is that of the first
    /// server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_reuse_address: Option<bool>,
    /// Watch the server's host until no socket there is in TIME_WAIT or
    /// FIN_WAIT_2, for at most this time.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub watch_closing: Duration,
}

/// The two hosts of a trial.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hosts {
    /// The host of the server.
    pub server: Host,
    /// The host of the load.
    pub client: Host,
}

/// One host: a network namespace with its own sysctls.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Host {
    /// Sysctls to set and to read back, by name. The others keep the kernel's
    /// value for a new namespace.
    pub sysctls: IndexMap<String, SysctlValue>,
}

/// The value of a sysctl: a number or a string. A list of numbers, such as
/// `[32768, 60999]`, is a string with spaces between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SysctlValue {
    /// A whole number.
    Number(i64),
    /// Anything else.
    Text(String),
}

impl fmt::Display for SysctlValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SysctlValue::Number(number) => number.fmt(f),
            SysctlValue::Text(text) => text.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for SysctlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SysctlVisitor;

        impl<'de> Visitor<'de> for SysctlVisitor {
            type Value = SysctlValue;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a whole number, a string, or a list of whole numbers")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<SysctlValue, E> {
                Ok(SysctlValue::Number(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<SysctlValue, E> {
                Ok(i64::try_from(value)
                    .map_or_else(|_| SysctlValue::Text(value.to_string()), SysctlValue::Number))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<SysctlValue, E> {
                let words: Vec<&str> = value.split_whitespace().collect();
                match words.as_slice() {
                    [] => Err(E::custom("the value of a sysctl cannot be empty")),
                    [word] => Ok(word.parse().map_or_else(
                        |_| SysctlValue::Text((*word).to_owned()),
                        SysctlValue::Number,
                    )),
                    _ => Ok(SysctlValue::Text(words.join(" "))),
                }
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<SysctlValue, E> {
                let number = i64::from(value);
                Err(E::custom(format!(
                    "the value of a sysctl is not true or false: write {number}"
                )))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<SysctlValue, A::Error> {
                let numbers = Vec::<i64>::deserialize(SeqAccessDeserializer::new(items))?;
                if numbers.is_empty() {
                    return Err(A::Error::custom("the value of a sysctl cannot be an empty list"));
                }
                let words: Vec<String> = numbers.iter().map(i64::to_string).collect();
                // A list of one number is that number, as when a record is read again.
                self.visit_str(&words.join(" "))
            }
        }

        deserializer.deserialize_any(SysctlVisitor)
    }
}

impl JsonSchema for SysctlValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SysctlValue".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The value of a sysctl: a number, a string, or a list of numbers.",
            "anyOf": [
                { "type": "integer" },
                { "type": "string", "minLength": 1 },
                { "type": "array", "items": { "type": "integer" }, "minItems": 1 },
            ],
        })
    }
}

/// The values of an axis: a list, or evenly spaced steps.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum AxisValues {
    /// Each of them.
    List(#[schemars(length(min = 1))] Vec<Value>),
    /// From one number to another.
    Range(Range),
}

/// `steps` evenly spaced numbers from `from` to `to`, both included; between whole
/// numbers, the steps are truncated to whole numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The first value.
    #[schemars(with = "f64")]
    pub from: Number,
    /// The last value.
    #[schemars(with = "f64")]
    pub to: Number,
    /// The number of values.
    #[schemars(range(min = 2))]
    pub steps: u32,
}

impl<'de> Deserialize<'de> for AxisValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AxisVisitor;

        impl<'de> Visitor<'de> for AxisVisitor {
            type Value = AxisValues;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list, or {from, to, steps}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<AxisValues, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(AxisValues::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<AxisValues, A::Error> {
                Range::deserialize(MapAccessDeserializer::new(entries)).map(AxisValues::Range)
            }
        }

        deserializer.deserialize_any(AxisVisitor)
    }
}

/// Additional data to store of each trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Record {
    /// One row per attempt.
    pub attempts: bool,
    /// One row per change that the probe observed.
    pub timelines: bool,
    /// What the kernel shows of accepts, besides the server's own list: whether they agree,
    /// and the accept pace.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ledger: bool,
}

/// A condition that must hold in each trial, as CEL expressions over its facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The condition.
    pub that: String,
    /// Selects the trials that it applies to; the default is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Why it should hold: printed if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// What to change for a quick answer. It is merged over the scenario; an axis
/// replaces the axis with the same path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quick {
    /// Sysctls of the two hosts.
    pub hosts: Hosts,
    /// The server.
    pub server: Server,
    /// Settings of the load.
    pub load: LoadSettings,
    /// What to do after the load.
    pub after: After,
    /// Axes, by the path of the setting that they vary.
    pub matrix: IndexMap<String, AxisValues>,
    /// Trials of each cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<NonZeroU32>,
    /// Run the cells of each round in an order that the seed decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffle: Option<bool>,
    /// Additional data to store of each trial.
    pub record: Record,
}

/// The settings of one cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CellSettings {
    /// The two hosts.
    pub hosts: Hosts,
    /// The server.
    pub server: Server,
    /// The load.
    pub load: LoadSettings,
    /// What to do after the load.
    pub after: After,
}
