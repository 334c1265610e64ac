//! The table of designs.
//!
//! A new design is one file below `designs/` and one line in [`DESIGNS`].

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParserFactory};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::design::Design;

mod event_loop;
mod global_lock;
mod io_uring;
mod sharded;
mod snapshot;
mod writer_queues;

/// Every design; the first is the default.
pub const DESIGNS: &[Design] = &[
    global_lock::DESIGN,
    snapshot::DESIGN,
    sharded::DESIGN,
    writer_queues::DESIGN,
    event_loop::DESIGN,
    io_uring::DESIGN,
];

/// The name of a design that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DesignName(&'static str);

impl DesignName {
    /// Every name, in the order of [`DESIGNS`].
    pub fn all() -> impl Iterator<Item = DesignName> {
        DESIGNS.iter().map(|design| DesignName(design.name))
    }

    /// Those of the designs that this machine permits.
    pub fn permitted() -> impl Iterator<Item = DesignName> {
        Self::all().filter(|name| name.design().check_machine().is_ok())
    }

    /// The name itself.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The design of that name.
    pub fn design(self) -> &'static Design {
        let found = DESIGNS.iter().find(|design| design.name == self.0);
        found.expect("a DesignName is only made of a name in DESIGNS")
    }
}

impl Default for DesignName {
    fn default() -> Self {
        DesignName(DESIGNS[0].name)
    }
}

impl fmt::Display for DesignName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl FromStr for DesignName {
    type Err = UnknownDesign;

    fn from_str(name: &str) -> Result<Self, UnknownDesign> {
        Self::all()
            .find(|known| known.0 == name)
            .ok_or_else(|| UnknownDesign { name: name.to_owned() })
    }
}

/// A name that no design has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown design {name:?}: choose one of {}",
    DesignName::all().map(DesignName::as_str).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownDesign {
    name: String,
}

impl Serialize for DesignName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for DesignName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        name.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for DesignName {
    fn schema_name() -> Cow<'static, str> {
        "DesignName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let choices: Vec<_> = DESIGNS
            .iter()
            .map(|design| {
                json_schema!({
                    "description": design.summary, "type": "string", "const": design.name
                })
            })
            .collect();
        json_schema!({ "description": "Design of locking and writing.", "oneOf": choices })
    }
}

impl ValueParserFactory for DesignName {
    type Parser = clap::builder::MapValueParser<PossibleValuesParser, fn(String) -> DesignName>;

    fn value_parser() -> Self::Parser {
        let choices =
            DESIGNS.iter().map(|design| PossibleValue::new(design.name).help(design.summary));
        PossibleValuesParser::new(choices)
            .map(|name| name.parse().expect("clap let only known names through"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        let names: BTreeSet<_> = DesignName::all().collect();
        assert_eq!(names.len(), DESIGNS.len());
        for name in names {
            assert_eq!(name.to_string().parse(), Ok(name));
            assert_eq!(name.design().name, name.as_str());
            let json = serde_json::to_string(&name).expect("a string");
            assert_eq!(serde_json::from_str::<DesignName>(&json).expect("reads back"), name);
        }
    }

    #[test]
    fn the_default_is_the_original_design() {
        assert_eq!(DesignName::default().as_str(), "global-lock");
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_choices() {
        let error =
            serde_json::from_str::<DesignName>(r#""lockless""#).expect_err("no such design");
        let text = error.to_string();
        let begin = r#"unknown design "lockless": choose one of global-lock, snapshot, "#;
        assert!(text.starts_with(begin), "{text}");
        assert!(DesignName::all().all(|name| text.contains(name.as_str())), "{text}");
    }

    #[test]
    fn the_schema_lists_every_name() {
        let schema = serde_json::to_value(schemars::schema_for!(DesignName)).expect("JSON");
        let listed: Vec<_> = schema["oneOf"]
            .as_array()
            .expect("a list of choices")
            .iter()
            .map(|choice| choice["const"].as_str().expect("a name").to_owned())
            .collect();
        let names: Vec<_> = DesignName::all().map(|name| name.to_string()).collect();
        assert_eq!(listed, names);
    }

    /// The section of docs/designs.md between these lines is generated.
    const BEGIN: &str = "<!-- designs: generated, update with UPDATE_DESIGNS=1 cargo test \
                         --workspace --lib designs -->";
    const END: &str = "<!-- designs: end -->";

    #[test]
    fn the_documentation_has_every_design() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/designs.md");
        let text = fs::read_to_string(&path).expect("docs/designs.md exists");
        let (before, rest) = text.split_once(BEGIN).expect("it has the line before the table");
        let (committed, after) = rest.split_once(END).expect("it has the line after the table");
        let rows = DESIGNS.iter().map(|design| {
            let Design { name, summary, removes, costs, threads_per_client, .. } = design;
            let queues = if design.queues { "yes" } else { "no" };
            format!(
                "| `{name}` | {summary} | {removes} | {costs} | {threads_per_client} | {queues} |"
            )
        });
        let expected: Vec<_> = [
            "| design | what it does | what it removes | what it costs | threads for a client | queues |",
            "|---|---|---|---|---|---|",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain(rows)
        .collect();
        let expected = expected.join("\n");
        if std::env::var_os("UPDATE_DESIGNS").is_some() {
            let text = format!("{before}{BEGIN}\n\n{expected}\n\n{END}{after}");
            fs::write(&path, text).expect("docs/designs.md can be written");
            return;
        }
        assert_eq!(
            committed.trim(),
            expected,
            "docs/designs.md is out of date: run UPDATE_DESIGNS=1 cargo test --workspace --lib \
             designs"
        );
    }
}
