//! The words of a statement, by what was found.

use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The words of a statement: one text for every finding, or a text for each. The findings are
/// [`Texts::FINDINGS`], and the values of the compared axis, each for the finding that it is
/// the best.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// The text for every finding.
    any: Option<String>,
    /// The texts by finding.
    by_finding: IndexMap<String, String>,
}

impl Texts {
    /// The value is the same, or no difference is larger than the variation between trials.
    pub const SAME: &str = "same";
    /// The value differs along the axis.
    pub const DIFFERS: &str = "differs";
    /// There are too few trials to know.
    pub const UNKNOWN: &str = "unknown";
    /// Different values of the axis are the best in different places; only of a lead.
    pub const MIXED: &str = "mixed";
    /// The run did not measure it.
    pub const ABSENT: &str = "absent";

    /// Every finding that is not a value of the axis.
    pub const FINDINGS: [&str; 5] =
        [Self::SAME, Self::DIFFERS, Self::UNKNOWN, Self::MIXED, Self::ABSENT];

    /// The text for a finding.
    pub fn of(&self, finding: &str) -> Option<&str> {
        self.by_finding.get(finding).map(String::as_str)
    }

    /// The text for every finding, if there is one.
    pub fn of_any(&self) -> Option<&str> {
        self.any.as_deref()
    }

    /// Removes the texts for values of the axis that `is_value` does not know.
    pub(crate) fn keep(&mut self, is_value: impl Fn(&str) -> bool) {
        self.by_finding
            .retain(|finding, _| Self::FINDINGS.contains(&finding.as_str()) || is_value(finding));
    }

    /// All texts, each with the finding that it is for; `None` is every finding.
    pub fn all(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let by_finding = self.by_finding.iter();
        let by_finding = by_finding.map(|(finding, text)| (Some(finding.as_str()), text.as_str()));
        self.any.iter().map(|text| (None, text.as_str())).chain(by_finding)
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.any {
            Some(text) => serializer.serialize_str(text),
            None => self.by_finding.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextsVisitor;

        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text, or a text for each finding")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts { any: Some(text.to_owned()), by_finding: IndexMap::new() })
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Texts, A::Error> {
                let by_finding = IndexMap::deserialize(MapAccessDeserializer::new(entries))?;
                Ok(Texts { any: None, by_finding })
            }
        }

        deserializer.deserialize_any(TextsVisitor)
    }
}

impl JsonSchema for Texts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Texts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A text for every finding, or a text for each: `same`, `differs`, \
                            `unknown` (too few trials), `mixed` (of a lead), `absent` (not \
                            measured), or the value of the compared axis that is the best.",
            "anyOf": [
                { "type": "string" },
                { "type": "object", "additionalProperties": { "type": "string" } },
            ],
        })
    }
}
